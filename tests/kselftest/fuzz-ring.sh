#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: agents that break every rule of the ring harm nobody but themselves
# vm: one
# proves: violation by the agent, hostile agent
# timeout: 1500
# also: debug

. /rig/rig.sh

# More than caches grow, less than the rings that were made.
bound_kb=4096
slab_kb=4096
# Plain runs begin with one seed; new ground is for the long ones.
# shellcheck disable=SC2154
[ -n "$rig_long" ] || export fuzz_seed="${fuzz_seed:-1}"
wanted=''
# shellcheck disable=SC2154
[ -z "$rig_long" ] || { wanted=1000000; export fuzz_seconds=1400; }
# KASAN and lockdep make a completion and a plug far dearer.
# shellcheck disable=SC2154
[ "$rig_kernel" != debug ] || wanted=$((${wanted:-100000} / 50))
# KASAN keeps what was freed; there kmemleak finds what was not.
# shellcheck disable=SC2154
[ "$rig_kernel" != debug ] || slab_kb=65536
[ -z "$wanted" ] || export fuzz_completions="${fuzz_completions:-$wanted}"

# kb FIELD - of /proc/meminfo
kb()
{
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# areas - what the module has mapped: meminfo counts no page that vmap() maps
areas()
{
	grep -c '\[p2pvhci\]' /proc/vmallocinfo
}

# grown - is there more than there was, by more than the bounds?
grown()
{
	[ "$(areas)" -gt "$mapped" ] ||
		[ "$(kb VmallocUsed)" -gt $((vmalloc + bound_kb)) ] ||
		[ "$(kb SUnreclaim)" -gt $((slab + slab_kb)) ]
}

rig_modprobe p2pvhci
# Ports and caches that stay are made by a first, short run.
fuzz_completions=500 fuzz-ring >/run/first 2>&1 ||
	{ cat /run/first; exit 1; }
mapped="$(areas)"
vmalloc="$(kb VmallocUsed)"
slab="$(kb SUnreclaim)"
fuzz-ring
status=$?
ktap_plan 3
rig_wait "[ \"\$(cat /sys/module/p2pvhci/refcnt)\" = 0 ]" 10
ktap_check "no queue is left" \
	test "$(cat /sys/module/p2pvhci/refcnt)" = 0
rig_wait '! grown' 10
echo "# $mapped -> $(areas) areas"
echo "# VmallocUsed $vmalloc -> $(kb VmallocUsed) kB, SUnreclaim $slab -> $(kb SUnreclaim) kB"
ktap_check "its memory came back" eval '! grown'
ktap_check "the module goes" rmmod p2pvhci
[ "$status" -eq 0 ] || exit "$status"
ktap_end
