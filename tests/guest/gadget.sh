# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# USB devices made of software: configfs gadgets on dummy_hcd.
#
# Sourced through rig.sh.  A gadget's NAME is also its serial number; SPEED is
# full, high or super.  dummy_hcd carries no isochronous transfers.

gadget_root=/sys/kernel/config/usb_gadget

# gadget_udc - print a device controller that no gadget has taken.
gadget_udc()
{
	local udc

	for udc in /sys/class/udc/*; do
		[ -z "$(cat "$udc/function" 2>/dev/null)" ] || continue
		echo "${udc##*/}"
		return
	done
	return 1
}

gadget_load()
{
	[ ! -d "$gadget_root" ] || return 0
	rig_modprobe dummy_hcd num=4 is_super_speed=1
	rig_modprobe libcomposite
	mount -t configfs configfs /sys/kernel/config 2>/dev/null
	rig_need "test -d $gadget_root" 5 "configfs"
}

# gadget_make NAME SPEED VENDOR PRODUCT FUNCTION - a gadget with one function;
# leaves the shell's folder at the function, to be set up before it is linked.
gadget_make()
{
	gadget_load
	mkdir "$gadget_root/$1" && cd "$gadget_root/$1" || return
	echo "$2-speed" >max_speed
	echo "$3" >idVendor
	echo "$4" >idProduct
	mkdir strings/0x409 configs/c.1
	echo "$1" >strings/0x409/serialnumber
	echo "p2pusb rig" >strings/0x409/manufacturer
	echo "$5" >strings/0x409/product
	mkdir "functions/$5"
	cd "functions/$5" || return
}

# gadget_start NAME - link the function, which freezes it, and plug the gadget.
gadget_start()
{
	ln -s "$gadget_root/$1"/functions/* "$gadget_root/$1/configs/c.1/" &&
		rig_plug "$1"
}

# rig_plug NAME - connect a gadget to a free controller.
rig_plug()
{
	gadget_udc >"$gadget_root/$1/UDC"
}

# rig_unplug_gadget NAME - pull it; rig_plug brings it back.
rig_unplug_gadget()
{
	echo >"$gadget_root/$1/UDC"
}

# rig_gadget_remove NAME
rig_gadget_remove()
{
	local dir="$gadget_root/$1"

	rig_unplug_gadget "$1" 2>/dev/null
	rm "$dir"/configs/c.1/*.*
	rmdir "$dir"/configs/c.1 "$dir"/functions/* "$dir"/strings/0x409 "$dir"
}

# rig_gadget_storage NAME SPEED FILE - a disk whose blocks are FILE.
rig_gadget_storage()
{
	(
		gadget_make "$1" "$2" 0x1d6b 0x0104 mass_storage.0 &&
			echo "$3" >lun.0/file
	) && gadget_start "$1"
}

# rig_gadget_acm NAME SPEED - a serial port; its far end is the /dev/ttyGS that
# rig_gadget_tty prints.
rig_gadget_acm()
{
	(gadget_make "$1" "$2" 0x1d6b 0x0104 acm.0) && gadget_start "$1"
}

rig_gadget_tty()
{
	echo "/dev/ttyGS$(cat "$gadget_root/$1/functions/acm.0/port_num")"
}

# rig_gadget_hid NAME SPEED - a boot keyboard; reports of 8 bytes written to the
# /dev/hidg that rig_gadget_hidg prints are keys.
rig_gadget_hid()
{
	(
		gadget_make "$1" "$2" 0x1d6b 0x0104 hid.0 || exit
		echo 1 >protocol
		echo 1 >subclass
		echo 8 >report_length
		printf '\005\001\011\006\241\001\005\007\031\340\051\347\025\000\045\001\165\001\225\010\201\002\225\001\165\010\201\003\225\006\165\010\025\000\045\145\005\007\031\000\051\145\201\000\300' \
			>report_desc
	) && gadget_start "$1"
}

rig_gadget_hidg()
{
	local dev

	dev="$(cat "$gadget_root/$1/functions/hid.0/dev")"
	echo "/dev/hidg${dev#*:}"
}

# rig_gadget_sourcesink NAME SPEED [ATTRIBUTE VALUE]... - what usbtest knows as
# gadget zero; attributes as pattern, bulk_buflen, bulk_qlen.
rig_gadget_sourcesink()
{
	(
		gadget_make "$1" "$2" 0x0525 0xa4a0 SourceSink.0 || exit
		shift 2
		while [ $# -ge 2 ]; do
			echo "$2" >"$1" || exit
			shift 2
		done
	) && gadget_start "$1"
}

# rig_gadget_loopback NAME SPEED - bulk OUT comes back on bulk IN.  At high
# speed it answers only after a packet shorter than 512 bytes.
rig_gadget_loopback()
{
	(gadget_make "$1" "$2" 0x0525 0xa4a2 Loopback.0) && gadget_start "$1"
}

# rig_gadget_remember NAME SPEED - the device that remembers (ffsdev), driven
# by usbio on the host's side.  It leaves the bus with its process, whose id is
# in /run/NAME.pid.
rig_gadget_remember()
{
	(gadget_make "$1" "$2" 0x1209 0x0001 "ffs.$1") || return
	mkdir -p "/dev/ffs-$1" && mount -t functionfs "$1" "/dev/ffs-$1" ||
		return
	ffsdev "/dev/ffs-$1" >"/run/$1.ready" &
	echo "$!" >"/run/$1.pid"
	rig_need "grep -q ready /run/$1.ready" 5 "ffsdev" && gadget_start "$1"
}
