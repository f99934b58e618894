#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The Linux workloads natively in QEMU: Debian's kernel boots with the listed command
# line on a machine with PCI and APICs and on one without, the suite ends with
# success, and two runs print the same to the last digit.
set -u
srcdir=${srcdir:-.}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
kernel=kernels/amd64/vmlinuz
command -v qemu-system-x86_64 >/dev/null || { echo "no qemu-system-x86_64"; exit 77; }
[ -s $kernel ] || { echo "no $kernel: make fetches it where Debian's archive can be reached"; exit 77; }
failures=0

complain() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# run <machine> <cpu> <command line> <MiB> <console>
run() {
	timeout 120 qemu-system-x86_64 -accel tcg -machine "$1" -cpu "$2" -m "$4M" -nodefaults \
		-icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm -display none -no-reboot \
		-serial "file:$5" -kernel $kernel -initrd workloads/linux-initramfs.cpio.gz -append "$3" \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 2>"$tmp/qemu"
	status=$?
	[ $status = 1 ] || complain "on $1 Linux ended with $status: $(cat "$5")"
	for phase in fork-exit fork-exec-exit mmap-touch shell; do
		grep -Eq "^@region $phase [1-9][0-9]* [1-9][0-9]*.?$" "$5" || complain "on $1 there is no $phase: $(cat "$5")"
	done
}

sed -n 's/^WORKLOAD([^,]*, *"[^"]*", *linux, *"\([^"]*\)", *\([0-9]*\),.*/\1|\2/p' \
	"$srcdir/workloads/workloads.def" >"$tmp/list"
[ -s "$tmp/list" ] || complain "the list has no Linux"
while IFS='|' read -r cmdline mib; do
	run q35 EPYC,+svm,+npt,-smap,-monitor "$cmdline" "$mib" "$tmp/first" </dev/null
	run q35 EPYC,+svm,+npt,-smap,-monitor "$cmdline" "$mib" "$tmp/second" </dev/null
	cmp "$tmp/first" "$tmp/second" || complain "two runs differ"
	run isapc EPYC,-apic,-x2apic "$cmdline" "$mib" "$tmp/isa" </dev/null
	cat "$tmp/first"
done <"$tmp/list"

[ $failures = 0 ]
