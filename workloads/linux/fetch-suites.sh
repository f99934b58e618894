#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-suites.sh DIR quick|full ARCH: what the guests linux-suites (quick) and those of linux-long (full) run, from Debian's archive, unpacked
# and not installed: DIR/root has the programs of that architecture with their libraries, DIR/source the source package that they work on.
# Done once: if DIR/complete is there, nothing happens.
#
# apt chooses, downloads and verifies: with the machine's own package lists for programs of its own architecture, with lists of their own in
# $PENUMBRA_APT (default: ./apt) for another's, and for sources. Package files in $PENUMBRA_DEBS are used instead of the network: *.deb,
# and the source's files.
set -eu
[ $# -eq 3 ] || { echo "usage: $0 DIR quick|full ARCH" >&2; exit 64; }
dir=$1 size=$2 arch=$3
programs="tcc libc6-dev xz-utils zstd gzip sqlite3 rt-tests stress-ng lua5.4" source=lua5.4
[ "$size" = quick ] || programs="$programs gcc make redis-server redis-tools linux-perf"
[ ! -e "$dir/complete" ] || exit 0
fail() { echo "fetch-suites: $*" >&2; exit 69; }

apt=${PENUMBRA_APT:-$(pwd)/apt}
base=$apt/source own=$apt/$arch
mkdir -p "$dir" "$base/lists/partial" "$base/cache/archives/partial" "$own/lists/partial" "$own/cache/archives/partial"
dir=$(cd "$dir" && pwd) base=$(cd "$base" && pwd) own=$(cd "$own" && pwd)
rm -rf "$dir/root" "$dir/source" "$dir/debs"
mkdir -p "$dir/root" "$dir/source" "$dir/debs"
: >"$base/status"
as_root="-o APT::Sandbox::User=root" # apt's own user may not be allowed into these directories

# The package lists of the architecture: the machine's own, or those that dom0/fetch-package.sh has as well.
with_apt() { # PROGRAM ARGUMENT...
	program=$1
	shift
	if [ "$arch" != "$(dpkg --print-architecture)" ]; then
		set -- -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::State="$own" -o Dir::State::lists="$own/lists" \
			-o Dir::Cache="$own/cache" -o Acquire::Languages=none "$@"
	fi
	"$program" $as_root "$@"
}
# All that apt would install on an empty machine; of what is not named, libraries alone, and of them none that is an interpreter's or a driver's.
closure() {
	with_apt apt-get -o Dir::State::status="$base/status" -s install --no-install-recommends $programs 2>"$dir/apt.log" |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p' | while read -r name; do
		case " $programs linux-libc-dev " in *" $name "*) echo "$name"; continue ;; esac
		case $name in
		libperl5* | libpython3.*[0-9]) [ "$size" = quick ] || echo "$name" ;; # perf's
		*-perl | libperl* | libpython* | libpam* | libllvm* | libegl-mesa* | libx11-data) ;;
		lib* | zlib1g | binutils* | cpp-* | gcc-[0-9]*) echo "$name" ;;
		esac
	done
}
offline() { # NAME: its package file in $PENUMBRA_DEBS
	[ -n "${PENUMBRA_DEBS:-}" ] && find "$PENUMBRA_DEBS" -maxdepth 1 -name "$1_*.deb" | sort | tail -n 1 | grep .
}
fetch_programs() {
	missing=
	for name in $(closure); do
		if deb=$(offline "$name"); then cp "$deb" "$dir/debs"; else missing="$missing $name"; fi
	done
	[ -n "$missing" ] || [ -n "$(ls "$dir/debs")" ] || return 1
	[ -z "$missing" ] || (cd "$dir/debs" && with_apt apt-get download $missing) >"$dir/apt.log" 2>&1
}

with_sources() { # PROGRAM ARGUMENT...
	program=$1
	shift
	"$program" $as_root -o Dir::State="$base" -o Dir::State::lists="$base/lists" -o Dir::State::status="$base/status" -o Dir::Cache="$base/cache" \
		-o Dir::Etc::SourceList="$base/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Acquire::Languages=none "$@"
}
# The archive that the machine's own release comes from, as a source of sources.
write_sources() {
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $codename" 2>/dev/null | head -n 1)
	[ -n "$uri" ] || return 1
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -r $keyring ] && keyring= || keyring="[signed-by=$keyring] "
	echo "deb-src $keyring$uri $codename main" >"$base/sources.list"
}
fetch_source() {
	cd "$dir/source"
	[ -z "${PENUMBRA_DEBS:-}" ] || cp "$PENUMBRA_DEBS/$source"_*.orig.tar.* . 2>/dev/null || true
	[ -z "$(ls)" ] || return 0
	write_sources || return 1
	# Several of these may run at once. A list of yesterday may name what is gone today.
	(
		flock 9
		with_sources apt-get source --download-only --tar-only "$source" ||
			{ with_sources apt-get update && with_sources apt-get source --download-only --tar-only "$source"; }
	) >"$dir/apt.log" 2>&1 9>"$base/lock"
}

# Several of these may run at once.
update() { (flock 9 && with_apt apt-get update) >"$dir/update.log" 2>&1 9>"$own/lock" || true; }
fetch_programs || { update; fetch_programs; } ||
	fail "the suites' packages cannot be downloaded: is there a network? (or point PENUMBRA_DEBS at a directory with them; apt said: $(tail -n 1 "$dir/apt.log"))"
for deb in "$dir/debs"/*.deb; do dpkg-deb -x "$deb" "$dir/root" || fail "$deb cannot be unpacked"; done
(fetch_source) || fail "the source package $source cannot be downloaded: is there a network? (apt said: $(tail -n 1 "$dir/apt.log"))"
rm -rf "$dir/debs"
: >"$dir/complete"
