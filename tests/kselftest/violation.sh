#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: violations by the agent kill its own queue and nothing else
# vm: one
# proves: violation by the agent
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec violation
