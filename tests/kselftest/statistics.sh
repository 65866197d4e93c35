#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: counters of endpoints are exact; URBs are timed only while somebody looks
# vm: one
# timeout: 60
# also: debug
# proves: statistics of endpoints

. /rig/rig.sh

rig_modprobe p2pvhci
exec statistics
