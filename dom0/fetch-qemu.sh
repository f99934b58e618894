#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-qemu.sh DIR: the newer QEMU of this release's backports, unpacked below DIR and not installed. Afterwards
# DIR/qemu-system-x86_64 runs it (with the machine's own libraries), DIR/package says which it is. Done once: if it is there,
# nothing happens. Exit status 69: the archive has none, or cannot be reached.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
dir=$1 program=$1/qemu-system-x86_64
if [ -x "$program" ] && [ -s "$dir/package" ]; then exit 0; fi
fail() { echo "fetch-qemu: $1" >&2; exit "${2:-1}"; }

here=$(cd "$(dirname "$0")" && pwd)
PENUMBRA_APT=${PENUMBRA_APT:-$(pwd)/apt}
export PENUMBRA_APT
arch=$(dpkg --print-architecture)
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports
[ "$suite" != -backports ] || fail "this system has no release's name, so none to look for backports of" 69
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

for package in qemu-system-x86 qemu-system-common qemu-system-data seabios; do
	deb=$("$here/fetch-package.sh" $package "$arch" "$work" "$suite") || exit
	dpkg-deb -x "$deb" "$work/root" || fail "$deb cannot be unpacked"
	[ $package != qemu-system-x86 ] || dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >"$work/package"
done
cat >"$work/qemu-system-x86_64" <<'END'
#!/bin/sh
# Made by fetch-qemu.sh: QEMU as it is unpacked here, with its own modules and firmware.
root=$(dirname "$(readlink -f "$0")")/root
QEMU_MODULE_DIR=$(echo "$root"/usr/lib/*/qemu) exec "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
END
chmod 755 "$work/qemu-system-x86_64"
version=$("$work/qemu-system-x86_64" --version 2>&1) || fail "$(cat "$work/package") does not run here: $version"
rm -rf "$dir/root"
mv "$work/root" "$work/qemu-system-x86_64" "$work/package" "$dir/"
