#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes images that no loader may accept. usage: mkbad.sh <kind> <good ELF> <output>
# The kinds are the names in hostile.def. Offsets are those of ELF64: the program
# headers stand at 64, 56 bytes each; guest.lds makes them text, data, note.
set -eu
kind=$1 good=$2 out=$3

# poke <byte offset> <8 bytes as octal escapes, lowest first>
poke() {
	printf "$2" | dd of="$out" bs=1 seek="$1" conv=notrunc status=none
}
text=64 data=120 note=176
far='\000\000\000\000\160\000\000\000'	# 448 GiB
wrap='\000\360\377\377\377\377\377\377'	# one page below 2^64

cp "$good" "$out"
case $kind in
garbage)
	# A linear congruential generator, so that every build makes the same bytes.
	LC_ALL=C awk 'BEGIN { x = 1; for (i = 0; i < 65536; i++) { x = (x * 16807) % 2147483647; printf "%c", 1 + x % 255 } }' >"$out" ;;
empty)		: >"$out" ;;
truncated)	head -c 6000 "$good" >"$out" ;;
header-only)	head -c 64 "$good" >"$out" ;;
no-note)	poke $note '\000\000\000\000\000\000\000\000' ;;
bad-segment)	poke $((text + 24)) "$far" ;;
wrap-segment)	poke $((text + 24)) "$wrap" ;;
bad-offset)	poke $((text + 8)) "$wrap" ;;
huge-bss)	poke $((data + 40)) "$far" ;;
*)		echo "mkbad.sh: no such kind: $kind" >&2; exit 1 ;;
esac
