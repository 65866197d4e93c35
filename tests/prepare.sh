# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build what the tests run: programs, the module for each kernel, test programs.
#
# Sourced by tests/run, whose variables it uses: top, build, results, tests,
# usual_kernel.  Objects are kept beside the tree, never in it; each run takes
# its own copy of what it tests, so that runs may overlap.

# shellcheck disable=SC2154

# Install packages, then build; what takes long goes on behind the first tests.
prepare()
{
	qemu/deps build vm
	say "logs are in $results"
	if needs_guests; then
		build_programs || say "the programs do not build"
		start_kernels
	fi
}

# step NAME COMMAND... - run a step of the build once, and remember its verdict.
step()
{
	local name="$1"

	shift
	if logged "$results/build-$name.log" "$@"; then
		touch "$results/built-$name"
	else
		touch "$results/broken-$name"
		return 1
	fi
}

build_programs()
{
	say "building the programs"
	step programs cache_lock "${build##*/}-programs" programs_make
}

programs_make()
{
	mkdir -p "$results/root/rig/bin"
	make -j2 BUILD="$build/user" all &&
		make BUILD="$build/user" DESTDIR="$results/root" PREFIX=/usr \
			install &&
		programs_for_tests
}

# Folders of tests may come with programs, for the guest's PATH.
programs_for_tests()
{
	local dir

	for dir in tests/{system,kselftest,fakedev,bench}; do
		[ -e "$dir/Makefile" ] || continue
		make -j2 -C "$dir" BUILD="$results/root/rig/bin" \
			LIB="$build/user" || return
	done
	# Fetched for those alone that want them.
	case " ${tests[*]} " in
	*/libusb-*) cp "$(qemu/libusb)"/* "$results/root/rig/bin/" ;;&
	*/uas-fio-*) qemu/deps fio && cp /usr/bin/fio "$results/root/rig/bin/" ;;
	esac
}

# Every kernel that a chosen test needs: fetched or built, and the module for
# it, each in the background.
start_kernels()
{
	local kernel

	for kernel in $(printf '%s\n' "${tests[@]}" |
			sed -n 's/.*@//p' | sort -u) "$usual_kernel"; do
		[ ! -e "$results/started-$kernel" ] || continue
		touch "$results/started-$kernel"
		build_module "$kernel" &
	done
}

# build_module KERNEL - the kernel's progress is for the person who waits.
build_module()
{
	if ! qemu/kernel "$1" >/dev/null; then
		touch "$results/broken-module-$1"
		return
	fi
	qemu/initramfs base "$1" >/dev/null || :
	say "building the module for $1"
	step "module-$1" cache_lock "${build##*/}-module-$1" \
		module_make "$1" || :
}

# module_make KERNEL - in a copy of the sources, so that the objects of
# different kernels do not mix.
module_make()
{
	local tree="$build/module-$1"

	mkdir -p "$tree"
	rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='*.mod*' \
		--exclude='.*.cmd' --exclude=modules.order \
		--exclude=Module.symvers \
		Kbuild Makefile kmod uapi "$tree/"
	qemu/module "$1" "$tree" &&
		install -D "$tree/kmod/p2pvhci.ko" "$(module_path "$1")"
}

module_path()
{
	echo "$results/module-$1/p2pvhci.ko"
}

# wait_for_build KERNEL - until programs and module are there; fails if one of
# them cannot be built.
wait_for_build()
{
	[ -e "$results/built-programs" ] || return 1
	while [ ! -e "$results/built-module-$1" ]; do
		[ ! -e "$results/broken-module-$1" ] || return 1
		sleep 0.5
	done
}
