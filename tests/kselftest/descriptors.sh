#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: impossible descriptors: the device is given up, its port is not
# vm: one
# proves: impossible descriptors
# timeout: 150
#
# Turns red when such a device is configured, asked for ever, or spoils its port.

. /rig/rig.sh

rig_modprobe p2pvhci
exec descriptors
