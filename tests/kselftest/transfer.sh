#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: control, bulk, interrupt transfers: lengths, flags, errors, order
# vm: one
# smoke: yes
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec transfer
