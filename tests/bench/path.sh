# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Gadgets and a disk of dummy_hcd, and what pathload makes of them on any bus.
#
# Sourced by the benches path and pathpair.

. /rig/rig.sh

path_tmp=/tmp/path
mkdir -p $path_tmp
path_points='in.64.d1 in.1024.d32 in.65536.d16
	out.64.d1 out.1024.d32 out.65536.d16
	diskread.4096.d1 diskread.1048576.d1
	diskwrite.4096.d1 diskwrite.1048576.d1'
# What is sent ends with a buffer of the gadget: one gadget for each size.
path_devices='zero64 zero1024 zero65536 disk'

# path_count SIZE - so many that the link's start does not weigh: its window is
# small then, and so are its packets.
path_count()
{
	echo $(($1 > 100000 ? 64 : $1 > 10000 ? 512 : 1024))
}

# path_wanted POINT - is one of its figures?
path_wanted()
{
	# shellcheck disable=SC2154
	case " $bench_names" in
	*" $1."*) return 0 ;;
	esac
	return 1
}

# path_fail WHAT - with what the daemons said.
path_fail()
{
	ktap_evidence
	ktap_abort "$1 cannot be measured"
}

# path_keep SIDE POINT - what a load has found.
path_keep()
{
	echo "# $1 $2 $(tr '\n' ' ' <$path_tmp/load)"
	sed "s/^\([a-z0-9]*\) /$2.\1 ${1%.*} /" $path_tmp/load >>"$path_tmp/$1"
}

# path_point SIDE NODE POINT
path_point()
{
	local size="${3#*.}"

	size="${size%.*}"
	pathload "${3%%.*}" "$2" "$size" "${3##*.d}" "$(path_count "$size")" \
		>$path_tmp/load || path_fail "$1 $3"
	path_keep "$1" "$3"
}

# path_node HCD POINT [PREFIX] - what pathload opens, of the gadgets so called.
path_node()
{
	local size="${2#*.}" prefix="${3:-}" dir

	case "$2" in
	disk*)
		dir="$(rig_usb "${prefix}disk" "$1")" &&
			rig_child "$dir" 'block/sd*' ;;
	*)
		dir="$(rig_usb "${prefix}zero${size%.*}" "$1")" &&
			rig_usbfs "$dir" ;;
	esac
}

# path_side SIDE HCD - everything that is wanted, of the devices below HCD.
path_side()
{
	local point

	for point in $path_points; do
		path_wanted "$point" || continue
		rig_need "path_node $2 $point | grep ." 10 "device for $point"
		path_point "$1" "$(path_node "$2" "$point")" "$point"
	done
}

# path_gadgets [PREFIX] - here, not yet shared: path_devices, with PREFIX before
# their names.
path_gadgets()
{
	local prefix="${1:-}" name

	rig_modprobe usb_storage
	rig_modprobe sd_mod
	for name in $path_devices; do
		case "$name" in
		disk)	truncate -s 32M "/tmp/$prefix$name.img"
			rig_gadget_storage "$prefix$name" super \
				"/tmp/$prefix$name.img" || return ;;
		*)	rig_gadget_sourcesink "$prefix$name" super pattern 2 \
				bulk_buflen "${name#zero}" bulk_qlen 32 || return ;;
		esac
	done
	for name in $path_devices; do
		rig_need "rig_usb $prefix$name dummy_hcd" 10 "$prefix$name"
	done
}

# path_usbip SERIAL - share it by the kernel's own means; prints its busid.
path_usbip()
{
	local busid

	busid="$(rig_busid "$1")" || return
	# A newline would be part of the name.
	printf 'add %s' "$busid" >/sys/bus/usb/drivers/usbip-host/match_busid
	echo "$busid" >/sys/bus/usb/drivers/usb/unbind
	echo "$busid" >/sys/bus/usb/drivers/usbip-host/bind
	echo "$busid"
}
