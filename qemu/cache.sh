# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cache outside the tree, and how the rig's scripts speak.
#
# Sourced by qemu/deps, qemu/kernel, qemu/vm and tests/run.  It knows nothing
# of packages, kernels or machines, and it never deletes what it did not make.

# Everything that costs minutes to make lives here, keyed by its content.
cache_root="${P2PUSB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/p2pusb}"

# The name of the running script, which starts each line it prints.
say_name="${0##*/}"

# say TEXT... - one line of progress, on stderr so that stdout stays parseable.
say()
{
	printf '%s: %s\n' "$say_name" "$*" >&2
}

# die TEXT... - say what is wrong and give up.
die()
{
	say "$@"
	exit 1
}

# cache_dir NAME - make sure the folder exists and print its path.
cache_dir()
{
	mkdir -p "$cache_root/$1" ||
		die "cannot make $cache_root/$1. Set P2PUSB_CACHE to a folder you may write."
	printf '%s\n' "$cache_root/$1"
}

# cache_lock NAME COMMAND... - run COMMAND while no other process holds NAME.
# The lock's file is not inherited, or a daemon left behind would keep it.
cache_lock()
{
	local lock

	lock="$(cache_dir lock)/$1" || return 1
	shift
	(
		flock 9 || exit 1
		"$@" 9>&-
	) 9>"$lock"
}

# logged LOG COMMAND... - run COMMAND into LOG; on failure show the log's tail.
logged()
{
	local log="$1" rc=0

	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		say "failed with status $rc: $*"
		tail -n 20 "$log" | sed 's/^/    /' >&2
		say "the whole log is in $log"
	fi
	return "$rc"
}
