#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: load and unload; refused under a live agent, quick after its death
# vm: one
# proves: unload and load
# smoke: yes
# timeout: 300
# also: debug

. /rig/rig.sh

rounds=10
# Rounds with devices whose agents die at ever other times.
deaths=20
# shellcheck disable=SC2154
[ "$rig_kernel" != debug ] || deaths=5
[ -z "$rig_long" ] || deaths=100
# Hundredths of a second for rmmod; KASAN and lockdep are several times slower.
limit=200
# shellcheck disable=SC2154
[ "$rig_kernel" != debug ] || limit=600

# unload_took - hundredths of a second that rmmod takes.
unload_took()
{
	local start

	start="$(rig_now)"
	rmmod p2pvhci || return
	echo $(($(rig_now) - start))
}

load_loop()
{
	local i=0

	while [ $i -lt $rounds ]; do
		modprobe p2pvhci && rmmod p2pvhci || return
		i=$((i + 1))
	done
}

agent_start()
{
	fakeagent >/run/agent 2>&1 &
	agent=$!
	rig_need "grep -q ready /run/agent" 5 "fakeagent"
}

# The module is in use until the dead process has let go of its file.
agent_kill()
{
	kill -9 $agent
	wait $agent 2>/dev/null
}

# Three agents, two kinds of hub.
crowd_start()
{
	local mode

	crowd=''
	for mode in '' super ''; do
		# shellcheck disable=SC2086
		fakeagent $mode >/run/crowd.$mode 2>&1 &
		crowd="$crowd $!"
	done
	rig_wait 'grep -q ready /run/crowd.super' 5
}

# crowd_kill [STOP] - all of them, perhaps silent for a while before.
crowd_kill()
{
	# shellcheck disable=SC2086
	[ -z "$1" ] || { kill -STOP $crowd; sleep 0.2; }
	# shellcheck disable=SC2086
	kill -9 $crowd
	# shellcheck disable=SC2086
	wait $crowd 2>/dev/null
}

# Each time the hubs are a little further: debouncing, resetting, asking.
death_loop()
{
	local i=0 took

	worst=0
	while [ $i -lt $deaths ]; do
		modprobe p2pvhci || return
		crowd_start || return
		sleep 0.$((i * 7 % 10))$((i * 3 % 10))
		case $((i % 2)) in
		0)	crowd_kill ;;
		1)	crowd_kill STOP ;;
		esac
		took="$(unload_took)"
		[ "${took:-999}" -lt "$limit" ] || {
			echo "# round $i: ${took:-refused}"
			return 1
		}
		[ "$took" -le "$worst" ] || worst=$took
		i=$((i + 1))
	done
	echo "# $deaths rounds, the slowest rmmod took $worst/100 s"
}

ktap_plan 10
rig_modprobe p2pvhci
rmmod p2pvhci
ktap_check "loaded and unloaded $rounds times" load_loop

modprobe p2pvhci
ktap_check "no bind or unbind in sysfs" \
	test ! -e /sys/bus/platform/drivers/p2pvhci/unbind
agent_start
rig_need "rig_usb RING0001 p2pvhci" 10 "device"
ktap_check "refused under a live agent" eval '! rmmod p2pvhci 2>/dev/null'
ktap_check "and harmless" rig_usb RING0001 p2pvhci
agent_kill
took="$(unload_took)"
ktap_check "after the agent's death: $took/100 s" test "${took:-999}" -lt "$limit"

# Before usbcore has even looked at the device.
modprobe p2pvhci
agent_start
agent_kill
took="$(unload_took)"
ktap_check "while the hub sees it come and go: $took/100 s" \
	test "${took:-999}" -lt "$limit"

modprobe p2pvhci
agent_start
rig_wait "dmesg | grep -q 'new high-speed USB device'" 2
kill -STOP $agent
agent_kill
took="$(unload_took)"
ktap_check "in the middle of enumeration: $took/100 s" \
	test "${took:-999}" -lt "$limit"
modprobe p2pvhci
agent_start
ktap_check "and the next load works" \
	rig_wait "rig_usb RING0001 p2pvhci" 10
agent_kill
rig_need "rmmod p2pvhci" 10 "unload"
ktap_check "$deaths times with agents that die while hubs enumerate" death_loop
# usbcore follows the controller's driver without a look.
echo 0 >/sys/bus/platform/drivers_autoprobe
ktap_check "without drivers for new devices it does not load" \
	sh -c '! modprobe p2pvhci 2>/dev/null'
echo 1 >/sys/bus/platform/drivers_autoprobe
ktap_end
