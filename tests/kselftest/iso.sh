#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: isochronous URBs in both directions, paced; late, unplugged
# vm: one
# proves: isochronous IN, isochronous OUT, isochronous frame numbers
# smoke: yes
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
iso leave
rig_need "rmmod p2pvhci" 5 "end of a module whose URBs wait for their time"
rig_modprobe p2pvhci
exec iso
