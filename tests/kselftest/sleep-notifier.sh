#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: the machine sleeps when the device's driver has a PM notifier itself
# vm: one
# proves: system suspend and resume
# timeout: 120
#
# Such a driver cannot let go of its device while notifiers are called.  Turns
# red when sleep is refused for that, or begins with the device still there.

. /rig/rig.sh

try_sleep()
{
	echo devices >/sys/power/pm_test
	echo freeze 2>/dev/null >/sys/power/state
}

is_btusb()
{
	[ "$(basename "$(readlink "$dir/$1:1.0/driver")")" = btusb ]
}

ktap_plan 4
rig_modprobe p2pvhci
# Without it the self-tests of Bluetooth's key exchange fail.
modprobe drbg
rig_modprobe btusb
[ -e /sys/power/pm_test ] || ktap_skip_all "this kernel has no pm_test"
echo 1 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
# Any device with the right endpoints will do; it is no Bluetooth adapter, but
# it gets the notifier of one.
echo 1209 0002 >/sys/bus/usb/drivers/btusb/new_id

fakeagent sleepy >/run/agent 2>&1 &
agent=$!
rig_need "rig_usb RING0001 p2pvhci" 20 "device"
dir="$(rig_usb RING0001 p2pvhci)"
ktap_check "bound" rig_wait 'is_btusb "$(basename "$dir")"' 20
# Its first command has to time out, or it is that which holds the device.
rig_need 'dmesg | grep -q "hci0:.*0x0c03.*failed"' 30 "end of its start"
ktap_check "sleeps" try_sleep
ktap_check "with the device unplugged" \
	sh -c "dmesg | grep -q 'system sleep: 1 device was unplugged'"
ktap_check "and has it again" rig_wait "rig_usb RING0001 p2pvhci" 20
kill -9 $agent
wait $agent 2>/dev/null
ktap_end
