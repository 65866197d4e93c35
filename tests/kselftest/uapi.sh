#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: mappings and ioctls that must be refused, and how
# vm: one
# proves: violation by the agent
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec uapi
