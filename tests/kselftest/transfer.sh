#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: control, bulk, interrupt transfers: lengths, flags, errors, order
# vm: one
# proves: control transfer, bulk IN, bulk OUT, bulk scatter-gather
# proves: order within an endpoint
# smoke: yes
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec transfer
