# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One QEMU process and the port through which its guest speaks.
#
# Sourced by qemu/vm, whose variables it uses: work, kernel_image, smp, mem,
# append, accel, icount, timeout, mode, quiet.  It judges nothing but whether the guest
# reached its end.

# shellcheck disable=SC2154,SC2054

# guest_accel - print QEMU's arguments for the fastest accelerator that works.
# On some machines /dev/kvm exists and yet a guest never starts, so a guest is
# tried; the verdict holds until the next boot of this machine.
guest_accel()
{
	local verdict boot

	boot="$(cat /proc/sys/kernel/random/boot_id)"
	verdict="$(cache_dir kvm)/$boot"
	[ -e "$verdict" ] || cache_lock kvm guest_probe "$verdict"
	if [ "$(cat "$verdict")" = works ]; then
		echo "-accel kvm -cpu host"
	else
		# Without erms and fsrm the guest copies 8 bytes an instruction,
		# which the translator turns into far faster code.
		echo "-accel tcg,thread=multi -cpu max,-erms,-fsrm"
	fi
}

# guest_counts_instructions - a guest whose time is its own work: figures that
# repeat on any machine, however busy.  QEMU can do that for one processor only.
# Of Intel's family 6 the guest believes that "rep movsq" is good, which counts
# once for 8 bytes; of others it does not, and copies in a loop of 3 to 4 counts.
# With erms it counts once for each byte.
guest_counts_instructions()
{
	smp=1
	accel="-accel tcg,thread=single -icount shift=0,sleep=off"
	accel+=" -cpu max,-fsrm,vendor=GenuineIntel,family=6"
	[ "$icount" = bytes ] || accel+=",-erms"
}

guest_probe()
{
	local console="$1.console" pid result=no

	[ ! -e "$1" ] || return 0
	if [ -w /dev/kvm ]; then
		: >"$console"
		qemu-system-x86_64 -accel kvm -cpu host -machine q35 -m 256M \
			-nodefaults -no-user-config -display none -no-reboot \
			-serial "file:$console" -kernel "$kernel_image" \
			-append "console=ttyS0 earlyprintk=ttyS0 panic=-1" \
			>/dev/null 2>&1 </dev/null &
		pid=$!
		for _ in {1..40}; do
			sleep 0.2
			grep -q 'Linux version' "$console" && result=works
			[ "$result" = no ] || break
			kill -0 "$pid" 2>/dev/null || break
		done
		kill -9 "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
		rm -f "$console"
	fi
	say "KVM: $result"
	echo "$result" >"$1"
}

# --- Devices

guest_usb()
{
	case " ${guest_args[*]} " in
	*qemu-xhci*) ;;
	*) guest_args+=(-device qemu-xhci,id=xhci) ;;
	esac
}

# guest_disk FILE SIZE[:FILESYSTEM]
guest_disk()
{
	local fs="${2#*:}" size

	size="$(numfmt --from=iec "${2%%:*}")"
	case "$2" in
	*:*)
		truncate -s "$size" "$1"
		"mkfs.$fs" "$1" >"$1.log" 2>&1 || die "mkfs.$fs failed"
		;;
	*)
		head -c "$size" /dev/urandom >"$1"
		;;
	esac
}

