#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: generic netlink: refusals, attach, results, dumps, notifications
# vm: one
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec netlink
