#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-package.sh PACKAGE[=VERSION] ARCH DIR [SUITE]: Debian's package, downloaded into DIR and not installed; its path is printed.
# A kernel's meta package ("linux-image-amd64") stands for the kernel that it depends on. SUITE is another one than the
# machine's ("bookworm-backports"), from the same archive. Exit status 69: the archive has it not, or cannot be reached.
#
# Packages of the machine's own architecture and suite come by its own package lists. All others come by lists of
# their own in $PENUMBRA_APT (default: ./apt), made from the machine's sources: its settings stay as they are.
# A package file that lies in $PENUMBRA_DEBS is used instead of the network.
set -eu
[ $# -eq 3 ] || [ $# -eq 4 ] || { echo "usage: $0 PACKAGE ARCH DIR [SUITE]" >&2; exit 64; }
package=${1%%=*} arch=$2 dir=$3 suite=${4:-} version=
[ "$package" = "$1" ] || version=${1#*=}
fail() { echo "fetch-package: $*" >&2; exit 69; }
system() { (. /etc/os-release && echo "$PRETTY_NAME") 2>/dev/null || echo "this system"; }
cd "$dir"

private=
if [ -n "$suite" ] || [ "$arch" != "$(dpkg --print-architecture)" ]; then
	base=${PENUMBRA_APT:-$OLDPWD/apt}/${suite:+$suite-}$arch
	mkdir -p "$base/lists/partial" "$base/cache/archives/partial"
	private=$(cd "$base" && pwd)
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
	if [ -n "$suite" ]; then
		set -- -o Dir::Etc::SourceList="$private/sources.list" -o Dir::Etc::SourceParts=/dev/null "$@"
	fi
	"$program" -o APT::Sandbox::User=root "$@"
}
# The archive that the machine's own release comes from; apt knows which that is once it has the lists.
archive() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: ${suite%%-*}" 2>/dev/null | head -n 1; }
write_sources() {
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	uri=$(archive)
	[ -n "$uri" ] || { apt-get -o APT::Sandbox::User=root update >"$dir/update.log" 2>&1 || true; uri=$(archive); }
	[ -n "$uri" ] || fail "apt knows no archive of ${suite%%-*}: check /etc/apt/sources.list and the network, then \"apt-get update\""
	[ ! -r $keyring ] && keyring= || keyring="[signed-by=$keyring] "
	echo "deb $keyring$uri $suite main" >"$private/sources.list"
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
	*) with_apt apt-cache show "$package${version:+=$version}" 2>/dev/null | sed -n 's/^Package: //p' | head -n 1 ;;
	esac
}
find_deb() { find "$1" -maxdepth 1 \( -name "${real:-$package}_${version:-*}_$arch.deb" -o -name "${real:-$package}_${version:-*}_all.deb" \) | sort | tail -n 1; }
fail_unknown() {
	[ -z "$private" ] || [ -z "$(with_apt apt-cache pkgnames 2>/dev/null | head -n 1)" ] ||
		fail "${suite:-$(system)} has no package $package for $arch"
	fail "apt knows no package $package for $arch: check /etc/apt/sources.list and the network, then \"apt-get update\""
}

dir=$(pwd)
[ -z "$suite" ] || [ -s "$private/sources.list" ] || write_sources
real=$(name)
if [ -z "$real" ]; then
	update
	real=$(name)
fi
deb=
[ -z "${PENUMBRA_DEBS:-}" ] || deb=$(find_deb "$PENUMBRA_DEBS")
if [ -z "$deb" ]; then
	[ -n "$real" ] || fail_unknown
	# Lists of yesterday may name what is gone today.
	with_apt apt-get download "$real${version:+=$version}" >"$dir/download.log" 2>&1 || { update; real=$(name); with_apt apt-get download "$real${version:+=$version}" >"$dir/download.log" 2>&1; } ||
		{ cat "$dir/download.log" >&2; fail "cannot download $real for $arch: is there a network? (or point PENUMBRA_DEBS at a directory with the package)"; }
	deb=$(find_deb "$dir")
fi
[ -s "$deb" ] || fail "$real for $arch was not downloaded"
echo "$deb"
