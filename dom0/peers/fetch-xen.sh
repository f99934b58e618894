#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-xen.sh DIR: Debian's Xen and the files to compile against it, unpacked below DIR and not installed. Afterwards DIR/xen is the
# hypervisor, DIR/root/usr the headers and static libraries, DIR/package says which it is. Done once: if they are there, nothing happens.
# Exit status 69: the archive has it not, or cannot be reached.
set -eu
# Of the release's Xen, the last with shadow paging: those after it are built without.
version=4.17.5+72-g01140da4e8-1
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
dir=$1
if [ -s "$dir/xen" ] && [ -s "$dir/package" ]; then exit 0; fi
fail() { echo "fetch-xen: $1" >&2; exit "${2:-1}"; }

here=$(cd "$(dirname "$0")" && pwd)
PENUMBRA_APT=${PENUMBRA_APT:-$(pwd)/apt}
export PENUMBRA_APT
arch=$(dpkg --print-architecture)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

for package in xen-hypervisor-4.17-$arch libxen-dev; do
	deb=$("$here/../fetch-package.sh" "$package=$version" "$arch" "$work") ||
		fail "no $package $version, the last Xen of Debian 12 with shadow paging, can be had here" 69
	dpkg-deb -x "$deb" "$work/root" || fail "$deb cannot be unpacked"
	[ $package = libxen-dev ] || dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >"$work/package"
done
# QEMU boots Multiboot files as they are, without unpacking.
zcat "$work/root/boot/xen-4.17-$arch.gz" >"$work/xen" || fail "$(cat "$work/package") holds no hypervisor"
rm -rf "$dir/root"
mv "$work/root" "$work/package" "$work/xen" "$dir/"
