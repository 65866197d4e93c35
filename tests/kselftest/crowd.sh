#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: 120 devices of all speeds at once: each is enumerated and answers
# vm: one
# proves: 120 devices
# timeout: 180
#
# Turns red when ports or pairs run out, a speed is not shown as it is, or a
# device is left behind.

. /rig/rig.sh

rig_modprobe p2pvhci
exec crowd 120
