# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device that remembers, imported, and usbio's verdicts as ours.
#
# Sourced after rig.sh by tests of single transfers.

# remember_import NAME SPEED - plug one, share it, attach it; prints the node of
# its twin.
remember_import()
{
	rig_gadget_remember "$1" "$2" >&2 || return
	dir="$(rig_import "$1")" || return
	rig_usbfs "$dir"
}

# remember_check DESCRIPTION NODE VERB [OPTION]... - one verdict for all that
# the verb finds; what it found goes before it.
remember_check()
{
	local what="$1" status

	shift
	usbio "$@" >/tmp/usbio.out 2>&1
	status=$?
	sed 's/^/# /; s/^# # /#   /' /tmp/usbio.out
	ktap_check "$what" test "$status" -eq 0
}

# remember_both DESCRIPTION VERB [OPTION]... - at high and at super speed; the
# body of most tests.
remember_both()
{
	local what="$1" speed node

	shift
	rig_daemons_start
	for speed in high super; do
		node="$(remember_import "mem$speed" "$speed")" ||
			ktap_abort "the device is not imported at $speed speed"
		remember_check "$speed speed: $what" "$node" "$@"
	done
}
