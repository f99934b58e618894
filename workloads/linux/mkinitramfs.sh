#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Packs the Linux guest's initramfs, the same bytes every time. It is not compressed: every guest would spend a seventh of its boot on that.
# usage: mkinitramfs.sh <source folder> <suite program> <busybox, static> <output .cpio>
set -eu
src=$1 suite=$2 busybox=$3 out=$4
for file in "$suite" "$busybox"; do
	[ -s "$file" ] || { echo "$(cat "$file.unavailable" 2>/dev/null || echo "$file is missing")" >&2; exit 1; }
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc"
install -m 755 "$src/init" "$root/init"
install -m 755 "$src/shell-loop" "$root/bin/shell-loop"
install -m 755 "$busybox" "$root/bin/busybox"
install -m 755 -s "$suite" "$root/bin/suite"
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$tmp/cpio"
mv "$tmp/cpio" "$out"
