#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# unpack-kernel: kernels made here as Linux makes them, one a packing, and files that are no such kernel, which are kept as they are.
. "${srcdir:-.}/tests/common.sh"
unpack=$PWD/unpack-kernel
guest=$PWD/workloads/null-exit.elf
[ -s "$guest" ] || skip_all "no guest to pack"
le32() { for shift in 0 8 16 24; do printf '%b' "\\0$(printf %o $(($1 >> shift & 255)))"; done; }
zeroes() { head -c "$1" /dev/zero; }
# bzimage <payload> <length when unpacked>: setup of two sectors, then the payload
bzimage() {
	{
		zeroes $((0x1f1)); printf '\001'; zeroes $((0x202 - 0x1f2)); printf HdrS; zeroes $((0x248 - 0x206))
		le32 16; le32 $(($(wc -c <"$1") + 4)); zeroes $((1024 - 0x250 + 16)); cat "$1"; le32 "$2"
	}
}
loads() { readelf -lW "$1" | awk '$1 == "LOAD" { print $3, $4, $6 }'; }
size=$(wc -c <"$guest")
for packer in "gzip -c" "xz -c --check=crc32" "zstd -qc"; do
	$packer "$guest" >"$tmp/packed"
	bzimage "$tmp/packed" "$size" >"$tmp/vmlinuz"
	"$unpack" "$tmp/vmlinuz" "$tmp/vmlinux" 2>"$tmp/err"
	is "$packer: exit code" $? 0
	is "$packer: says nothing" "$(cat "$tmp/err")" ""
	is "$packer: the kernel's segments" "$(loads "$tmp/vmlinux")" "$(loads "$guest")"
	check "$packer: no larger than it was" test "$(wc -c <"$tmp/vmlinux")" -le "$size"
done
# as_it_is <what>: $tmp/vmlinuz cannot be unpacked
as_it_is() {
	"$unpack" "$tmp/vmlinuz" "$tmp/vmlinux" 2>"$tmp/err"
	is "$1: exit code" $? 0
	has "$1: says so" "$tmp/err" 'used as it is'
	check "$1: the file is kept" cmp -s "$tmp/vmlinuz" "$tmp/vmlinux"
}
cp "$tmp/vmlinuz" "$tmp/whole"
head -c 600 "$tmp/whole" >"$tmp/vmlinuz" && as_it_is "cut in its setup"
head -c 3000 "$tmp/whole" >"$tmp/vmlinuz" && as_it_is "cut in its payload"
bzimage "$tmp/packed" $((size - 1)) >"$tmp/vmlinuz" && as_it_is "a length that is not the kernel's"
head -c 5000 /dev/urandom >"$tmp/vmlinuz" && as_it_is "garbage"
: >"$tmp/vmlinuz" && as_it_is "an empty file"
head -c 5000 /dev/urandom | gzip -c >"$tmp/packed" && bzimage "$tmp/packed" 5000 >"$tmp/vmlinuz" && as_it_is "garbage well packed"
head -c 200 "$guest" | gzip -c >"$tmp/packed" && bzimage "$tmp/packed" 200 >"$tmp/vmlinuz" && as_it_is "a kernel cut short, well packed"
"$unpack" "$tmp/none" "$tmp/vmlinux" 2>"$tmp/err"
is "no such file: exit code" $? 1
has "no such file: says so" "$tmp/err" 'none cannot be read: No such file'
"$unpack" "$tmp/whole" "$tmp/no/where" 2>"$tmp/err"
is "nowhere to write: exit code" $? 1
has "nowhere to write: says so" "$tmp/err" 'cannot be written: No such file'
finish
