#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A GRUB image that boots on BIOS and UEFI, from CD or USB: one menu entry a hypervisor image, the first one by default.
#
# mkiso.sh OUT.iso KERNEL INITRD "DOM0 OPTIONS" HYPERVISOR.elf...
set -eu
out=$1 kernel=$2 initrd=$3 options=$4
shift 4
command -v grub-mkrescue >/dev/null || { echo "mkiso: grub-mkrescue is missing: apt-get install grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools" >&2; exit 1; }
for f in "$kernel" "$initrd" "$@"; do
	[ -r "$f" ] || { echo "mkiso: $f is missing: run make first" >&2; exit 1; }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-iso.XXXXXX")
trap 'rm -rf "$dir"' EXIT INT TERM
mkdir -p "$dir/boot/grub"
cp "$kernel" "$dir/boot/vmlinuz"
cp "$initrd" "$dir/boot/initrd"
{
	echo 'serial --unit=0 --speed=115200'
	echo 'terminal_input serial console'
	echo 'terminal_output serial console'
	echo 'set timeout=2'
	for hv in "$@"; do
		cp "$hv" "$dir/boot/"
		name=$(basename "$hv" .elf)
		echo "menuentry '$name' {"
		echo "	multiboot2 /boot/$(basename "$hv")"
		echo "	module2 /boot/vmlinuz vmlinuz $options"
		echo "	module2 /boot/initrd initrd"
		echo '}'
	done
} >"$dir/boot/grub/grub.cfg"
grub-mkrescue -o "$out.tmp" "$dir" >"$out.log" 2>&1 || { cat "$out.log" >&2; rm -f "$out.tmp"; exit 1; }
rm -f "$out.log"
mv "$out.tmp" "$out"
