# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A network adapter made of software, imported, and a wire to its far end.
#
# Sourced after rig.sh by the tests of network drivers.  The gadget's end of the
# wire is 10.9.0.1 in network namespace far, the imported adapter is 10.9.0.2.

# gadget.sh sets gadget_root.
# shellcheck disable=SC2154

# network_up DIR GADGET FUNCTION - give both ends their addresses.
network_up()
{
	local far near

	rig_need "ls -d $1/*/net/*" 10 "network interface"
	near="$(basename "$(find "$1"/ -path '*/net/*' | sort | head -n 1)")"
	far="$(cat "$gadget_root/$2/functions/$3/ifname")"
	ip netns add far
	ip link set "$far" netns far
	nsenter -n/run/netns/far ip addr add 10.9.0.1/24 dev "$far"
	nsenter -n/run/netns/far ip link set "$far" up
	ip addr add 10.9.0.2/24 dev "$near"
	ip link set "$near" up
	rig_need "grep -q 1 /sys/class/net/$near/carrier" 10 "carrier"
	rig_need 'ping -c 1 -W 1 10.9.0.1' 10 "first answer"
}

# network_pings - sizes around a packet's and the largest; none may be lost.
network_pings()
{
	local size

	for size in 0 1 400 470 471 982 1000 1472; do
		ping -c 5 -i 0.05 -s "$size" 10.9.0.1 >/tmp/ping.out 2>&1 &&
			grep -q ' 0% packet loss' /tmp/ping.out && continue
		sed "s/^/# $size: /" /tmp/ping.out
		return 1
	done
}

# network_copy MIB to|from - through TCP, compared by content.
network_copy()
{
	local from='' to="nsenter -n/run/netns/far" at=10.9.0.1

	[ "$2" = to ] || { from="$to"; to=''; at=10.9.0.2; }
	dd if=/dev/urandom of=/tmp/net.sent bs=1M count="$1" 2>/dev/null
	# The end of its input would end the connection.
	[ -p /tmp/net.fifo ] || mkfifo /tmp/net.fifo
	$to nc -l -p 5000 <>/tmp/net.fifo >/tmp/net.got &
	rig_need "$to netstat -ltn | grep -q :5000" 10 "listener"
	$from nc "$at" 5000 </tmp/net.sent
	wait $!
	cmp /tmp/net.sent /tmp/net.got
}

# network_test FUNCTION DRIVER SPEED MIB - three verdicts.
network_test()
{
	local function="$1" driver="$2" speed="$3" mib="$4" dir

	rig_modprobe "$driver"
	rig_gadget_plain "net$speed" "$speed" "$function" ||
		ktap_skip_all "this kernel has no $function gadget"
	dir="$(rig_import "net$speed")" ||
		ktap_abort "the adapter is not imported"
	network_up "$dir" "net$speed" "$function"
	ktap_check "$speed speed: $driver: 40 pings of 0 to 1472 bytes" \
		network_pings
	ktap_check "$speed speed: $driver: $mib MiB to the device" \
		network_copy "$mib" to
	ktap_check "$speed speed: $driver: $mib MiB from the device" \
		network_copy "$mib" from
	ip netns del far
}
