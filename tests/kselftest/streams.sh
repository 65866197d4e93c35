#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# subject: bulk streams: granted, in order each for itself, freed, refused; room is waited for
# vm: one
# proves: bulk streams
# smoke: yes
# timeout: 60
# also: debug

. /rig/rig.sh

rig_modprobe p2pvhci
exec streams
