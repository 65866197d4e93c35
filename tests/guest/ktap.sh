# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Verdicts of a guest test, as the kernel's test anything protocol prints them.
#
# Sourced through rig.sh.  A test that forgets its plan, or ends before it is
# fulfilled, fails.

ktap_planned=0
ktap_done=0
ktap_failed=0

# ktap_plan N - how many verdicts will follow.
ktap_plan()
{
	ktap_planned=$1
	echo "KTAP version 1"
	echo "1..$1"
}

ktap_ok()
{
	ktap_done=$((ktap_done + 1))
	echo "ok $ktap_done $*"
}

ktap_fail()
{
	ktap_done=$((ktap_done + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_done $*"
}

# ktap_skip DESCRIPTION REASON - one verdict cannot be had here.
ktap_skip()
{
	ktap_done=$((ktap_done + 1))
	echo "ok $ktap_done $1 # SKIP $2"
}

# ktap_check DESCRIPTION COMMAND... - the verdict is the command's status.
ktap_check()
{
	local what="$1"

	shift
	if "$@"; then
		ktap_ok "$what"
	else
		ktap_fail "$what"
	fi
}

# ktap_skip_all REASON - the whole test makes no sense here.
ktap_skip_all()
{
	echo "1..0 # SKIP $*"
	exit 4
}

# ktap_evidence - print what explains a failure; others may redefine it.
ktap_evidence()
{
	:
}

# ktap_abort REASON - what follows would prove nothing.
ktap_abort()
{
	echo "Bail out! $*"
	ktap_evidence
	exit 1
}

# ktap_end - end the test with its verdict.
ktap_end()
{
	[ "$ktap_failed" -eq 0 ] || ktap_evidence
	echo "# Totals: $ktap_done of $ktap_planned, $ktap_failed failed"
	[ "$ktap_done" -gt 0 ] && [ "$ktap_done" -eq "$ktap_planned" ] &&
		[ "$ktap_failed" -eq 0 ]
	exit
}
