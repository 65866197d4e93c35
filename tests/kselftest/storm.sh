#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: random submits and cancels against an agent that errs
# vm: one
# proves: unlink
# timeout: 90
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec storm
