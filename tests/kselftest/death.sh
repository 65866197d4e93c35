#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: SIGKILL of the agent with 1000 URBs in flight
# vm: one
# proves: death of the agent
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec death
