# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's usbtest on a gadget of ours: here, then through the whole road,
# with the same lists, compared case by case.
#
# Sourced after rig.sh.  What a case moved is counted through usbmon, so that a
# case which passes by doing less is noticed.

# Of 0 to 29, those that dummy_hcd can do: 15, 16, 22 and 23 are isochronous, 25
# and 26 want interrupt endpoints.  14-long and 21-long are those with control
# transfers up to 4096 bytes, the most that the gadget takes.
usbtest_cases="0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 14-long 17 18 19 20 21 21-long \
24 27 28 29"

# What makes the device: a function with the arguments NAME SPEED.
usbtest_gadget=rig_gadget_sourcesink

# usbtest_arguments CASE - iterations and sizes.  testusb's own default of
# sizes gives steps that the device refuses by design in 4, 7 and 8, hence 1024.
usbtest_arguments()
{
	local count="${usbtest_count:-32}"

	case "$1" in
	10)	echo "-c $count -g 8" ;;
	11|12)	echo "-c $count -s 1024 -g 8" ;;
	14|21)	echo "-c $count -s 512 -v 61" ;;
	*-long)	echo "-c $count -s 4096 -v 511" ;;
	24)	echo "-c $count -s 1024 -g 8" ;;
	25|26)	echo "-c $count -s 512" ;;
	27|28)	echo "-c $count -s 4096 -g 8" ;;
	5|6|7|8) echo "-c $count -s 4096 -v 1024 -g 8" ;;
	*)	echo "-c $count -s 4096 -v 1024" ;;
	esac
}

# usbtest_case DIR CASE FILE - run it on the device of a sysfs folder; one line
# of verdict, then what passed, into FILE.
usbtest_case()
{
	local dir="$1" counter status

	# Its last "ready" must not be taken for this one.
	rm -f /tmp/urbs
	urbcount "$(cat "$dir/busnum")" "$(cat "$dir/devnum")" >/tmp/urbs &
	counter=$!
	rig_need 'grep -q ready /tmp/urbs' 5 "usbmon"
	# shellcheck disable=SC2046
	timeout 60 testusb -D "$(rig_usbfs "$dir")" -t "${2%-long}" \
		$(usbtest_arguments "$2") >/tmp/testusb.out 2>&1
	status=$?
	kill -TERM "$counter"
	wait "$counter" || echo "usbmon lost events"
	{
		# "test 1,    0.5 secs" is a pass; an error names a number.
		if [ "$status" -eq 0 ] && grep -q ' secs$' /tmp/testusb.out; then
			echo pass
		else
			sed -n 's/.*--> \([0-9]*\).*/failed with \1/p' \
				/tmp/testusb.out
			echo "status $status"
		fi
		grep '^ep=' /tmp/urbs
	} >"$3"
}

# usbtest_facts FILE CASE - what must be equal of two runs.  Which bytes a cancel
# still lets through is a race on any controller: of 11 and 12 only the verdict
# and how many asynchronous cancels there were; of 24, whose cancels may come
# too late, only the verdict.
usbtest_facts()
{
	case "$2" in
	11|12)
		sed -n '1p; s/^\(ep=.. status=-104 count=[0-9]*\).*/\1/p' "$1"
		;;
	24)	sed -n 1p "$1" ;;
	*)	cat "$1" ;;
	esac
}

usbtest_same()
{
	usbtest_facts "/tmp/local-$1" "$1" >/tmp/facts
	usbtest_facts "/tmp/far-$1" "$1" | diff /tmp/facts -
}

usbtest_run()
{
	local case

	for case in $usbtest_cases; do
		usbtest_case "$1" "$case" "/tmp/$2-$case"
	done
}

# usbtest_compare SPEED - the whole comparison, a verdict for each case.
usbtest_compare()
{
	local dir case

	rig_modprobe usbmon
	rig_modprobe usbtest
	"$usbtest_gadget" zero "$1"
	rig_need 'rig_usb zero dummy_hcd' 10 "gadget"
	dir="$(rig_usb zero dummy_hcd)"
	rig_need "test -e $dir/*:1.0/driver" 10 "usbtest on the local device"
	usbtest_run "$dir" local
	dir="$(rig_import zero)" || ktap_abort "the gadget is not imported"
	rig_need "test -e $dir/*:1.0/driver" 10 "usbtest on the imported device"
	usbtest_run "$dir" far
	for case in $usbtest_cases; do
		if [ "$(head -n 1 "/tmp/local-$case")" != pass ]; then
			ktap_skip "$1 speed: case $case" \
				"not even here: $(head -n 1 "/tmp/local-$case")"
			continue
		fi
		ktap_check "$1 speed: case $case, $(head -n 1 "/tmp/far-$case")" \
			usbtest_same "$case"
	done
}
