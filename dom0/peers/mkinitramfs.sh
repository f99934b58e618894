#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mkinitramfs.sh OUTPUT KERNELDIR INIT PROGRAM MODULE[:OPTIONS]...: a peer's host's initramfs, of busybox, the program (static), and these
# modules of the kernel besides a virtio disk's, in this order. The same inputs give the same bytes; its length is a multiple of 512.
set -eu
[ $# -ge 4 ] || { echo "usage: $0 OUTPUT KERNELDIR INIT PROGRAM MODULE..." >&2; exit 64; }
output=$1 kernel=$2 init=$3 program=$4
shift 4
fail() { echo "peers/mkinitramfs: $*" >&2; exit 1; }
[ -e /bin/busybox ] || fail "/bin/busybox is missing: apt-get install busybox-static"
work=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-peer.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/usr/bin" "$root/lib/modules" "$root/proc" "$root/sys" "$root/dev" "$root/root"
for d in bin sbin; do ln -s usr/bin "$root/$d"; done
ln -s bin "$root/usr/sbin"
cp -L /bin/busybox "$root/usr/bin/busybox"
/bin/busybox --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
done
cp "$init" "$root/init"
cp "$program" "$root/usr/bin/penumbra-peer"
strip "$root/usr/bin/penumbra-peer"
chmod 755 "$root/init" "$root/usr/bin/penumbra-peer"
# What one release's kernel has as a module may be part of another's.
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk "$@"; do
	name=${module%%:*} options=
	[ "$name" = "$module" ] || options=" ${module#*:}"
	path=$(find "$kernel/modules" -name "$name.ko*" | head -n 1)
	case $path in
	*.ko) cp "$path" "$root/lib/modules/" ;;
	*.ko.xz) xz -dc "$path" >"$root/lib/modules/$name.ko" ;;
	*.ko.zst) zstd -dcq "$path" >"$root/lib/modules/$name.ko" ;;
	*) grep -q "/$name\.ko$" "$kernel/modules/modules.builtin" || fail "$kernel has no module $name, and it is no part of the kernel" ;;
	esac
	echo "$name$options" >>"$root/lib/modules/order"
done
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >"$work/cpio"
zstd -q -19 -T2 -f "$work/cpio" -o "$work/zst"
size=$(stat -c %s "$work/zst")
truncate -s $(((size + 511) / 512 * 512)) "$work/zst"
mv "$work/zst" "$output"