# guest_device DIR "KIND [VALUE]"
guest_device()
{
	local dir="$1" kind="${2%% *}" value="${2#* }"

	[ "$kind" = raw ] || guest_usb
	case "$kind" in
	raw)
		case "$value" in *.0*|*,bus=xhci*) guest_usb ;; esac
		guest_args+=(-device "$value")
		;;
	disk)
		guest_disk "$dir/disk" "$value"
		guest_args+=(-drive "if=none,id=disk,format=raw,file=$dir/disk"
			-device usb-storage,drive=disk,id=disk0,serial=RIGDISK0)
		;;
	uas)
		guest_disk "$dir/uas" "$value"
		guest_args+=(-drive "if=none,id=uas,format=raw,file=$dir/uas"
			-device usb-uas,id=uas0
			-device scsi-hd,bus=uas0.0,drive=uas)
		;;
	audio)
		# What it plays can be read in the guest, through 9p: the bytes
		# as they came, with no volume, written down at 44.1 kHz.  Its
		# own buffer of 32 ms would drop what comes while that clock is
		# behind; this one holds more than a minute.
		mkdir "$dir/sound"
		guest_args+=(-audiodev "wav,id=sound,path=$dir/sound/audio.wav,out.mixing-engine=off"
			-device usb-audio,audiodev=sound,id=audio0,buffer=16777216
			-fsdev "local,id=sound,path=$dir/sound,security_model=none,readonly=on"
			-device virtio-9p-pci,fsdev=sound,mount_tag=sound)
		;;
	kbd)
		guest_args+=(-device usb-kbd,id=kbd0)
		;;
	serial)
		# What the guest sends comes back: a cable with a loop plug.
		mkfifo "$dir/serial.in" "$dir/serial.out"
		guest_args+=(-chardev "pipe,id=serial,path=$dir/serial"
			-device usb-serial,chardev=serial,id=serial0,always-plugged=on)
		cat <"$dir/serial.out" >"$dir/serial.in" &
		;;
	esac
}

# guest_network NUMBER - the end of a wire between guests 1 and 2.
guest_network()
{
	local other=$((3 - $1))

	guest_args+=(-netdev "dgram,id=wire,local.type=unix,local.path=$work/wire$1,remote.type=unix,remote.path=$work/wire$other"
		-device "virtio-net-pci,netdev=wire,mac=52:54:00:00:00:0$1")
}

guest_machine()
{
	local cmdline="console=ttyS0 panic=-1 oops=panic mitigations=off"

	# A busy host must not look like a stuck processor, or a broken timer.
	cmdline+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=100"
	cmdline+=" no_timer_check"
	# shellcheck disable=SC2206
	guest_args=($accel -machine q35 -smp "$smp" -m "$mem" -nodefaults
		-no-user-config -no-reboot -kernel "$kernel_image"
		-append "$cmdline $2 $append" -initrd "$1")
}

# --- The port

# guest_answer DIR REQUEST... - do what the guest asks of its host.
guest_answer()
{
	local dir="$1" verb="$2" name="${3:-}" value="${*:4}"

	case "$verb" in
	QMP)	guest_qmp "${*:3}" ;;
	PUT)	printf '%s\n' "$value" >"$work/board/.$name"
		mv "$work/board/.$name" "$work/board/$name"
		echo OK ;;
	GET)	guest_board "$name" "$value" ;;
	*)	echo "ERR unknown request $verb" ;;
	esac >&"$port_in"
}

# guest_board NAME SECONDS - wait until another guest has PUT it.
guest_board()
{
	local end=$((SECONDS + ${2:-10}))

	while [ ! -e "$work/board/$1" ]; do
		[ "$SECONDS" -lt "$end" ] || { echo "ERR nobody put $1"; return; }
		sleep 0.1
	done
	echo "OK $(cat "$work/board/$1")"
}

guest_qmp()
{
	local line

	printf '%s\n' "$1" >&"$qmp_in"
	while read -r -t 10 line <&"$qmp_out"; do
		case "$line" in
		'{"return"'*)	echo "OK $line"; return ;;
		'{"error"'*)	echo "ERR $line"; return ;;
		esac
	done
	echo "ERR no answer from QEMU"
}

# guest_line NAME LINE - one line from the guest; fails at its last.
guest_line()
{
	local name="$1" dir="$work/$1" line="${2%$'\r'}" prefix=''

	[ "$name" = one ] || prefix="$name| "
	case "$line" in
	'|'*)
		printf '%s\n' "${line:1}" >>"$dir/output"
		[ -n "$quiet" ] || printf '%s%s\n' "$prefix" "${line:1}"
		;;
	'k|'*)	printf '%s\n' "${line:2}" >>"$dir/kernel" ;;
	'#UP')
		guest_up=yes
		deadline=$((SECONDS + timeout))
		[ -n "$quiet" ] ||
			say "${prefix}up in $((SECONDS - started)) s"
		;;
	# What remains are the guest's own last looks: for leaks, at the log.
	'#END')	deadline=$((SECONDS + guest_boot_max)) ;;
	'#RC '*)
		guest_status="${line#\#RC }"
		return 1
		;;
	'#'*)
		# shellcheck disable=SC2086
		(guest_answer "$dir" ${line:1}) &
		;;
	esac
}

