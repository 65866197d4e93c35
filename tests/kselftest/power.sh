#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: a device is suspended and resumed over the ring, and wakes us up
# vm: one
# timeout: 90
# proves: runtime suspend, remote wakeup
# also: debug
#
# Turns red when a device is put to sleep unasked, asked anything in its sleep,
# does not wake us, or a silent agent holds the hub up.

. /rig/rig.sh

rig_modprobe usbhid
rig_modprobe hid_generic
rig_modprobe evdev
rig_modprobe p2pvhci
exec power
