#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A machine with memory above 4 GiB of which dom0 has little (dom0_mem=): guests of 2, 3 and 4 levels of page tables whose frames are up there, a pool
# of 20,000 pages, and each limit that stands against a domU by its name. tests/e2e/limits_selftest.sh is what runs in dom0.
. "${srcdir:-.}/tests/common.sh"
need_images
mkdir -p "$tmp/root/selftest"
for form in .2 .3 ''; do
	cp "$build/workloads/demand-fault$form.elf" "$tmp/root/selftest/" || bad "demand-fault$form.elf is there"
done
cp "$srcdir/tests/e2e/limits_selftest.sh" "$tmp/root/selftest/run"
chmod +x "$tmp/root/selftest/run"
(cd "$tmp/root" && find . | cpio -o -H newc --quiet) >"$tmp/more.cpio"
cat "$build/dom0-initramfs.cpio" "$tmp/more.cpio" >"$tmp/initrd"

# machine <dom0_mem> <seconds>: what it logged is in hv, what dom0 said in log
machine() {
	timeout "$2" qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,-smap,-monitor -smp 2 -m 4G -display none -nodefaults \
		-no-reboot -monitor none -icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm \
		-kernel "$build/penumbra-shadow2.elf" -append "panic=exit dom0_mem=$1" -device isa-debug-exit,iobase=0x501,iosize=2 \
		-initrd "$build/kernels/cloud-amd64/vmlinuz console=ttyS1 nolapic_timer tsc=reliable maxcpus=1 nowatchdog no5lvl panic=-1 quiet mitigations=off,$tmp/initrd" \
		-serial "file:$tmp/hv" -serial "file:$tmp/log" 2>"$tmp/err"
}
machine 256M 300 || bad "QEMU ended with $?: $(tail -n 3 "$tmp/err" "$tmp/log")"
sed -n "s/^selftest: ok /ok /p; s/^selftest: not ok /not ok /p; s/^selftest: figure /# /p" "$tmp/log" >"$tmp/said"
cat "$tmp/said"
has "the script came to its end" "$tmp/log" '^selftest: done'
is "failures" "$(grep -c '^not ok' "$tmp/said")" 0
is "no panic" "$(grep -ci 'panic' "$tmp/hv")" 0
check "something was checked" test "$(grep -c '^ok' "$tmp/said")" -ge 15
has "dom0 has what it was given" "$tmp/hv" 'memory: 409[56] MiB, dom0 has 25[56]'
is "and what is above 4 GiB is the hypervisor's" "$(grep -c 'memory: private 100000000-180000000' "$tmp/hv")" 1

# Values that make no sense: the machine is refused with a sentence, at once.
for case in 'lots:is no size: give a number and K, M or G' '64M:is too little to boot' '4000M:is more than there is'; do
	machine "${case%%:*}" 60
	is "dom0_mem=${case%%:*}: QEMU's exit code" $? 87
	has "dom0_mem=${case%%:*}" "$tmp/hv" "dom0_mem=${case%%:*} ${case#*:}"
done
finish
