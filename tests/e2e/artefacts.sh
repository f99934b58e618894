#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Parts that are missing, cut or garbage, and machines that lack something: one clear sentence each, never a hang.
. "${srcdir:-.}/tests/common.sh"
need_images
# A build of links, of which a test damages one file at a time.
b=$tmp/build
mkdir -p "$b/kernels/cloud-amd64" "$b/kernels/amd64" "$b/workloads"
for f in penumbra-shadow2.elf dom0-initramfs.cpio kernels/cloud-amd64/vmlinuz kernels/amd64/vmlinux \
	workloads/null-exit.elf workloads/linux-initramfs.cpio; do
	ln -s "$build/$f" "$b/$f"
done
damage() { rm "$b/$1" && "$2" "$build/$1" >"$b/$1"; }
mend() { ln -sf "$build/$1" "$b/$1"; }
garbage() { head -c 200000 /dev/urandom; }
cut_short() { head -c 3000 "$1"; }
half() { head -c $(($(wc -c <"$1") / 2)) "$1"; }
nothing() { :; }

# refuses <what> <file> <damage> <pattern>: the run fails and says the pattern
refuses() {
	damage "$2" "$3"
	n=$((${n:-0} + 1))
	"$bench" run --build "$b" --results "$tmp/results" --output "$tmp/run$n" --recipe shadow2 --workload "${guest:-null-exit}" --repeat 1 \
		--no-trace --no-report --silence "${silence:-60}" >"$tmp/run$n.out" 2>"$tmp/run$n.err"
	is "$1: exit code" $? 1
	has "$1: says why" "$tmp/run$n.err" "$4"
	mend "$2"
}
refuses "hypervisor of garbage" penumbra-shadow2.elf garbage 'qemu|QEMU'
refuses "hypervisor cut short" penumbra-shadow2.elf cut_short 'qemu|QEMU'
refuses "empty hypervisor" penumbra-shadow2.elf nothing 'is empty'
refuses "dom0 kernel of garbage" kernels/cloud-amd64/vmlinuz garbage '(no|not a) .*kernel|bzImage'
refuses "dom0 kernel cut short" kernels/cloud-amd64/vmlinuz cut_short 'kernel|bzImage'
refuses "dom0 initramfs of garbage" dom0-initramfs.cpio garbage 'dom0 did not come up'
refuses "dom0 initramfs cut in half" dom0-initramfs.cpio half 'dom0 did not come up'
guest=linux-process refuses "a guest's kernel of garbage" kernels/amd64/vmlinux garbage 'linux-process +failed: .'
guest=linux-process refuses "a guest's kernel cut short" kernels/amd64/vmlinux cut_short 'linux-process +failed: .'
refuses "a guest of garbage" workloads/null-exit.elf garbage 'null-exit +failed: .'
rm "$b/kernels/cloud-amd64/vmlinuz"
"$bench" run --build "$b" --results "$tmp/results" --recipe shadow2 --workload null-exit >"$tmp/missing" 2>&1
is "no dom0 kernel: exit code" $? 1
has "no dom0 kernel: what makes it" "$tmp/missing" 'run .make. in the build directory'

# machine <what> <pattern> <QEMU options...>: the hypervisor's log must have the pattern
machine() {
	what=$1 pattern=$2 i=0
	shift 2
	: >"$tmp/log"
	timeout 60 qemu-system-x86_64 -accel tcg -machine q35 -display none -nodefaults -no-reboot -serial "file:$tmp/log" \
		-kernel "$build/penumbra-shadow2.elf" "$@" >/dev/null 2>&1 &
	qemu=$!
	while [ $i -lt 120 ] && ! grep -qE "$pattern" "$tmp/log"; do
		sleep 0.5
		i=$((i + 1))
	done
	kill $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	has "$what" "$tmp/log" "$pattern"
}
modules="$build/kernels/cloud-amd64/vmlinuz console=ttyS1,$build/dom0-initramfs.cpio"
cpu=EPYC,+svm,+npt,-smap,-monitor
machine "a machine without 64-bit mode" '64-bit' -cpu EPYC,-lm -smp 2 -m 2G -initrd "$modules"
machine "a machine without SVM" 'has no SVM' -cpu EPYC,-svm -smp 2 -m 2G -initrd "$modules"
machine "a machine without nested paging" 'no nested paging' -cpu EPYC,+svm,-npt -smp 2 -m 2G -initrd "$modules"
machine "a machine with one CPU" 'only one CPU' -cpu $cpu -smp 1 -m 2G -initrd "$modules"
machine "no modules" 'no boot modules' -cpu $cpu -smp 2 -m 2G
machine "too little memory" 'memory does not suffice' -cpu $cpu -smp 2 -m 1100M -initrd "$modules"
finish
