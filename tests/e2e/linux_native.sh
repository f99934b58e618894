#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The Linux workloads (but for linux-suites, which has a test of its own) natively in QEMU, two forms a day (with PENUMBRA_LONG all): Debian's kernel boots with the listed command line, has the levels that it
# should have, and the suite ends with success. linux-process with four levels besides on a machine without PCI and APICs, and
# twice on the same one, where both print the same to the last digit. A form whose packages could not be had is skipped.
. "${srcdir:-.}/tests/common.sh"
command -v qemu-system-x86_64 >/dev/null || skip_all "no qemu-system-x86_64"
[ -s kernels/amd64/vmlinuz ] || { bad "kernels/amd64/vmlinuz is there"; finish; }

# run <what> <machine> <cpu> <kernel> <initramfs> <command line> <MiB> <console>
run() {
	timeout 180 qemu-system-x86_64 -accel tcg -machine "$2" -cpu "$3" -m "$7M" -nodefaults \
		-icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm -display none -no-reboot \
		-serial "file:$8" -kernel "$4" -initrd "$5" -append "$6" \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 2>"$tmp/qemu"
	is "$1 on $2 ends with success" $? 1
	for phase in fork-exit fork-exec-exit mmap-touch shell; do
		has "$1 on $2 measures $phase" "$8" "^@region $phase [1-9][0-9]* [1-9][0-9]*.?\$"
	done
}

# form <name> <levels> <command line> <MiB>
form() {
	name=$1
	shift
	pc=EPYC,+svm,+npt,+la57,-smap,-monitor flavour=amd64 initrd=workloads/linux-initramfs.cpio words=$2
	case $1 in
	2) flavour=686 ;;
	3) flavour=686-pae ;;
	4) words="$2 no5lvl" ;;
	esac
	[ "$1" -ge 4 ] || initrd=workloads/linux-initramfs-i386.cpio
	for file in kernels/$flavour/vmlinuz $initrd; do
		[ -s $file ] || { skip "$name with $1 levels: $(cat $file.unavailable 2>/dev/null)"; return; }
	done
	run "$name with $1 levels" q35 $pc kernels/$flavour/vmlinuz $initrd "$words" "$3" "$tmp/first"
	is "$name with $1 levels has them" "$(sed -n 's/^@levels \([0-9]\).*/\1/p' "$tmp/first")" "$1"
	sed 's/^/# /' "$tmp/first"
	[ "$name.$1" = linux-process.4 ] || return
	run "$name with $1 levels, again," q35 $pc kernels/$flavour/vmlinuz $initrd "$words" "$3" "$tmp/second"
	check "two runs print the same" cmp "$tmp/first" "$tmp/second"
	run "$name with $1 levels" isapc EPYC,-apic,-x2apic kernels/$flavour/vmlinuz $initrd "$words" "$3" "$tmp/isa"
}

sed -n 's/^WORKLOAD(linux-process, *"\([^"]*\)", *linux, *\([0-9]*\), *"\([^"]*\)", *\([0-9]*\),.*/\1|\2|\3|\4/p' \
	"$srcdir/workloads/workloads.def" >"$tmp/list"
check "the list has a Linux" test -s "$tmp/list"
while IFS='|' read -r name levels cmdline mib; do
	for n in $(echo "$levels" | sed 's/./& /g'); do
		echo "$name|$n|$cmdline|$mib"
	done
done <"$tmp/list" >"$tmp/forms"
nr=$(wc -l <"$tmp/forms")
for line in $(sh "$srcdir/tests/day.sh" 2 $(seq "$nr")); do sed -n "${line}p" "$tmp/forms"; done >"$tmp/days"
while IFS='|' read -r name level cmdline mib; do
	form "$name" "$level" "$cmdline" "$mib" </dev/null
done <"$tmp/days"
finish
