#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A Linux guest's disk, on the real hypervisor: a file system read and written, and saved; one that fills up; a read-only one with bad
# sectors. tests/e2e/guest_disk_dom0.sh is what runs in dom0, tests/e2e/guest_disk_init what runs in the guest. With arguments:
# other recipes' images.
. "${srcdir:-.}/tests/common.sh"
need_images
for program in mke2fs e2fsck debugfs; do
	command -v $program >/dev/null || PATH=$PATH:/usr/sbin
	command -v $program >/dev/null || skip_all "$program (e2fsprogs) is not here"
done
[ $# -gt 0 ] || set -- shadow2
mkdir -p "$tmp/root/selftest" "$tmp/guest/bin" "$tmp/guest/proc" "$tmp/guest/dev" "$tmp/guest/mnt" "$tmp/files"

# The guest: the suites' own programs, its disk's modules and an init of its own.
"$srcdir/workloads/linux/modules.sh" "$build/kernels/amd64" "$tmp/guest/lib" virtio_pci virtio_blk crc32c_generic ext4
cp "$build/guest-obj/linux-suite" "$tmp/guest/bin/suite"
cp /bin/busybox "$tmp/guest/bin/"
cp "$srcdir/tests/e2e/guest_disk_init" "$tmp/guest/init"
chmod +x "$tmp/guest/init"
(cd "$tmp/guest" && find . | cpio -o -H newc --quiet) | gzip -1 >"$tmp/root/selftest/initrd"
# The disk: a file in a file system. What the guest is to make of it is made here, too.
seq 1 400000 | head -c 2000000 >"$tmp/files/given"
tr 0-9 5-90-4 <"$tmp/files/given" >"$tmp/expected"
mke2fs -q -t ext4 -d "$tmp/files" -U clear "$tmp/root/selftest/disk" 16m 2>"$tmp/mke2fs" || bad "mke2fs: $(cat "$tmp/mke2fs")"
ln "$build/kernels/amd64/vmlinux" "$tmp/root/selftest/vmlinux" 2>/dev/null || cp "$build/kernels/amd64/vmlinux" "$tmp/root/selftest/vmlinux"
cp "$srcdir/tests/e2e/guest_disk_dom0.sh" "$tmp/root/selftest/run"
chmod +x "$tmp/root/selftest/run"
(cd "$tmp/root" && find . | cpio -o -H newc --quiet) >"$tmp/more.cpio"
cat "$build/dom0-initramfs.cpio" "$tmp/more.cpio" >"$tmp/initrd"

boot() { # RECIPE
	truncate -s 64M "$tmp/$1.out"
	timeout 900 qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,+la57,-smap,-monitor -smp 2 -m 2G -display none \
		-nodefaults -no-reboot -monitor none -icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm \
		-kernel "$build/penumbra-$1.elf" \
		-initrd "$build/kernels/cloud-amd64/vmlinuz console=ttyS1 nolapic_timer tsc=reliable maxcpus=1 nowatchdog no5lvl panic=-1 quiet iomem=relaxed,$tmp/initrd" \
		-drive "file=$tmp/$1.out,if=virtio,format=raw,cache=unsafe" \
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
	mkdir "$tmp/$r"
	tar xf "$tmp/$r.out" -C "$tmp/$r" 2>/dev/null
	check "$r: the file system that was saved is whole" e2fsck -fn "$tmp/$r/saved"
	debugfs -R "dump made $tmp/$r/made" "$tmp/$r/saved" 2>/dev/null
	check "$r: what the guest made is what the host made" cmp "$tmp/$r/made" "$tmp/expected"
done
finish
