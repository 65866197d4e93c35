# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Roots of other Debian releases, kept in the cache to build in.
#
# Needs cache.sh and apt.sh.  A root is never booted, nothing runs in it between
# two calls, and what is mounted in it ends with the call.

# shellcheck disable=SC2154

# The host directory of a root.
root_path()
{
	printf '%s\n' "$(cache_dir root)/$1"
}

# root_inside ROOT USER COMMAND [TREE] - run a shell command as USER in a root,
# in /src, which is TREE of the host if one is named.  The mounts live in a
# namespace of their own, so that a kill leaves none; /tmp is of the call, since
# programs name files there after process ids, which start anew in each.
root_inside()
{
	# The expressions are for the inner shell.
	# shellcheck disable=SC2016
	as_root unshare --mount --propagation private --pid --fork \
		--kill-child /bin/sh -ec '
			mount -t proc proc "$1/proc"
			mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
			[ -z "$4" ] || mount --bind "$4" "$1/src"
			exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
				HOME=/tmp LC_ALL=C.UTF-8 \
				DEBIAN_FRONTEND=noninteractive \
				chroot --userspec="$2" "$1" \
				/bin/sh -c "cd /src && $3"' \
		root "$1" "$2" "$3" "${4:-}"
}

# root_run ROOT TREE COMMAND - the same, as the user who calls.
root_run()
{
	root_inside "$1" "$(id -u):$(id -g)" "$3" "$2"
}

# root_apt ROOT ARGS - apt-get in a root.
root_apt()
{
	as_root cp /etc/resolv.conf "$1/etc/resolv.conf"
	root_inside "$1" 0:0 "apt-get -q -y $2"
}

# root_install ROOT PACKAGE... - what is missing of them; a name may carry a
# suite, as apt has it.
root_install()
{
	local root="$1" name names=()

	shift
	for name in "$@"; do
		root_has "$root" "${name%%/*}" || names+=("$name")
	done
	[ "${#names[@]}" -gt 0 ] || return 0
	root_apt "$root" "install --no-install-recommends ${names[*]}"
}

root_has()
{
	[ "$(dpkg-query --admindir="$1/var/lib/dpkg" -W \
		-f '${db:Status-Status}' "$2" 2>/dev/null)" = installed ]
}

# root_suite ROOT SUITE - add a suite of the same archive.  apt takes nothing
# from one that is marked as backports unless it is asked to.
root_suite()
{
	printf '%s\n' "Types: deb" "URIs: $(apt_archive)" "Suites: $2" \
		"Components: main" "Signed-By: $apt_keyring" |
		as_root tee "$1/etc/apt/sources.list.d/$2.sources" >/dev/null
}

# root_make NAME RELEASE [SUITE]... - make a root once, with these suites of
# the archive beside the release's own, and print its path.
root_make()
{
	local root

	root="$(root_path "$1")" || return 1
	[ -e "$root/done" ] ||
		cache_lock root root_build "$root" "${@:2}" || return 1
	printf '%s\n' "$root"
}

root_build()
{
	local root="$1" release="$2" suite uri

	[ ! -e "$root/done" ] || return 0
	uri="$(apt_archive)"
	[ -n "$uri" ] || die "no apt source for $(apt_release) main found"
	command -v debootstrap >/dev/null ||
		die "debootstrap is not installed. Run qemu/deps."
	say "making a root of Debian's $release in ${root##*/}"
	as_root rm -rf --one-file-system "$root"
	logged "$(cache_dir log)/root-${root##*/}.log" as_root \
		debootstrap --variant=minbase --include=ca-certificates \
		--cache-dir="$(cache_dir "debootstrap-$release")" \
		"$release" "$root" "$uri" || return 1
	as_root mkdir -p "$root/src"
	for suite in "${@:3}"; do
		root_suite "$root" "$suite"
	done
	logged "$(cache_dir log)/root-${root##*/}-apt.log" \
		root_apt "$root" update || return 1
	as_root touch "$root/done"
}
