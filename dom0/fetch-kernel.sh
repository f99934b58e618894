#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-kernel.sh PACKAGE DIR: Debian's kernel that the meta package PACKAGE depends on, extracted, not installed.
# Afterwards DIR/vmlinuz is the kernel, DIR/modules its modules, DIR/version its version. Done once: if DIR/version
# is there, nothing happens. A package file that lies in $PENUMBRA_DEBS is used instead of the network.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 PACKAGE DIR" >&2; exit 64; }
package=$1 dir=$2
[ ! -s "$dir/version" ] || exit 0
fail() { echo "fetch-kernel: $*" >&2; exit 1; }

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

depends() {
	apt-cache depends "$package" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1
}
real=$(depends)
if [ -z "$real" ]; then
	# No package lists yet: root can fetch them.
	apt-get update >update.log 2>&1 || true
	real=$(depends)
fi
deb=
if [ -n "${PENUMBRA_DEBS:-}" ]; then
	deb=$(find "$PENUMBRA_DEBS" -name "${real:-$package}_*.deb" | sort | tail -n 1)
fi
if [ -z "$deb" ]; then
	[ -n "$real" ] || fail "apt knows no package $package: check /etc/apt/sources.list and the network, then \"apt-get update\""
	# apt's own user may not be allowed into this directory.
	apt-get -o APT::Sandbox::User=root download "$real" >download.log 2>&1 ||
		{ cat download.log >&2; fail "cannot download $real: is there a network? (or point PENUMBRA_DEBS at a directory with the package)"; }
	deb=$(echo "$real"_*.deb)
fi
dpkg-deb -x "$deb" root || fail "$deb cannot be unpacked"
kernel=$(echo root/boot/vmlinuz-*)
version=${kernel#root/boot/vmlinuz-}
[ -s "$kernel" ] && [ -d "root/lib/modules/$version" ] || fail "$deb holds no kernel"
rm -rf "$dir/modules"
mv "root/lib/modules/$version" "$dir/modules"
mv "$kernel" "$dir/vmlinuz"
echo "$version" >"$dir/version"
