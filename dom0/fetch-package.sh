#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-package.sh PACKAGE ARCH DIR: Debian's package, downloaded into DIR and not installed; its path is printed.
# A kernel's meta package ("linux-image-amd64") stands for the kernel that it depends on.
#
# Packages of the machine's own architecture come by its own package lists. Those of another one come by lists of
# their own in $PENUMBRA_APT (default: ./apt), made from the machine's sources: its settings stay as they are.
# A package file that lies in $PENUMBRA_DEBS is used instead of the network.
set -eu
[ $# -eq 3 ] || { echo "usage: $0 PACKAGE ARCH DIR" >&2; exit 64; }
package=$1 arch=$2 dir=$3
fail() { echo "fetch-package: $*" >&2; exit 1; }
cd "$dir"

private=
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
	base=${PENUMBRA_APT:-$OLDPWD/apt}
	mkdir -p "$base/$arch/lists/partial" "$base/$arch/cache/archives/partial"
	private=$(cd "$base/$arch" && pwd)
	touch "$private/status"
fi
# apt's own user may not be allowed into these directories.
with_apt() { # PROGRAM ARGUMENT...
	program=$1
	shift
	if [ -n "$private" ]; then
		set -- -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::State="$private" \
			-o Dir::State::lists="$private/lists" -o Dir::State::status="$private/status" -o Dir::Cache="$private/cache" \
			-o Acquire::Languages=none "$@"
	fi
	"$program" -o APT::Sandbox::User=root "$@"
}
update() {
	if [ -z "$private" ]; then
		apt-get update >"$dir/update.log" 2>&1 || true
	else
		# Several of these may run at once.
		(flock 9 && with_apt apt-get update) >"$private/update.log" 2>&1 9>"$private/lock" || true
	fi
}
name() {
	case $package in
	linux-image-*) with_apt apt-cache depends "$package" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1 ;;
	*) with_apt apt-cache show "$package" 2>/dev/null | sed -n 's/^Package: //p' | head -n 1 ;;
	esac
}
find_deb() { find "$1" -maxdepth 1 -name "${real:-$package}_*_$arch.deb" | sort | tail -n 1; }

dir=$(pwd)
real=$(name)
if [ -z "$real" ]; then
	update
	real=$(name)
fi
deb=
[ -z "${PENUMBRA_DEBS:-}" ] || deb=$(find_deb "$PENUMBRA_DEBS")
if [ -z "$deb" ]; then
	[ -n "$real" ] || fail "apt knows no package $package for $arch: check /etc/apt/sources.list and the network, then \"apt-get update\""
	# Lists of yesterday may name what is gone today.
	with_apt apt-get download "$real" >"$dir/download.log" 2>&1 || { update; real=$(name); with_apt apt-get download "$real" >"$dir/download.log" 2>&1; } ||
		{ cat "$dir/download.log" >&2; fail "cannot download $real for $arch: is there a network? (or point PENUMBRA_DEBS at a directory with the package)"; }
	deb=$(find_deb "$dir")
fi
[ -s "$deb" ] || fail "$real for $arch was not downloaded"
echo "$deb"
