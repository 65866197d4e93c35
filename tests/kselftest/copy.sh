#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: transfers beyond the ring's areas; memory that faults holds nobody up
# vm: one
# timeout: 60
# also: debug
# proves: bulk URB beyond the ring, bulk scatter-gather

. /rig/rig.sh

rig_modprobe p2pvhci
exec copy
