# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a test's log says, and how it is told.
#
# Sourced by tests/run, whose variables it uses: verbose.

# shellcheck disable=SC2154

# result_folder - make the folder of this run's logs; the last ten are kept, and
# those of runs that go on.
result_folder()
{
	local all old dir

	all="$(cache_dir tests)"
	dir="$all/$(date +%Y%m%d-%H%M%S).$$"
	find "$all" -mindepth 1 -maxdepth 1 -type d | sort -r | tail -n +10 |
		while read -r old; do
			kill -0 "${old##*.}" 2>/dev/null || rm -rf "$old"
		done
	mkdir "$dir"
	echo "$dir"
}

# result_status LOG STATUS - the status that the log admits: a test that says
# "not ok", or stops short of its plan, did not pass.
result_status()
{
	if [ "$2" -ne 0 ] || ! grep -q '^1\.\.[0-9]' "$1"; then
		echo "$2"
		return
	fi
	# Two guests print two plans; their sum must be reached.
	awk '{ sub(/^(server|client)\| /, "") }
		/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); plan += $1 }
		/^(not )?ok / { done++ }
		/^not ok / { bad++ }
		END { print (bad || plan != done) ? 1 : 0 }' "$1"
}

# result_reason LOG - why a test was skipped.
result_reason()
{
	sed -n 's/.*# SKIP *//p' "$1" | grep . || tail -n 1 "$1"
}

result_skips()
{
	sed -n 's/^\(\(server\|client\)| \)\?ok [0-9]* \(.*\)# SKIP *\(.*\)/      skipped: \3(\4)/p' "$1"
}

# result_print NAME STATUS SECONDS LOG SUBJECT
result_print()
{
	local name="$1" status="$2" seconds="$3" log="$4" subject="$5"

	case "$status" in
	0)	printf 'ok   %4s s  %-32s %s\n' "$seconds" "$name" "$subject"
		result_skips "$log" ;;
	4)	printf 'skip %4s s  %-32s %s\n' "$seconds" "$name" \
			"$(result_reason "$log" | head -n 1)" ;;
	*)	printf 'FAIL %4s s  %-32s %s\n' "$seconds" "$name" "$subject"
		result_explain "$log" "$status" ;;
	esac
	[ -z "$verbose" ] ||
		grep -E '^((server|client)\| )?((not )?ok |Bail out)' "$log" |
		sed 's/^/      /' || :
}

# result_explain LOG STATUS - what a person needs to see first.
result_explain()
{
	if [ -z "$verbose" ]; then
		grep -E '^((server|client)\| )?(not ok|Bail out)' "$1" |
			head -n 10 | sed 's/^/      /' || :
	fi
	echo "      status $2; the end of $1:"
	tail -n 15 "$1" | sed 's/^/      | /'
}
