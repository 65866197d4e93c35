#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: isochronous packets one by one: short, empty, bad; completions that are wrong
# vm: one
# proves: isochronous IN, violation by the agent
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec packets
