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

# remember_hold NODE [OPTION]... - leave transfers in flight in the background,
# its process in hold_pid, its words in /tmp/hold.out.
remember_hold()
{
	rm -f /tmp/hold.out
	usbio "$1" hold --seconds 60 ${2:+"$2" "$3"} >/tmp/hold.out 2>&1 &
	hold_pid=$!
	rig_need 'grep -q "in flight" /tmp/hold.out' 10 "transfers in flight"
}

# remember_given_back SECONDS - were all of them given back because the device
# is gone, and that in time?
remember_given_back()
{
	rig_wait "! kill -0 $hold_pid 2>/dev/null" "$1"
	sed 's/^/# /' /tmp/hold.out
	kill -9 "$hold_pid" 2>/dev/null && return 1
	wait "$hold_pid"
}

# remember_works NODE [BYTES] - does a transfer get through?
remember_works()
{
	usbio "$1" out --length "${2:-1000}" 2>&1 | sed 's/^/# /' >/tmp/works.out
	cat /tmp/works.out
	grep -q '^# ok 1 ' /tmp/works.out
}
