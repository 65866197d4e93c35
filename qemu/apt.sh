# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How the rig talks to apt.  Needs cache.sh.
#
# Sourced by qemu/deps, qemu/kernel and others.  It names no package, and it leaves
# the release's own choice of versions alone unless the caller pins one.

# shellcheck disable=SC2154

# What signs Debian's archives.
# shellcheck disable=SC2034
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "need root to run '$*', and there is no sudo. Run $say_name as root once."
	fi
}

# apt_get ARGS... - apt-get as root, asking nothing, waiting for other runs.
apt_get()
{
	as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"
}

# The codename of this Debian.
apt_release()
{
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unknown}")
}

# apt_candidate PACKAGE - the version a plain install would bring.
apt_candidate()
{
	LC_ALL=C apt-cache policy "$1" |
		sed -n 's/^ *Candidate: //p' | grep -vx '(none)'
}

# apt_targets FIELDS - one line per package index this machine knows.
apt_targets()
{
	apt-get indextargets --format "$1" 'Created-By: Packages'
}

# Print the URI of the archive that serves this release's main suite.  The
# codename must match exactly: the first line may be the security archive.
apt_archive()
{
	apt_targets '$(REPO_URI)|$(CODENAME)|$(COMPONENT)' |
		awk -F'|' -v c="$(apt_release)" \
			'$2 == c && $3 == "main" { print $1; exit }'
}
