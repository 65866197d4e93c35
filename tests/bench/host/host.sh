# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Agent and device of the benches that need no VM: the p2pusb-agent that make
# built, on a ring without a kernel (fakering), and p2pusb-fakedev in the
# server's place; a core each.
#
# Sourced by the benches native and idle; tests/bench/run gives them bench_root,
# by themselves they take what make has built.
# shellcheck disable=SC2034

host_top="$(cd "$(dirname "$0")/../.." && pwd)"
host_bin="$host_top/build/bench"
host_agent="$host_top/build/p2pusb-agent"
host_server="$host_top/build/p2pusbd"
host_fakedev="$host_top/build/p2pusb-fakedev"
if [ -n "${bench_root:-}" ]; then
	host_agent="$bench_root/usr/sbin/p2pusb-agent"
	host_server="$bench_root/usr/sbin/p2pusbd"
	host_fakedev="$bench_root/usr/bin/p2pusb-fakedev"
fi
host_cpus="$(nproc)"
host_all_cpus="0-$((host_cpus - 1))"
host_device_pid=''
host_agent_pid=''
host_server_pid=''

host_fail()
{
	echo "${0##*/}: $*" >&2
	[ ! -s "$host_dir/agent.log" ] || sed 's/^/  /' "$host_dir/agent.log" >&2
	exit 1
}

host_stop()
{
	local pid

	for pid in $host_agent_pid $host_device_pid $host_server_pid; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	host_agent_pid='' host_device_pid='' host_server_pid=''
}

host_end()
{
	host_stop
	rm -rf "$host_dir"
}

# host_id NAME - make a key, print its id.
host_id()
{
	"$host_fakedev" --wire --listen 127.0.0.1:0 --key "$host_dir/$1.key" \
		--id
}

# host_prepare - programs, keys and a configuration.
host_prepare()
{
	[ -x "$host_agent" ] || {
		echo "${0##*/}: run make first" >&2
		exit 1
	}
	make -s -C "$host_top/tests/bench/host" || exit
	host_dir="$(mktemp -d)" || exit
	trap host_end EXIT
	trap 'exit 1' INT TERM
	host_agent_id="$(host_id agent)" || host_fail "no key"
	host_device_id="$(host_id device)" || host_fail "no key"
	cat >"$host_dir/agent.conf" <<-CONF
	[agent]
	user = $(id -un)
	group = $(id -gn)
	name = bench
	key = $host_dir/agent.key
	peers = $host_dir/peers.conf
	socket = $host_dir/agent.sock
	CONF
}

# host_near COMMAND..., host_far COMMAND... - in our shell's place, on the
# driver's core or the device's.  Ahead of what else the machine does, if we may:
# waiting for a core is no property of ours.
host_near() { host_pinned "${host_near_cpus:-0}" "$@"; }
host_far() { host_pinned $((host_cpus > 1)) "$@"; }

host_pinned()
{
	local cpu="$1"

	shift
	if chrt -f 1 true 2>/dev/null; then
		exec taskset -c "$cpu" chrt -f 1 "$@"
	fi
	exec taskset -c "$cpu" "$@"
}

# host_wait SECONDS CONDITION - poll for it.
host_wait()
{
	local left=$(($1 * 50))

	while ! eval "$2"; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 0.02
	done
}

# host_device_start SCRIPT [LIBRARY] - start the device, with LIBRARY preloaded.
host_device_start()
{
	local port=$((20000 + $$ % 20000))

	: >"$host_dir/device.log"
	(LD_PRELOAD="${2:-}" host_far "$host_fakedev" --wire \
		--listen "127.0.0.1:$port" --key "$host_dir/device.key" \
		--allow "$host_agent_id" --log "$host_dir/record" \
		--device "$1") >"$host_dir/device.log" 2>&1 &
	host_device_pid=$!
	host_wait 10 'grep -q "are shared" "$host_dir/device.log"' ||
		host_fail "the device does not start"
	printf '[peer bench]\nid = %s\naddress = 127.0.0.1:%s\n' \
		"$host_device_id" "$port" >"$host_dir/peers.conf"
}

# host_agent_start [LIBRARY] - start the agent; BENCH_LOAD and BENCH_RESULT are the
# driver's orders (fakering/load.c).
# shellcheck disable=SC2120
host_agent_start()
{
	rm -f "$host_dir/result"
	(LD_PRELOAD="$host_bin/fakering.so${1:+:$1}" \
		BENCH_SERVER_PID="$host_device_pid" \
		host_near "$host_agent" \
		--config "$host_dir/agent.conf") >"$host_dir/agent.log" 2>&1 &
	host_agent_pid=$!
}

# host_result SECONDS - wait for the driver's figures in $host_dir/result.
host_result()
{
	host_wait "$1" '[ -e "$host_dir/result" ] || ! kill -0 $host_agent_pid 2>/dev/null'
	[ -e "$host_dir/result" ] || host_fail "the load did not end"
}

# bench_names, if nobody said: all that the bench's head names.
: "${bench_names:=$(bash -c "$(sed -n 's/^# metrics: [a-z]* /echo /p' "$0")" |
	tr '\n' ' ')}"

# host_wanted PREFIX - is one of its figures wanted?
host_wanted()
{
	case " $bench_names" in
	*" $1."*) return 0 ;;
	esac
	return 1
}

# host_print PREFIX SIDE - the "METRIC VALUE" lines on stdin as figures, as far
# as they are wanted.
host_print()
{
	local metric value

	while read -r metric value; do
		case " $bench_names " in
		*" $1.$metric "*) echo "$1.$metric $2 $value" ;;
		esac
	done
}
