# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Our own programs in a guest: start, introduce to one another, attach, stop.
#
# Sourced through rig.sh.  Everything that knows how the programs are called is
# here.  In one guest the server runs in network namespace srv (rig_server_ns),
# the agent outside; both must be root's children, so "wait" works on them.

rig_server_log=/tmp/p2pusbd.log
rig_agent_log=/tmp/p2pusb-agent.log
rig_server_pid=''
rig_agent_pid=''

# Configuration, if a test wants one, goes to these before the start.
# shellcheck disable=SC2034
rig_server_conf=/etc/p2pusb/p2pusbd.conf
# shellcheck disable=SC2034
rig_agent_conf=/etc/p2pusb/p2pusb-agent.conf

# ktap_evidence - what ktap.sh prints when a test has failed.
ktap_evidence()
{
	local log

	for log in "$rig_server_log" "$rig_agent_log"; do
		[ -s "$log" ] || continue
		echo "# ${log##*/}:"
		tail -n 20 "$log" | sed 's/^/#   /'
	done
}

# rig_server_start - start p2pusbd and wait until it answers.
rig_server_start()
{
	local enter=''

	[ ! -e /run/netns/srv ] || enter="nsenter -n/run/netns/srv"
	# One process from here to the daemon, so that $! is the daemon.
	$enter p2pusbd >>"$rig_server_log" 2>&1 &
	rig_server_pid=$!
	rig_need 'p2pusbctl id --server' 20 "answer from p2pusbd"
}

# rig_agent_start - load the module, start the agent, wait until it answers.
rig_agent_start()
{
	modprobe p2pvhci || ktap_abort "the module does not load"
	p2pusb-agent >>"$rig_agent_log" 2>&1 &
	rig_agent_pid=$!
	rig_need 'p2pusbctl id --agent' 20 "answer from p2pusb-agent"
}

# rig_pair [PATTERN [ADDRESS]] - introduce both daemons of this guest; the
# agent may use what matches PATTERN, and calls the server "srv".
# shellcheck disable=SC2120
rig_pair()
{
	local server agent

	server="$(p2pusbctl id --server)"
	agent="$(p2pusbctl id --agent)"
	p2pusbctl peer add cli "$agent" --server --allow "${1:-*}" ||
		ktap_abort "the server does not take the agent's id"
	p2pusbctl peer add srv "$server" --agent --address "${2:-10.0.0.1}" ||
		ktap_abort "the agent does not take the server's id"
}

# rig_daemons_start - namespace, server, agent, introduced to one another.
rig_daemons_start()
{
	rig_server_ns
	rig_server_start
	rig_agent_start
	# shellcheck disable=SC2119
	rig_pair
}

# rig_daemons_stop - ask both to end; fails if one does not within 5 s.
rig_daemons_stop()
{
	local pid

	for pid in $rig_agent_pid $rig_server_pid; do
		kill "$pid" 2>/dev/null
		rig_wait "! kill -0 $pid" 5 || return 1
	done
	rig_agent_pid='' rig_server_pid=''
}

# rig_agent_kill, rig_server_kill - SIGKILL, and no waiting for consequences.
rig_agent_kill() { kill -9 "$rig_agent_pid"; rig_agent_pid=''; }
rig_server_kill() { kill -9 "$rig_server_pid"; rig_server_pid=''; }

# rig_busid SERIAL - how p2pusbctl calls a device of this guest, as in 1-1.
rig_busid()
{
	local dir

	dir="$(rig_usb "$1" "${2:-dummy_hcd}")" && echo "${dir##*/}"
}

# rig_attach SERIAL [HCD] - share a device that is plugged in below HCD
# (dummy_hcd) and attach it; prints nothing.
rig_attach()
{
	local busid

	busid="$(rig_busid "$1" "${2:-dummy_hcd}")" || return
	# The kernel knows it; udev has yet to tell the server.
	rig_wait "p2pusbctl list | grep -q '^$busid '" 10
	p2pusbctl share "$busid" >/dev/null &&
		p2pusbctl attach "srv/$busid" >/dev/null
}

rig_detach()
{
	p2pusbctl detach "srv/$(rig_busid "$1" "${2:-dummy_hcd}")" >/dev/null
}

# rig_import SERIAL [HCD] - attach it, wait for its twin, print its sysfs folder
# below our own controller.
rig_import()
{
	rig_need "rig_usb $1 ${2:-dummy_hcd}" 10 "device $1" >&2
	rig_attach "$1" "${2:-dummy_hcd}" || return
	rig_wait "rig_usb $1 p2pvhci" 10 || return
	rig_usb "$1" p2pvhci
}

# rig_ports - how many ports the kernel has in use, as a number.
rig_ports()
{
	p2pusbctl status --json | jsonget 'module.ports.#'
}

# rig_iso MEMBER - what the agent says of the first isochronous endpoint of the
# first device.
rig_iso()
{
	p2pusbctl status --json |
		jsonget "agent.attachments.0.isochronous.0.$1"
}

# rig_no_ports SECONDS - is none in use, at the latest then, and is no device of
# ours left?
rig_no_ports()
{
	rig_wait 'test "$(rig_ports)" = 0' "$1" &&
		rig_wait '! ls -d /sys/devices/platform/p2pvhci*/usb*/*-*/idVendor >/dev/null 2>&1' 5
}
