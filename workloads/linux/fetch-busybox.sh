#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-busybox.sh FETCH-PACKAGE ARCH OUTPUT: Debian's static busybox of an architecture, extracted, not installed.
set -eu
fetch=$1 arch=$2 output=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
deb=$("$fetch" busybox-static "$arch" "$work")
dpkg-deb -x "$deb" "$work/root"
mkdir -p "$(dirname "$output")"
# Below /usr since Debian 13.
busybox=$work/root/usr/bin/busybox
[ -e "$busybox" ] || busybox=$work/root/bin/busybox
cp "$busybox" "$output"
