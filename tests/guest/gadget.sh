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

# gadget_start NAME - link the functions, which freezes them, and plug the gadget.
gadget_start()
{
	ln -s "$gadget_root/$1"/functions/* "$gadget_root/$1/configs/c.1/" &&
		rig_plug "$1"
}

# rig_gadget_plain NAME SPEED FUNCTION... - a gadget of functions that need no
# setting up, or more than one; the first gives the product its name.
rig_gadget_plain()
{
	local name="$1" function

	(gadget_make "$1" "$2" 0x1d6b 0x0104 "$3") || return
	shift 3
	for function; do
		mkdir "$gadget_root/$name/functions/$function" || return
	done
	gadget_start "$name"
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

# gadget_hid_keyboard, ..._mouse, ..._raw - describe the function in this folder:
# a boot keyboard with five lamps, a mouse whose reports are buttons, x and y,
# and 64 bytes in both directions that mean nothing.
gadget_hid_keyboard()
{
	echo 1 >protocol
	echo 1 >subclass
	echo 8 >report_length
	printf '\005\001\011\006\241\001\005\007\031\340\051\347\025\000\045\001\165\001\225\010\201\002\225\001\165\010\201\003\225\005\165\001\005\010\031\001\051\005\221\002\225\001\165\003\221\003\225\006\165\010\025\000\045\145\005\007\031\000\051\145\201\000\300' \
		>report_desc
}

gadget_hid_mouse()
{
	echo 2 >protocol
	echo 1 >subclass
	echo 3 >report_length
	printf '\005\001\011\002\241\001\011\001\241\000\005\011\031\001\051\003\025\000\045\001\225\003\165\001\201\002\225\001\165\005\201\003\005\001\011\060\011\061\025\201\045\177\165\010\225\002\201\006\300\300' \
		>report_desc
}

gadget_hid_raw()
{
	echo 64 >report_length
	printf '\006\000\377\011\001\241\001\025\000\046\377\000\165\010\225\100\011\001\201\002\011\002\221\002\300' \
		>report_desc
}

# rig_gadget_hid NAME SPEED [KIND [ATTRIBUTE VALUE]...] - KIND as above,
# keyboard if none; reports written to the /dev/hidg that rig_gadget_hidg
# prints go to the host, what the host sends is read there.
rig_gadget_hid()
{
	(
		gadget_make "$1" "$2" 0x1d6b 0x0104 hid.0 || exit
		"gadget_hid_${3:-keyboard}"
		[ $# -lt 5 ] || echo "$5" >"$4"
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
	gadget_ffs "$1" "$2" 0x1209 0x0001
}

# rig_gadget_interrupts NAME SPEED - the same as usbtest wants it: it takes all
# on bulk and interrupt OUT and answers zeros on bulk and interrupt IN.
rig_gadget_interrupts()
{
	gadget_ffs "$1" "$2" 0x0525 0xa4a0 --zeros
}

# gadget_ffs NAME SPEED VENDOR PRODUCT [OPTION]
gadget_ffs()
{
	(gadget_make "$1" "$2" "$3" "$4" "ffs.$1") || return
	mkdir -p "/dev/ffs-$1" && mount -t functionfs "$1" "/dev/ffs-$1" ||
		return
	ffsdev "/dev/ffs-$1" ${5:+"$5"} >"/run/$1.ready" &
	echo "$!" >"/run/$1.pid"
	rig_need "grep -q ready /run/$1.ready" 5 "ffsdev" && gadget_start "$1"
}
