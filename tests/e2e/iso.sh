#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The GRUB image, on BIOS and on UEFI: Multiboot 2 brings the hypervisor up, dom0 gives a shell on COM2, and the
# control tool answers there.
. "${srcdir:-.}/tests/common.sh"
need_images
command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null || skip_all "no grub-mkrescue and xorriso"
iso=$build/penumbra.iso
make -s iso >"$tmp/make" 2>&1
is "make iso" $? 0
[ -s "$iso" ] || { cat "$tmp/make"; finish; }

# waits <file> <pattern> <seconds>
waits() {
	i=0
	until grep -Eq "$2" "$1" 2>/dev/null || [ $i -ge $(($3 * 2)) ]; do
		sleep 0.5
		i=$((i + 1))
	done
	grep -Eq "$2" "$1"
}
# boot <what> <QEMU options...>
boot() {
	firmware=$1
	shift
	rm -f "$tmp/in"
	mkfifo "$tmp/in"
	: >"$tmp/com1" && : >"$tmp/com2"
	qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,-smap,-monitor -smp 2 -m 2G -display none -vga std -no-reboot \
		-rtc base=2024-01-01T00:00:00 -cdrom "$iso" -boot d -serial "file:$tmp/com1" -chardev stdio,id=com2,signal=off -serial chardev:com2 \
		"$@" <"$tmp/in" >"$tmp/com2" 2>"$tmp/qemu" &
	qemu=$!
	exec 3>"$tmp/in"
	check "$firmware: the hypervisor comes up" waits "$tmp/com1" 'Penumbra, recipe [a-z0-9]+' 120
	check "$firmware: dom0 comes up" waits "$tmp/com2" 'dom0: no suite' 240
	sleep 1
	printf 'penumbra-ctl list && echo the tool says $((6 * 7))\n' >&3
	check "$firmware: the control tool answers" waits "$tmp/com2" 'the tool says 42' 60
	printf 'poweroff -f\n' >&3
	exec 3>&-
	i=0
	while kill -0 $qemu 2>/dev/null && [ $i -lt 60 ]; do
		sleep 0.5
		i=$((i + 1))
	done
	if kill -9 $qemu 2>/dev/null; then bad "$firmware: it does not power off"; else ok "$firmware: it powers off"; fi
	wait $qemu 2>/dev/null
}
boot BIOS
ovmf=/usr/share/OVMF/OVMF_CODE_4M.fd
if [ -r $ovmf ]; then
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$tmp/vars"
	boot UEFI -drive "if=pflash,format=raw,readonly=on,file=$ovmf" -drive "if=pflash,format=raw,file=$tmp/vars"
else
	skip "UEFI: no OVMF"
fi
[ "$failed" -eq 0 ] || tail -n 20 "$tmp/com1" "$tmp/com2"
finish
