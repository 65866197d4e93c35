# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Devices of p2pusb-fakedev in a guest: in the server's place or the agent's.
#
# Sourced after rig.sh.  Where "ring" or "wire" is said, ring means that fakedev
# speaks to the module itself, wire that it speaks to our agent.

# rig.sh sets rig_ names.
# shellcheck disable=SC2154

fake_log=/tmp/fakedev.log
fake_err=/tmp/fakedev.err
# A file, since fake_plug is called in $(...).
fake_pid=/run/fakedev.pid

# fake_prepare PLACE - what is needed once, before the first fake_start.
fake_prepare()
{
	if [ "$1" = ring ]; then
		modprobe p2pvhci || ktap_abort "the module does not load"
		return
	fi
	rig_server_ns
	rig_agent_start
	p2pusbctl peer add srv "$(p2pusb-fakedev --key /tmp/fake.key --id)" \
		--agent --address 10.0.0.1 ||
		ktap_abort "the agent does not take the id of fakedev"
}

# fake_jitter MS - start the agent again with a fixed jitter buffer.
fake_jitter()
{
	rig_daemons_stop || ktap_abort "the agent does not stop"
	mkdir -p "${rig_agent_conf%/*}"
	printf '[iso]\njitter_ms = %u\n' "$1" >"$rig_agent_conf"
	rig_agent_start
}

# fake_start PLACE SCRIPT [OPTION]... - start it and wait until it is ready; on
# the wire nothing is attached by that.
fake_start()
{
	local place="$1" script="$2" enter=''

	shift 2
	: >"$fake_err"
	rm -f "$fake_log"
	if [ "$place" = wire ]; then
		enter="nsenter -n/run/netns/srv"
		set -- --listen 10.0.0.1:3241 --key /tmp/fake.key \
			--allow "$(p2pusbctl id --agent)" "$@"
	fi
	$enter p2pusb-fakedev "--$place" --log "$fake_log" \
		--device "$script" "$@" 2>"$fake_err" &
	echo $! >$fake_pid
	rig_need "grep -q 'devices are' $fake_err" 20 "answer from fakedev"
}

# fake_stop - end it; its last counters are in the record.
fake_stop()
{
	kill "$(cat $fake_pid)"
	rig_wait "! kill -0 $(cat $fake_pid)" 10
}

# fake_plug PLACE SCRIPT [OPTION]... - start it, attach its first device, and
# print the folder of the device below our controller.
fake_plug()
{
	fake_start "$@" >&2
	fake_attach "$1" 1 FAKE
}

# fake_attach PLACE NUMBER SERIAL - attach a device of it; prints its folder.
fake_attach()
{
	if [ "$1" = wire ]; then
		rig_wait "p2pusbctl attach srv/1-$2 >/dev/null" 20 || return
	fi
	rig_wait "rig_usb $3 p2pvhci" 20 || return
	rig_usb "$3" p2pvhci
}

# fake_count EP MEMBER - a counter of the first device, as it is now.
fake_count()
{
	local before

	before="$(grep -c '"event":"reported"' "$fake_log")"
	if kill -USR1 "$(cat $fake_pid)" 2>/dev/null; then
		rig_wait "test \$(grep -c '\"event\":\"reported\"' $fake_log) -gt $before" 5
	fi
	fake_last "\"device\":0,\"event\":\"count\",\"ep\":$1," "$2"
}

# fake_last PATTERN MEMBER - of the last line of the record that has PATTERN;
# 0 when there is none.
fake_last()
{
	local line

	line="$(grep "$1" "$fake_log" | tail -n 1)"
	line="${line##*\""$2"\":}"
	echo "${line%%[,\}]*}" | sed 's/^$/0/'
}

# fake_events PATTERN - how many lines of the record have it.
fake_events()
{
	grep -c "$1" "$fake_log"
}

# fake_usbtest DIR CASE ARGUMENTS - one case of testusb, as a verdict.
fake_usbtest()
{
	local dir="$1" case="$2"

	shift 2
	timeout 60 testusb -D "$(rig_usbfs "$dir")" -t "$case" "$@" \
		>/tmp/testusb.out 2>&1
	sed 's/^/# /' /tmp/testusb.out
	grep -q ' secs$' /tmp/testusb.out
}
