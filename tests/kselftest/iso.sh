#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: isochronous packets in both directions, paced; late, wrong, unplugged
# vm: one
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec iso
