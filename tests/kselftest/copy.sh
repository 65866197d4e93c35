#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: transfers beyond the ring's areas; memory that faults holds nobody up
# vm: one
# proves: bulk URB beyond the ring
# timeout: 60
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec copy
