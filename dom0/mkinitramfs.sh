#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mkinitramfs.sh OUTPUT KERNELDIR INIT BIN... PLUGIN.so...: dom0's initramfs. It is not compressed: a boot would spend a third of its
# instructions on that.
# Programs go to /usr/bin, *.so to /usr/lib/penumbra; with them the shared libraries that they need, busybox,
# LTTng from the installed Debian packages, and the modules of KERNELDIR for a virtio disk.
# The same inputs give the same bytes; its length is a multiple of 512, so that another cpio can be appended.
set -eu
[ $# -ge 4 ] || { echo "usage: $0 OUTPUT KERNELDIR INIT FILE..." >&2; exit 64; }
output=$1 kernel=$2 init=$3
shift 3
fail() { echo "mkinitramfs: $*" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-initramfs.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

need() { [ -e "$1" ] || fail "$1 is missing: apt-get install $2"; }
need /bin/busybox busybox-static
need /usr/bin/lttng-sessiond lttng-tools
need /usr/share/xml/lttng/session.xsd lttng-tools
need "$kernel/modules" "- run fetch-kernel.sh first"
consumerd=$(dpkg -L lttng-tools | grep '/lttng-consumerd$') || fail "lttng-tools has no lttng-consumerd"

mkdir -p "$root/usr/bin" "$root/usr/lib/penumbra" "$root/lib/modules" "$root/etc" "$root/var" "$root/proc" "$root/sys" \
	"$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/out"
for d in bin sbin lib64; do [ $d = lib64 ] || ln -s usr/bin "$root/$d"; done
ln -s bin "$root/usr/sbin"
ln -s /run "$root/var/run"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

# Copies a file and, once each, the libraries that it is linked with.
copy() { # FILE TARGET
	mkdir -p "$root/$(dirname "$2")"
	cp -L "$1" "$root/$2"
}
libraries() {
	ldd "$1" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (0x.*/\1/p'
}
with_libraries() { # FILE TARGET
	copy "$1" "$2"
	chmod 755 "$root/$2"
	libraries "$1" >>"$work/libraries"
}

copy /bin/busybox usr/bin/busybox
/bin/busybox --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
done
with_libraries /usr/bin/lttng usr/bin/lttng
with_libraries /usr/bin/lttng-sessiond usr/bin/lttng-sessiond
with_libraries "$consumerd" "${consumerd#/}"
copy /usr/share/xml/lttng/session.xsd usr/share/xml/lttng/session.xsd
for f in "$@"; do
	case $f in
	*.so) with_libraries "$f" "usr/lib/penumbra/$(basename "$f")" ;;
	*) with_libraries "$f" "usr/bin/$(basename "$f")" ;;
	esac
done
# Loaded at run time, so ldd does not know them: the tracer itself and the unwinder that ends threads.
for name in liblttng-ust.so.1 liblttng-ust-tracepoint.so.1 libgcc_s.so.1; do
	path=$(ldconfig -p | sed -n "s/.*[[:space:]]$name (.*x86-64.*=> //p" | head -n 1)
	[ -n "$path" ] || fail "$name is missing: apt-get install liblttng-ust1 libgcc-s1"
	echo "$path" >>"$work/libraries"
	libraries "$path" >>"$work/libraries"
done

# libxml2 wants ICU's tables, 30 MB that nothing here reads: a library with the one symbol takes their place.
stub_icudata() { # SONAME TARGET
	version=${1##*.}
	echo "const unsigned long long icudt${version}_dat[4] = { 0 };" >"$work/icu.c"
	cc -shared -fPIC -O2 -Wl,-soname,"$1" -o "$root/$2" "$work/icu.c"
}
sort -u "$work/libraries" | while read -r lib; do
	case $lib in
	*/libicudata.so.*)
		mkdir -p "$root/usr/lib"
		stub_icudata "$(basename "$lib")" "usr/lib/$(basename "$lib")"
		;;
	*/ld-linux-x86-64.so.2) copy "$lib" lib64/ld-linux-x86-64.so.2 ;;
	*) copy "$lib" "usr/lib/$(basename "$lib")" ;;
	esac
done

# What one release's kernel has as a module may be part of another's.
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
	path=$(find "$kernel/modules" -name "$module.ko*" | head -n 1)
	case $path in
	*.ko) cp "$path" "$root/lib/modules/" ;;
	*.ko.xz) xz -dc "$path" >"$root/lib/modules/$module.ko" ;;
	*.ko.zst) zstd -dcq "$path" >"$root/lib/modules/$module.ko" ;;
	*) grep -q "/$module\.ko$" "$kernel/modules/modules.builtin" || fail "$kernel has no module $module, and it is no part of the kernel" ;;
	esac
done

cp "$init" "$root/init"
chmod 755 "$root/init"
find "$root" -name '*.so*' -type f ! -path '*/penumbra/*' -exec strip --strip-unneeded {} + 2>/dev/null || true
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >"$work/cpio"
size=$(stat -c %s "$work/cpio")
truncate -s $(((size + 511) / 512 * 512)) "$work/cpio"
mv "$work/cpio" "$output"
