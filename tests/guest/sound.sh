# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sound cards that are USB devices, and the ramps of pcmramp.
#
# Sourced after rig.sh.  A test sets seconds before sound_ramp.

# sound_pcm DIR p|c - print the node of the first PCM of a card for that
# direction.
sound_pcm()
{
	local path

	path="$(find "$1/" -path "*/sound/card*/pcmC*D*$2" | sort | head -n 1)"
	[ -n "$path" ] && echo "/dev/snd/${path##*/}"
}

# sound_ramp DIR p|c [FILE] - play or record a ramp; the verdict is pcmramp's.
sound_ramp()
{
	rig_wait "sound_pcm $1 $2" 20 || return
	# shellcheck disable=SC2154
	timeout $((seconds * 4 + 60)) pcmramp "$(sound_pcm "$1" "$2")" \
		"$seconds" ${3:+"$3"} >/tmp/ramp 2>&1
	sed 's/^[^#]/# &/' /tmp/ramp
	grep -q ' faults=0 xruns=0 ' /tmp/ramp
}
