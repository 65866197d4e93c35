#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: devices of every speed enumerate over the ring; resets; rebinding
# vm: one
# proves: enumeration, port reset, SET_INTERFACE
# proves: low speed, full speed, high speed, SuperSpeed, SuperSpeedPlus
# smoke: yes
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec enumerate
