#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mkscript.sh INIT KERNELDIR SUITE REGION BUSYBOX OUTPUT.cpio.gz: the initramfs of guests that may have a disk, with INIT as first process. That of
# guests that run a script (script-init) lacks the script itself, which is appended as a second archive with the one file /script. The
# same bytes every time.
set -eu
[ $# -eq 6 ] || { echo "usage: $0 INIT KERNELDIR SUITE REGION BUSYBOX OUTPUT" >&2; exit 64; }
init=$1 kernel=$2 suite=$3 region=$4 busybox=$5 out=$6
src=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/mnt" "$root/root" "$root/etc" "$root/usr"
install -m 755 "$init" "$root/init"
install -m 755 "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
install -m 755 -s "$suite" "$root/bin/suite"
install -m 755 -s "$region" "$root/bin/penumbra-region"
"$src/modules.sh" "$kernel" "$root/lib/modules" virtio_pci virtio_blk crc32c_generic ext4
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$tmp/cpio"
gzip -9n <"$tmp/cpio" >"$tmp/gz"
size=$(stat -c %s "$tmp/gz")
truncate -s $(((size + 3) / 4 * 4)) "$tmp/gz"
mv "$tmp/gz" "$out"
