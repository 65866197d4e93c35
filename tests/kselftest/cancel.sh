#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: cancel: true result, silent agent under 2 s, late answers, silence
# vm: one
# proves: unlink, transfer cut off by a silent peer
# timeout: 120
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec cancel
