#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Packages as both releases of Debian lay them out, made here, and an apt that only says what it was asked: kernels, busybox and the
# newer QEMU are found in each, what an archive has not is told apart from what cannot be reached, and apt's settings stay as they are.
. "${srcdir:-.}/tests/common.sh"
command -v dpkg-deb >/dev/null || skip_all "no dpkg-deb"
arch=$(dpkg --print-architecture)
mkdir -p "$tmp/bin" "$tmp/debs"
export PATH="$tmp/bin:$PATH" PENUMBRA_APT="$tmp/apt" PENUMBRA_DEBS="$tmp/debs" ASKED="$tmp/asked" KNOWN=yes
# What apt is asked is written down. KNOWN=no: it has no lists.
cat >"$tmp/bin/apt-cache" <<'END'
#!/bin/sh
echo "apt-cache $*" >>"$ASKED"
[ $KNOWN = yes ] || exit 100
for last; do :; done
case "$*/$last" in
*depends*linux-image-*) echo "  Depends: linux-image-6.0-${last#linux-image-}" ;;
*pkgnames*) echo something ;;
*show*/no-such-package) exit 100 ;;
*show*) echo "Package: ${last%%=*}" ;;
esac
END
cat >"$tmp/bin/apt-get" <<'END'
#!/bin/sh
echo "apt-get $*" >>"$ASKED"
case $* in
*indextargets*) [ $KNOWN = no ] || echo "file:/nowhere/debian/" ;;
*download*) exit 100 ;;
esac
END
chmod +x "$tmp/bin/apt-cache" "$tmp/bin/apt-get"
# deb <name> <architecture> [version]: of the tree in $tmp/<name>
deb() {
	mkdir -p "$tmp/$1/DEBIAN"
	printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: nobody\nDescription: a stand-in\n' "$1" "${3:-9.9}" "$2" >"$tmp/$1/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$tmp/$1" "$tmp/debs/${1}_${3:-9.9}_$2.deb" >/dev/null
}
# kernel <meta package> <where modules are, or nothing>
kernel() {
	version=6.0-$1
	mkdir -p "$tmp/linux-image-$version/boot" "$tmp/linux-image-$version/$2/modules/$version/kernel"
	echo "the kernel $1" >"$tmp/linux-image-$version/boot/vmlinuz-$version"
	echo "the module $1" >"$tmp/linux-image-$version/$2/modules/$version/kernel/virtio.ko"
}
kernel old lib && deb linux-image-6.0-old "$arch"
kernel new usr/lib && deb linux-image-6.0-new "$arch"
kernel bare lib && rm -r "$tmp/linux-image-6.0-bare/lib" && deb linux-image-6.0-bare "$arch"
kernel empty lib && rm -r "$tmp/linux-image-6.0-empty/boot" && deb linux-image-6.0-empty "$arch"
for k in old new; do
	"$srcdir/dom0/fetch-kernel.sh" linux-image-$k "$tmp/kernels/$k" >"$tmp/out" 2>&1
	is "a kernel of the $k layout: exit code" $? 0
	is "its image" "$(cat "$tmp/kernels/$k/vmlinuz")" "the kernel $k"
	is "its modules" "$(cat "$tmp/kernels/$k/modules/kernel/virtio.ko")" "the module $k"
	is "its version" "$(cat "$tmp/kernels/$k/version")" "6.0-$k"
done
: >"$ASKED"
"$srcdir/dom0/fetch-kernel.sh" linux-image-new "$tmp/kernels/new"
is "what is there is not fetched again" "$(cat "$ASKED")" ""
for case in "bare|no modules for its kernel 6.0-bare" "empty|holds no kernel"; do
	"$srcdir/dom0/fetch-kernel.sh" "linux-image-${case%%|*}" "$tmp/kernels/${case%%|*}" >"$tmp/out" 2>&1
	is "a kernel package that is ${case%%|*}: exit code" $? 1
	has "a kernel package that is ${case%%|*}: says so" "$tmp/out" "${case#*|}"
	check "a kernel package that is ${case%%|*}: nothing is left" test ! -e "$tmp/kernels/${case%%|*}/vmlinuz"
done

# A peer that has to be of one version: another one is not taken for it.
xen=$(sed -n 's/^version=//p' "$srcdir/dom0/peers/fetch-xen.sh")
mkdir -p "$tmp/xen-hypervisor-4.17-$arch/boot" "$tmp/libxen-dev/usr/include"
echo "a hypervisor" | gzip >"$tmp/xen-hypervisor-4.17-$arch/boot/xen-4.17-$arch.gz"
echo "a header" >"$tmp/libxen-dev/usr/include/xenctrl.h"
deb "xen-hypervisor-4.17-$arch" "$arch" "$xen.1" && deb libxen-dev "$arch" "$xen"
: >"$ASKED"
"$srcdir/dom0/peers/fetch-xen.sh" "$tmp/xen" >"$tmp/out" 2>&1
is "a later Xen only: exit code" $? 69
has "a later Xen only: says which is wanted" "$tmp/out" "no xen-hypervisor-4.17-$arch $(echo "$xen" | sed 's/+/[+]/g'), the last Xen .* with shadow paging"
has "a later Xen only: the one is asked for" "$ASKED" "download xen-hypervisor-4.17-$arch=$(echo "$xen" | sed 's/+/[+]/g')"
check "a later Xen only: nothing is left" test ! -e "$tmp/xen/xen"
deb "xen-hypervisor-4.17-$arch" "$arch" "$xen"
"$srcdir/dom0/peers/fetch-xen.sh" "$tmp/xen" >"$tmp/out" 2>&1
is "that Xen: exit code" $? 0
is "that Xen: unpacked" "$(cat "$tmp/xen/xen" "$tmp/xen/root/usr/include/xenctrl.h" "$tmp/xen/package" | paste -sd, -)" \
	"a hypervisor,a header,xen-hypervisor-4.17-$arch $xen"
