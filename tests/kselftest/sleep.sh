#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: system sleep is refused while a device is attached; tracepoints
# vm: one
# timeout: 60

. /rig/rig.sh

trace=/sys/kernel/tracing

# Only the freezer is exercised: the guest has nothing to wake it.
try_sleep()
{
	echo freezer >/sys/power/pm_test
	echo freeze 2>/dev/null >/sys/power/state
}

traced()
{
	grep -q "$1" $trace/trace
}

ktap_plan 6
rig_modprobe p2pvhci
[ -e /sys/power/pm_test ] || ktap_skip_all "this kernel has no pm_test"
echo 1 >$trace/events/p2pvhci/enable
ktap_check "sleep with an empty controller" try_sleep
fakeagent >/run/agent 2>&1 &
agent=$!
rig_need "rig_usb RING0001 p2pvhci" 10 "device"
ktap_check "refused with a device" eval '! try_sleep'
ktap_check "and said why" eval 'dmesg | grep -q "system sleep refused, 1 remote"'
ktap_check "the port's way is traced" \
	traced 'p2pvhci_port_state: port=1 epoch=1 empty -> attached'
ktap_check "the URBs' way is traced" \
	traced 'p2pvhci_urb_giveback: port=1 ep=00 epoch=1 seq=2 .*status=0'
kill -9 $agent
wait $agent 2>/dev/null
rig_need "! rig_usb RING0001 p2pvhci" 5 "disconnect"
ktap_check "sleep once it is gone" try_sleep
ktap_end
