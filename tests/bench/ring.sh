# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One device in memory, first behind p2pvhci, then behind vhci_hcd.
#
# Sourced by the benches ring and ringunix.  Raw usbfs drives both; each way of
# the alternative is measured, and the better one counts for each figure.

. /rig/rig.sh

bench_tmp=/tmp/bench
bench_tracing=/sys/kernel/tracing

# bench_points - the points WHAT.SIZE.dDEPTH that the wanted names have, each
# with its metrics, as "in.64.d1 instr ctxsw".
bench_points()
{
	# shellcheck disable=SC2154
	for name in $bench_names; do
		echo "${name%.*} ${name##*.}"
	done | awk '{
		if (!($1 in of))
			order[++n] = $1
		of[$1] = of[$1] " " $2
	} END {
		for (i = 1; i <= n; i++)
			print order[i] of[order[i]]
	}'
}

# bench_count SIZE - transfers of one measurement: counted ones repeat exactly.
bench_count()
{
	# shellcheck disable=SC2154
	case "$bench_mode" in
	icount|bytes)
		echo $(($1 > 100000 ? 20 : $1 > 10000 ? 100 : 320)) ;;
	*)	echo $(($1 > 100000 ? 100 : $1 > 10000 ? 1000 : 4000)) ;;
	esac
}

# bench_copies WHAT SIZE DEPTH - how often a byte of the payload is copied: what
# twice as many bytes cost more, where each copied byte counts.
bench_copies()
{
	local once twice

	once="$(usbload "$1" "$2" "$3" 20 | sed -n 's/^ns //p')"
	twice="$(usbload "$1" $(($2 * 2)) "$3" 20 | sed -n 's/^ns //p')"
	echo "$once $twice $2" | awk '{ print ($2 - $1) / $3 }'
}

# bench_syscalls PID ARG... - system calls of a process, a transfer.
bench_syscalls()
{
	echo "$1" >$bench_tracing/set_event_pid
	shift
	bench_traced raw_syscalls/sys_enter "$@"
	echo >$bench_tracing/set_event_pid
}

# bench_sites MODULE... - what is called from there, as a filter.
bench_sites()
{
	local module size start or=''

	for module; do
		size="$(awk -v m="$module" '$1 == m { print $2 }' /proc/modules)"
		start="$(awk -v m="$module" '$1 == m { print $6 }' /proc/modules)"
		printf '%s(call_site >= %s && call_site < 0x%x)' "$or" \
			"$start" "$((start + size))"
		or=' || '
	done
}

# bench_allocs SIDE ARG... - allocations by the driver, a transfer.
bench_allocs()
{
	local filter event sum=0

	case "$1" in
	ours)	filter="$(bench_sites p2pvhci)" ;;
	*)	filter="$(bench_sites vhci_hcd usbip_core)" ;;
	esac
	shift
	for event in "$bench_tracing"/events/kmem/k*alloc*; do
		[ -e "$event/filter" ] || continue
		echo "$filter" >"$event/filter" || exit 1
		sum="$sum + $(bench_traced "kmem/${event##*/}" "$@")"
	done
	awk "BEGIN { print $sum }"
}

# bench_traced EVENT ARG... - how often it comes, a transfer.
bench_traced()
{
	local enable="$bench_tracing/events/$1/enable"

	shift
	: >$bench_tracing/trace
	echo 1 >"$enable"
	usbload "$@" >/dev/null || exit 1
	echo 0 >"$enable"
	# Here those count as well that usbload does not count.
	cat $bench_tracing/per_cpu/cpu*/stats | awk -v n="$(($4 + 64 + $3))" '
		/^(entries|overrun):/ { all += $2 } END { print all / n }'
}

# bench_point SIDE PID POINT METRIC...
bench_point()
{
	local side="$1" pid="$2" point="$3" what size depth count metric

	shift 3
	what="${point%%.*}"
	size="${point#*.}"
	size="${size%.*}"
	depth="${point##*.d}"
	count="$(bench_count "$size")"
	usbload "$what" "$size" "$depth" "$count" >$bench_tmp/load || exit 1
	sed -i 's/^ns /instr /' $bench_tmp/load
	for metric; do
		case "$metric" in
		syscalls)
			echo "$point.$metric $side $(bench_syscalls "$pid" \
				"$what" "$size" "$depth" "$count")"
			;;
		allocs)
			echo "$point.$metric $side $(bench_allocs "$side" \
				"$what" "$size" "$depth" "$count")"
			;;
		copies)
			echo "$point.$metric $side $(bench_copies "$what" \
				"$size" "$depth")"
			;;
		*)
			sed -n "s/^$metric /$point.$metric $side /p" \
				$bench_tmp/load
			;;
		esac
	done
}

# bench_side SIDE WAY - everything that is wanted, of one way of memdev.
bench_side()
{
	local pid

	memdev "$2" 2>$bench_tmp/memdev.log &
	pid=$!
	bench_points | while read -r point; do
		# One word for each metric.
		# shellcheck disable=SC2086
		bench_point "$1" "$pid" $point
	done
	kill "$pid" || cat $bench_tmp/memdev.log
	# It must be gone before another one comes.
	rig_need '! grep -qs 0002 /sys/bus/usb/devices/*/idProduct ||
		! grep -qs 1209 /sys/bus/usb/devices/*/idVendor' 10 "unplug"
}

# Of the lines of several ways, the better of each figure.
bench_better()
{
	awk '{
		more = $1 ~ /\.(urbs|mbs)$/
		if (!($1 in best))
			order[++n] = $1
		if (!($1 in best) || (more ? $3 > best[$1] : $3 < best[$1]))
			best[$1] = $3
	} END {
		for (i = 1; i <= n; i++)
			print order[i], "theirs", best[order[i]]
	}' "$@"
}

# bench_ring WAY... - against these ways of memdev.
bench_ring()
{
	local way

	mkdir -p $bench_tmp
	rig_modprobe p2pvhci
	rig_modprobe vhci_hcd
	echo 0 >/sys/module/usbcore/parameters/usbfs_memory_mb
	bench_side ours ring
	for way; do
		bench_side theirs "$way" >"$bench_tmp/$way"
		# Its ports take their time to be free again.
		sleep 0.5
	done
	(cd $bench_tmp && bench_better "$@")
}
