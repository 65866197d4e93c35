# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# QEMU's UAS disk, here and imported.
#
# Sourced after rig.sh.

# uas_dir HCD - the disk's folder, by its only interface's class and protocol.
uas_dir()
{
	local file dir

	for file in /sys/bus/usb/devices/*:1.0/bInterfaceProtocol; do
		[ "$(cat "$file")" = 62 ] || continue
		dir="$(dirname "$(dirname "$(realpath "$file")")")"
		case "$dir" in
		*"$1"*/usb*) echo "$dir"; return ;;
		esac
	done
	return 1
}

# uas_disk HCD - its block device.
uas_disk()
{
	local dir

	dir="$(uas_dir "$1")" && rig_child "$dir" 'block/sd*'
}

# uas_start - start our daemons; sets busid.
uas_start()
{
	rig_modprobe xhci_pci
	rig_modprobe uas
	rig_modprobe sd_mod
	rig_daemons_start
	rig_need 'uas_disk pci' 20 "the disk here"
	busid="$(basename "$(uas_dir pci)")"
	rig_wait "p2pusbctl list | grep -q '^$busid '" 10
}

# uas_share - for its own machine it is gone.
uas_share()
{
	p2pusbctl share "$busid" >/dev/null
}

# uas_home - its own machine has it again.
uas_home()
{
	p2pusbctl detach "srv/$busid" >/dev/null
	p2pusbctl unshare "$busid" >/dev/null
	rig_wait 'uas_disk pci' 20
}