: >"$ASKED"
"$srcdir/dom0/peers/fetch-xen.sh" "$tmp/xen" >"$tmp/out" 2>&1
is "what is there is not fetched again" "$(cat "$ASKED")" ""
gzip -dc </dev/null >"$tmp/xen-hypervisor-4.17-$arch/boot/xen-4.17-$arch.gz" 2>/dev/null
rm -rf "$tmp/xen" && deb "xen-hypervisor-4.17-$arch" "$arch" "$xen"
"$srcdir/dom0/peers/fetch-xen.sh" "$tmp/xen" >"$tmp/out" 2>&1
is "a package without its hypervisor: exit code" $? 1
check "a package without its hypervisor: nothing is left" test ! -e "$tmp/xen/xen"

for where in bin usr/bin; do
	rm -rf "$tmp/busybox-static"
	mkdir -p "$tmp/busybox-static/$where"
	echo "in $where" >"$tmp/busybox-static/$where/busybox"
	deb busybox-static i386
	"$srcdir/workloads/linux/fetch-busybox.sh" "$srcdir/dom0/fetch-package.sh" i386 "$tmp/busybox" >"$tmp/out" 2>&1
	is "busybox in /$where" "$(cat "$tmp/busybox")" "in $where"
done

# refused <what> <status> <word> <command...>
refused() {
	what=$1 status=$2 word=$3
	shift 3
	mkdir -p "$tmp/work"
	"$@" >"$tmp/out" 2>&1
	is "$what: exit code" $? "$status"
	has "$what: says why" "$tmp/out" "$word"
}
fetch=$srcdir/dom0/fetch-package.sh
refused "a package that the archive has not" 69 'has no package no-such-package for i386' "$fetch" no-such-package i386 "$tmp/work"
refused "none in that suite" 69 'strange-backports has no package no-such-package' "$fetch" no-such-package "$arch" "$tmp/work" strange-backports
KNOWN=no refused "no lists" 69 'check .*the network' "$fetch" no-such-package i386 "$tmp/work"
KNOWN=no refused "no archive of that suite" 69 'no archive of other: check' "$fetch" no-such-package "$arch" "$tmp/work" other-backports
refused "a package that does not come" 69 'is there a network' "$fetch" absent "$arch" "$tmp/work"

# The newer QEMU: four packages of another suite, by lists and sources of their own.
mkdir -p "$tmp/qemu-system-x86/usr/bin" "$tmp/qemu-system-common/usr/lib/x/qemu" "$tmp/qemu-system-data/usr/share/qemu" "$tmp/seabios/usr/share/seabios"
printf '#!/bin/sh\necho "QEMU emulator version 99.1 $QEMU_MODULE_DIR $*"\n' >"$tmp/qemu-system-x86/usr/bin/qemu-system-x86_64"
chmod 755 "$tmp/qemu-system-x86/usr/bin/qemu-system-x86_64"
deb qemu-system-x86 "$arch" && deb qemu-system-common "$arch" && deb qemu-system-data all && deb seabios all
: >"$ASKED"
"$srcdir/dom0/fetch-qemu.sh" "$tmp/next" >"$tmp/out" 2>&1
is "the newer QEMU: exit code" $? 0
root=$tmp/next/root
is "it runs with its own modules and firmware" "$("$tmp/next/qemu-system-x86_64" -cpu 'a b')" \
	"QEMU emulator version 99.1 $root/usr/lib/x/qemu -L $root/usr/share/qemu -L $root/usr/share/seabios -cpu a b"
is "which it is" "$(cat "$tmp/next/package")" "qemu-system-x86 9.9"
is "apt's own sources and lists are asked for nothing but where the archive is" \
	"$(grep -v 'indextargets' "$ASKED" | grep -vc "Dir::State=$tmp/apt/.*Dir::Etc::SourceList=$tmp/apt/\|Dir::Etc::SourceList=$tmp/apt/.*Dir::State=$tmp/apt/")" 0
check "the private sources name backports of that archive" grep -q '^deb .*file:/nowhere/debian/ [a-z]*-backports main$' "$tmp"/apt/*-backports-"$arch"/sources.list
printf '#!/bin/sh\necho "no such library" >&2\nexit 1\n' >"$tmp/qemu-system-x86/usr/bin/qemu-system-x86_64"
deb qemu-system-x86 "$arch"
refused "a QEMU that does not run here" 1 'qemu-system-x86 9.9 does not run here: no such library' "$srcdir/dom0/fetch-qemu.sh" "$tmp/broken"
rm "$tmp"/debs/qemu-system-data*
refused "a suite without it" 69 'cannot download qemu-system-data' "$srcdir/dom0/fetch-qemu.sh" "$tmp/absent"
check "and nothing that looks like one" test ! -e "$tmp/absent/qemu-system-x86_64"
finish
