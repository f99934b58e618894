#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# dom0's side of a running domain, on the real hypervisor: log-dirty, the pool resized under load, two programs at one mailbox,
# random commands, and a dom0 that reaches for memory that is not its own. tests/e2e/control_selftest.sh is what runs in dom0.
# With arguments: other recipes' images. Every recipe does the same hosted (tests/engine/suites/manage.c).
. "${srcdir:-.}/tests/common.sh"
need_images
[ $# -gt 0 ] || set -- shadow2 shadow3 npt
mkdir -p "$tmp/root/selftest"
cp "$build/workloads/tests/control.elf" "$build/tests/e2e/dom0_reach" "$tmp/root/selftest/"
cp "$build/workloads/demand-fault.elf" "$tmp/root/selftest/good.elf"
cp "$srcdir/tests/e2e/control_selftest.sh" "$tmp/root/selftest/run"
chmod +x "$tmp/root/selftest/run"
(cd "$tmp/root" && find . | cpio -o -H newc --quiet) >"$tmp/more.cpio"
cat "$build/dom0-initramfs.cpio" "$tmp/more.cpio" >"$tmp/initrd"

boot() { # RECIPE
	timeout 600 qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,+la57,-smap,-monitor -smp 2 -m 2G -display none \
		-nodefaults -no-reboot -monitor none -icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm \
		-kernel "$build/penumbra-$1.elf" \
		-initrd "$build/kernels/cloud-amd64/vmlinuz console=ttyS1 nolapic_timer tsc=reliable maxcpus=1 nowatchdog no5lvl panic=-1 quiet iomem=relaxed,$tmp/initrd" \
		-serial "file:$tmp/$1.hv" -serial "file:$tmp/$1.log" 2>"$tmp/$1.err"
}
for r in "$@"; do
	boot "$r" || bad "$r: QEMU ended with $?: $(tail -n 3 "$tmp/$r.err" "$tmp/$r.log")"
	sed -n "s/^selftest: ok /ok $r: /p; s/^selftest: not ok /not ok $r: /p; s/^selftest: figure /# $r: /p" "$tmp/$r.log" >"$tmp/$r.said"
	cat "$tmp/$r.said"
	has "$r: the script came to its end" "$tmp/$r.log" '^selftest: done'
	is "$r: failures" "$(grep -c '^not ok' "$tmp/$r.said")" 0
	is "$r: no panic" "$(grep -ci 'panic' "$tmp/$r.hv")" 0
	check "$r: something was checked" test "$(grep -c '^ok' "$tmp/$r.said")" -ge 15
done
finish
