#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# penumbra-mkguest --packages A,B,.. [--build DIR] OUTPUT: an initramfs for `penumbra run --script FILE --initrd OUTPUT`: that of the suites'
# scripts (busybox, penumbra-region, a disk's drivers), and behind it Debian's packages A, B and what they depend on, unpacked. They are
# downloaded by apt, as this machine is set up, and not installed; scripts of theirs that would set them up are not run. The same
# packages give the same bytes. A package file that lies in $PENUMBRA_DEBS is used instead of the network.
set -eu
usage() { echo "usage: penumbra-mkguest --packages A,B,.. [--build DIR] OUTPUT" >&2; exit 64; }
fail() { echo "penumbra-mkguest: $*" >&2; exit 1; }
packages='' build='' output=''
while [ $# -gt 0 ]; do
	case $1 in
	--packages) [ $# -ge 2 ] || usage; packages=$2; shift ;;
	--packages=*) packages=${1#*=} ;;
	--build) [ $# -ge 2 ] || usage; build=$2; shift ;;
	--build=*) build=${1#*=} ;;
	-*) usage ;;
	*) [ -z "$output" ] || usage; output=$1 ;;
	esac
	shift
done
[ -n "$packages" ] && [ -n "$output" ] || usage

# Beside this program in the build directory, or where it was installed.
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
for dir in ${build:+"$build"} "$here" "$here/../share/penumbra"; do
	base=$dir/workloads/linux-script.cpio.gz
	[ ! -s "$base" ] || break
done
[ -s "$base" ] || fail "there is no workloads/linux-script.cpio.gz: run \`make\` in the build directory, or say --build DIR"
for program in apt-get apt-cache dpkg-deb cpio gzip; do
	command -v $program >/dev/null || fail "$program is not here: this needs a Debian system"
done

output=$(readlink -f "$output") || fail "there is no directory for that output"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mkdir "$tmp/root" "$tmp/debs"

# Names, each once: of packages, and of what packages provide.
names() {
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" 2>"$tmp/err" |
		sed -n 's/^\([a-z0-9][a-z0-9.+-]*\)$/\1/p' | LC_ALL=C sort -u
}
list=$(echo "$packages" | tr ',' ' ')
for p in $list; do
	apt-cache show "$p" >/dev/null 2>&1 ||
		fail "apt knows no package $p: check its name and /etc/apt/sources.list, then \"apt-get update\""
done
# What every package may count on, and what no guest without a package manager needs.
# shellcheck disable=SC2086 # names are words
wanted=$(names $list | grep -Evx 'dpkg|apt|debconf|debconf-2\.0|perl-base|install-info|ucf|cdebconf|tar|init-system-helpers|sysvinit-utils')
[ -n "$wanted" ] || fail "apt does not say what $packages depends on: $(tail -n 1 "$tmp/err")"
# Those that packages are, of all names that stand for some.
# shellcheck disable=SC2086
wanted=$(apt-cache show --no-all-versions $wanted 2>/dev/null | sed -n 's/^Package: //p' | LC_ALL=C sort -u)
missing=
for p in $wanted; do
	deb=
	[ -z "${PENUMBRA_DEBS:-}" ] || deb=$(find "$PENUMBRA_DEBS" -maxdepth 1 -name "${p}_*.deb" | LC_ALL=C sort | tail -n 1)
	[ -n "$deb" ] && ln -s "$(readlink -f "$deb")" "$tmp/debs/" || missing="$missing $p"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || (cd "$tmp/debs" && apt-get -o APT::Sandbox::User=root download $missing) >"$tmp/err" 2>&1 ||
	fail "$(tail -n 1 "$tmp/err") (is there a network? or point PENUMBRA_DEBS at a directory with these packages:$missing)"
for deb in "$tmp/debs"/*.deb; do dpkg-deb -x "$deb" "$tmp/root" || fail "$(basename "$deb") cannot be unpacked"; done
for part in doc man info locale lintian bug doc-base; do rm -rf "$tmp/root/usr/share/$part"; done
# Since Debian 13 all that was in /lib64 is below /usr, and base-files, which is not here, has the link.
[ ! -d "$tmp/root/usr/lib64" ] || [ -e "$tmp/root/lib64" ] || ln -s usr/lib64 "$tmp/root/lib64"
find "$tmp/root" -exec touch -h -d @0 {} +
(cd "$tmp/root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$tmp/cpio"
gzip -9n <"$tmp/cpio" >"$tmp/gz"
cat "$base" "$tmp/gz" >"$output.part" || fail "$output cannot be written"
mv "$output.part" "$output"
echo "$output: $(echo "$wanted" | wc -l) packages, $(stat -c %s "$output") bytes, $(stat -c %s "$tmp/cpio") unpacked: give the guest memory for both"
