# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tell a kernel that complains from one that works.
#
# Sourced by qemu/vm.  The patterns are anchored at the start of a message: a
# loose one would find itself in the kernel's command line.  It does not judge
# what programs print.

klog_patterns=(
	'BUG:' 'WARNING:' 'watchdog: BUG:' 'Oops' 'Kernel panic'
	'general protection fault' 'stack segment:' 'divide error:'
	'invalid opcode:' 'double fault:' 'UBSAN:' 'INFO:' 'rcu: INFO:'
	'ODEBUG:' 'list_add corruption' 'list_del corruption' 'refcount_t:'
	'unreferenced object' 'kmemleak: [0-9]+ new suspected'
	'page dumped because' 'Bad page' 'irq [0-9]+: nobody cared'
	'unregister_netdevice: waiting' 'DMA-API:'
)

# klog_scan FILE... - print each complaint with what follows it; fail if any.
klog_scan()
{
	local IFS='|' existing=() file

	for file in "$@"; do
		[ ! -s "$file" ] || existing+=("$file")
	done
	[ "${#existing[@]}" -gt 0 ] || return 0
	! tr -d '\r' <"${existing[-1]}" | grep -m 3 -A 24 -aE \
		"^(<[0-9]+>)?(\[ *[0-9.]+\] )?(${klog_patterns[*]})"
}
