#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-kernel.sh PACKAGE DIR [ARCH]: Debian's kernel that the meta package PACKAGE depends on, extracted, not installed.
# Afterwards DIR/vmlinuz is the kernel, DIR/modules its modules, DIR/version its version. Done once: if they
# are there, nothing happens. ARCH is Debian's name of the architecture, the machine's own if left out.
set -eu
[ $# -eq 2 ] || [ $# -eq 3 ] || { echo "usage: $0 PACKAGE DIR [ARCH]" >&2; exit 64; }
package=$1 dir=$2 arch=${3:-$(dpkg --print-architecture)}
if [ -s "$dir/version" ] && [ -s "$dir/vmlinuz" ]; then exit 0; fi
fail() { echo "fetch-kernel: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
PENUMBRA_APT=${PENUMBRA_APT:-$(pwd)/apt}
export PENUMBRA_APT
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

deb=$("$here/fetch-package.sh" "$package" "$arch" "$work")
dpkg-deb -x "$deb" root || fail "$deb cannot be unpacked"
kernel=$(echo root/boot/vmlinuz-*)
version=${kernel#root/boot/vmlinuz-}
# Since Debian 13 all that was below /lib is below /usr/lib.
modules=root/usr/lib/modules/$version
[ -d "$modules" ] || modules=root/lib/modules/$version
[ -s "$kernel" ] || fail "$deb holds no kernel"
[ -d "$modules" ] || fail "$deb holds no modules for its kernel $version"
rm -rf "$dir/modules"
mv "$modules" "$dir/modules"
mv "$kernel" "$dir/vmlinuz"
echo "$version" >"$dir/version"
