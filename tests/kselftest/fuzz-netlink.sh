#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: netlink messages of every wrong kind are answered and harm nobody
# vm: one
# proves: malformed netlink messages
# timeout: 600
# also: debug

. /rig/rig.sh

# Plain runs begin with one seed; new ground is for the long ones.
# shellcheck disable=SC2154
[ -n "$rig_long" ] || export fuzz_seed="${fuzz_seed:-1}"
wanted=''
# shellcheck disable=SC2154
[ -z "$rig_long" ] || { wanted=200000; export fuzz_seconds=540; }
# KASAN and lockdep make a message several times as dear.
# shellcheck disable=SC2154
[ "$rig_kernel" != debug ] || wanted=$((${wanted:-20000} / 4))
[ -z "$wanted" ] || export fuzz_messages="${fuzz_messages:-$wanted}"
rig_modprobe p2pvhci
fuzz-netlink
status=$?
ktap_plan 1
rig_wait "[ \"\$(cat /sys/module/p2pvhci/refcnt)\" = 0 ]" 10
ktap_check "the module goes" rmmod p2pvhci
[ "$status" -eq 0 ] || exit "$status"
ktap_end
