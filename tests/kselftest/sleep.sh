#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: system sleep: refused with a reason, or the device is unplugged first
# vm: one
# proves: system suspend and resume
# timeout: 90
# also: debug
#
# Turns red when the machine sleeps with a device plugged in, refuses without
# saying why, or a device that may be unplugged does not come back.

. /rig/rig.sh

trace=/sys/kernel/tracing

# try_sleep LEVEL - go to sleep as far as LEVEL and come back at once: nothing
# would wake the guest.
try_sleep()
{
	echo "$1" >/sys/power/pm_test
	echo freeze 2>/dev/null >/sys/power/state
}

logged()
{
	dmesg | grep -q "$1"
}

traced()
{
	grep -q "$1" $trace/trace
}

agent_start()
{
	# shellcheck disable=SC2086
	fakeagent $1 >/run/agent 2>&1 &
	agent=$!
	rig_need "rig_usb RING0001 p2pvhci" 20 "device"
}

agent_kill()
{
	kill -9 $agent
	wait $agent 2>/dev/null
	rig_need "! rig_usb RING0001 p2pvhci" 20 "disconnect"
}

ktap_plan 13
rig_modprobe p2pvhci
[ -e /sys/power/pm_test ] || ktap_skip_all "this kernel has no pm_test"
echo 1 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
echo 1 >$trace/events/p2pvhci/enable
ktap_check "sleep with an empty controller, devices too" try_sleep devices

agent_start ''
ktap_check "refused with a device" eval '! try_sleep freezer'
ktap_check "and said which and what to do" \
	logged 'sleep refused: port 1 (ringdev) is attached; detach it'
ktap_check "the device did not notice" \
	test -n "$(rig_usb RING0001 p2pvhci)"
ktap_check "the port's way is traced" \
	traced 'p2pvhci_port_state: port=1 epoch=1 empty -> attached'
ktap_check "the URBs' way is traced" \
	traced 'p2pvhci_urb_giveback: port=1 ep=00 epoch=1 seq=2 .*status=0'
agent_kill
ktap_check "sleep once it is gone" try_sleep freezer

agent_start sleepy
ktap_check "sleep with a device that may go, devices too" try_sleep devices
ktap_check "it was unplugged first" logged 'system sleep: 1 device was unplugged'
ktap_check "the agent knows that it may come again" \
	grep -q 'unbound: sleep' /run/agent
rig_wait "grep -q again /run/agent" 20
sed 's/^/# /' /run/agent
# pm_test stays asleep for a second, as the guest counts.
took="$(sed -n 's/^plugged in again: 0, after \(.*\) ms$/\1/p' /run/agent)"
ktap_check "not before the machine is awake" test "${took:-0}" -ge 500
ktap_check "and it is there again" rig_wait "rig_usb RING0001 p2pvhci" 20
agent_kill
ktap_check "and goes with its agent" \
	rig_wait '! rig_usb RING0001 p2pvhci' 10
ktap_end
