#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The Linux workloads natively in QEMU: Debian's kernel boots with the listed command
# line on a machine with PCI and APICs and on one without, the suite ends with
# success, and two runs print the same to the last digit.
. "${srcdir:-.}/tests/e2e.sh"
kernel=kernels/amd64/vmlinuz
command -v qemu-system-x86_64 >/dev/null || skip_all "no qemu-system-x86_64"
[ -s $kernel ] || { bad "$kernel is there"; finish; }

# run <machine> <cpu> <command line> <MiB> <console>
run() {
	timeout 180 qemu-system-x86_64 -accel tcg -machine "$1" -cpu "$2" -m "$4M" -nodefaults \
		-icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm -display none -no-reboot \
		-serial "file:$5" -kernel $kernel -initrd workloads/linux-initramfs.cpio.gz -append "$3" \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 2>"$tmp/qemu"
	is "Linux on $1 ends with success" $? 1
	for phase in fork-exit fork-exec-exit mmap-touch shell; do
		has "Linux on $1 measures $phase" "$5" "^@region $phase [1-9][0-9]* [1-9][0-9]*.?\$"
	done
}

sed -n 's/^WORKLOAD([^,]*, *"[^"]*", *linux, *[0-9]*, *"\([^"]*\)", *\([0-9]*\),.*/\1|\2/p' \
	"$srcdir/workloads/workloads.def" >"$tmp/list"
check "the list has a Linux" test -s "$tmp/list"
while IFS='|' read -r cmdline mib; do
	run q35 EPYC,+svm,+npt,-smap,-monitor "$cmdline" "$mib" "$tmp/first" </dev/null
	run q35 EPYC,+svm,+npt,-smap,-monitor "$cmdline" "$mib" "$tmp/second" </dev/null
	check "two runs print the same" cmp "$tmp/first" "$tmp/second"
	run isapc EPYC,-apic,-x2apic "$cmdline" "$mib" "$tmp/isa" </dev/null
	sed 's/^/# /' "$tmp/first"
done <"$tmp/list"
finish
