# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What guest tests stand on.  Source it first: . /rig/rig.sh
#
#   ktap.sh     verdicts: ktap_plan, ktap_ok, ktap_check, ktap_end, ktap_skip_all
#   gadget.sh   USB devices made of software: rig_gadget_storage, ..._acm, ...
#   daemon.sh   our programs: rig_daemons_start, rig_attach, ...
#   here        waiting, network, finding devices, asking the host
#
# Runs in busybox sh, as root, in a guest of qemu/vm.  It judges nothing.

rig_dir=/rig/tests/guest
. "$rig_dir/ktap.sh"
. "$rig_dir/gadget.sh"
. "$rig_dir/daemon.sh"

# --- Waiting

# rig_now - hundredths of a second since boot.
rig_now()
{
	local up

	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

# rig_wait CONDITION SECONDS - poll a shell condition until it holds.
rig_wait()
{
	local end=$(($(rig_now) + $2 * 100))

	while ! eval "$1" >/dev/null 2>&1; do
		[ "$(rig_now)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# rig_need CONDITION SECONDS WHAT - the same, but the test ends without it.  No
# verdict hangs on the time: on a debug kernel it may take longer.
rig_need()
{
	local limit="$2"

	# shellcheck disable=SC2154
	[ "$rig_kernel" != debug ] || limit=$(($2 * 4))
	rig_wait "$1" "$limit" || ktap_abort "no $3 within $limit s"
}

# rig_modprobe MODULE [ARG]... - or skip the test where the kernel lacks it.
rig_modprobe()
{
	modprobe "$@" || ktap_skip_all "this kernel has no module $1"
}

# --- Networks

# rig_udevd [COMMAND PREFIX] - libusb hears hotplug only from a udevd, and only
# from one in its own network namespace.
rig_udevd()
{
	"$@" /usr/lib/systemd/systemd-udevd --daemon 2>/dev/null
	rig_need 'test -S /run/udev/control' 10 "udevd"
	udevadm trigger --action=add --subsystem-match=usb \
		--subsystem-match=misc
	udevadm settle --timeout=10
}

# rig_server_ns - make the server's network namespace: 10.0.0.1 and fd00::1
# there, 10.0.0.2 and fd00::2 here.
rig_server_ns()
{
	rig_modprobe veth
	ip netns add srv
	ip link add to_srv type veth peer name to_cli netns srv
	ip addr add 10.0.0.2/24 dev to_srv
	ip addr add fd00::2/64 dev to_srv nodad
	ip link set to_srv up
	rig_srv ip addr add 10.0.0.1/24 dev to_cli
	rig_srv ip addr add fd00::1/64 dev to_cli nodad
	rig_srv ip link set to_cli up
	rig_srv ip link set lo up
	rig_udevd rig_srv
}

# rig_srv COMMAND... - run it in the server's network namespace.
rig_srv()
{
	nsenter -n/run/netns/srv "$@"
}

# --- Finding devices

# rig_usb SERIAL [HCD] - print the sysfs folder of a device by its serial
# number, below a host controller whose name contains HCD.  In one guest the
# shared device and its imported twin differ only in that.
rig_usb()
{
	local file dir

	for file in /sys/bus/usb/devices/*/serial; do
		[ "$(cat "$file" 2>/dev/null)" = "$1" ] || continue
		dir="$(realpath "${file%/serial}")"
		case "$dir" in
		*"${2:-}"*) echo "$dir"; return ;;
		esac
	done
	return 1
}

# rig_child SYSFS-DIR PATTERN - print the first /dev name below a device, as
# in: rig_child "$dir" 'block/sd*'
rig_child()
{
	local path

	path="$(find "$1"/ -path "*/$2" 2>/dev/null | sort | head -n 1)"
	[ -n "$path" ] && echo "/dev/${path##*/}"
}

# rig_usbfs SYSFS-DIR - print a device's node below /dev/bus/usb.
rig_usbfs()
{
	printf '/dev/bus/usb/%03d/%03d\n' "$(cat "$1/busnum")" \
		"$(cat "$1/devnum")"
}

# --- The host

# rig_host REQUEST - ask qemu/vm for something; prints its answer.
rig_host()
{
	local answer=''

	(
		flock 9
		echo "#$1" >/dev/ttyS1
		# Busybox can.
		# shellcheck disable=SC3045
		read -r -t 30 answer </dev/ttyS1
		echo "${answer#OK }"
		[ "${answer#OK}" != "$answer" ]
	) 9>/run/rig-host.lock
}

# rig_put NAME VALUE, rig_get NAME SECONDS - hand a word to the other guest,
# or wait for one from it; rig_get prints it.
rig_put() { rig_host "PUT $1 $2" >/dev/null; }
rig_get() { rig_host "GET $1 $2"; }

# rig_sendkey KEY... - press and release keys of the emulated keyboard at the
# same time, by QEMU's names (a, ret, shift).
rig_sendkey()
{
	local key keys=''

	for key; do
		keys="$keys,{\"type\":\"qcode\",\"data\":\"$key\"}"
	done
	rig_host "QMP {\"execute\":\"send-key\",\"arguments\":{\"keys\":[${keys#,}]}}" \
		>/dev/null
}

# rig_unplug ID - pull an emulated device (disk0, kbd0, serial0 ...).
rig_unplug()
{
	rig_host "QMP {\"execute\":\"device_del\",\"arguments\":{\"id\":\"$1\"}}" \
		>/dev/null
}
