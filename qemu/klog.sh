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

# klog_scan FILE... - print the complaints of the first file that has any, each
# with what follows it; fails if there is one.
klog_scan()
{
	local IFS='|' file

	for file in "$@"; do
		[ -s "$file" ] || continue
		if tr -d '\r' <"$file" | grep -m 3 -A 24 -aE \
			"^(\[ *[0-9.]+\] )?(${klog_patterns[*]})"; then
			return 1
		fi
	done
}