# guest_talk NAME PID - listen until the verdict, the end or the deadline.
guest_talk()
{
	local name="$1" pid="$2" part line='' status

	while :; do
		status=0
		IFS= read -r -t 1 part <&"$port_out" || status=$?
		line+="$part"
		if [ "$status" -eq 0 ]; then
			guest_line "$name" "$line" || return 0
			line=''
			continue
		fi
		if [ "$SECONDS" -ge "$deadline" ]; then
			guest_status=124
			return
		fi
		if [ -e "$work/hurry" ]; then
			rm "$work/hurry"
			deadline=$((SECONDS + 5))
		fi
		kill -0 "$pid" 2>/dev/null || return 0
	done
}

# Seconds that a guest may take for what is not the command: boot, and end.
guest_boot_max=180

# guest_try NAME NUMBER ARCHIVE DEVICE... - run a guest to its end; returns the
# status of its command, 99 when it died; guest_lost when it was QEMU that did, or
# the guest's own start took too long: before it is up nothing of ours runs there.
guest_try()
{
	local name="$1" number="$2" archive="$3" dir="$work/$1" device pid
	local started=$SECONDS deadline=$((SECONDS + guest_boot_max))
	local guest_args port_in port_out qmp_in qmp_out guest_status=99
	local guest_up='' qemu_status=0

	shift 3
	mkdir -p "$dir" "$work/board"
	mkfifo "$dir"/{port,qmp}.{in,out}
	exec {port_in}<>"$dir/port.in" {port_out}<>"$dir/port.out" \
		{qmp_in}<>"$dir/qmp.in" {qmp_out}<>"$dir/qmp.out"
	guest_machine "$archive" loglevel=5
	[ -z "$number" ] || guest_network "$number"
	for device in "$@"; do
		guest_device "$dir" "$device"
	done
	qemu-system-x86_64 "${guest_args[@]}" -display none \
		-serial "file:$dir/console" \
		-chardev "pipe,id=port,path=$dir/port" -serial chardev:port \
		-chardev "pipe,id=qmp,path=$dir/qmp" \
		-mon chardev=qmp,mode=control \
		>"$dir/qemu" 2>&1 </dev/null &
	pid=$!
	echo "$pid" >"$dir/pid"
	echo '{"execute":"qmp_capabilities"}' >&"$qmp_in"
	guest_talk "$name" "$pid"
	if [ "$guest_status" -eq 99 ] && [ -s "$dir/qemu" ]; then
		cat "$dir/qemu" >&2
	fi
	kill -9 "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || qemu_status=$?
	# SIGABRT, SIGSEGV: an assertion of QEMU's, or worse.
	case "$guest_status$guest_up/$qemu_status" in
	99/134|99/139)	guest_lost="QEMU died before the guest was up" ;;
	124/*)		guest_lost="no guest after $guest_boot_max s" ;;
	esac
	return "$guest_status"
}

# guest_run NAME NUMBER ARCHIVE DEVICE... - the same, and once more when no guest
# has run that could be judged.  NUMBER is its place on the wire, or empty.
guest_run()
{
	local guest_lost='' status=0

	guest_try "$@" || status=$?
	[ -n "$guest_lost" ] || return "$status"
	say "$guest_lost; once more"
	rm -rf "${work:?}/$1"
	guest_try "$@"
}

# guest_shell ARCHIVE - a guest on this terminal.
guest_shell()
{
	local guest_args dir="$work/one" device

	mkdir -p "$dir"
	guest_machine "$1" loglevel=4
	for device in "${devices[@]}"; do
		guest_device "$dir" "$device"
	done
	qemu-system-x86_64 "${guest_args[@]}" -nographic \
		-serial mon:stdio
}
