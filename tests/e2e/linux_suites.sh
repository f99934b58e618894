#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Debian's programs in one guest, natively and under two recipes: each phase is measured and its result is what the host made, shadows
# pass the audit. And the guest notices when a result is another one. With PENUMBRA_LONG the same of the long forms, under one recipe.
. "${srcdir:-.}/tests/common.sh"
need_images
image=$build/workloads/linux-suites.cpio
[ -s "$image" ] || { echo "SKIP: $(cat "$image.unavailable" 2>/dev/null || echo "$image is not built")"; exit 77; }
# of SET: its phases
phases() { sed -n "s/^$1  *\([^ ]*\) .*/\1/p" "$srcdir/workloads/linux/suites/phases"; }
is "the quick set has its phases" "$(phases quick | wc -l | tr -d ' ')" 17

bench_run "$tmp/out" --recipe native,shadow2,adaptive --workload linux-suites --repeat 1 --no-trace
is "all guests finish, their results are right and the audit is clean" $? 0
csv=$tmp/out/results.csv
for r in native shadow2 adaptive; do
	for phase in $(phases quick); do
		is "$r: $phase is measured" "$(rows "$csv" $r linux-suites $phase | wc -l | tr -d ' ')" 1
	done
done

# A checksum that is another: an archive behind the guest's own takes the place of one file.
mkdir -p "$tmp/more/suites"
echo "0000000000000000000000000000000000000000000000000000000000000000  ./answer" >"$tmp/more/suites/tcc.sha256"
size=$(stat -c %s "$image")
cp "$image" "$tmp/initrd"
truncate -s $(((size + 3) / 4 * 4)) "$tmp/initrd"
(cd "$tmp/more" && find . | cpio --quiet -o -H newc) >>"$tmp/initrd"
words=$(sed -n 's/^WORKLOAD(linux-suites, "linux-suites", linux, 4, "\([^"]*\)".*/\1/p' "$srcdir/workloads/workloads.def")
timeout 300 qemu-system-x86_64 -accel tcg -cpu EPYC,-smap,-monitor -icount shift=0,sleep=off -m 256 -nodefaults -display none -no-reboot \
	-kernel "$build/kernels/amd64/vmlinux" -append "$words no5lvl" -initrd "$tmp/initrd" -serial "file:$tmp/wrong" \
	-device isa-debug-exit,iobase=0xf4,iosize=4 2>/dev/null
is "a wrong result ends the guest with failure" $? 3
has "it says whose" "$tmp/wrong" '^@fail tcc made something else than the host'
has "and of which file" "$tmp/wrong" 'answer: FAILED'

[ -n "${PENUMBRA_LONG:-}" ] || finish
make -s linux-long >"$tmp/make" 2>&1 || bad "the long forms' disk is made: $(tail -n 3 "$tmp/make")"
disk=$build/workloads/linux-long.ext4
[ -s "$disk" ] || { skip "$(cat "$disk.unavailable")"; finish; }
sed -n 's/^WORKLOAD(linux-long, "\([^"]*\)".* suites.set=\([a-z]*\)".*/\1 \2/p' "$srcdir/workloads/workloads.def" >"$tmp/long"
bench_run "$tmp/full" --recipe adaptive --workload "$(cut -d ' ' -f 1 "$tmp/long" | paste -s -d ,)" --repeat 1 --no-trace
is "all long guests finish, their results are right and the audit is clean" $? 0
while read -r guest set; do
	check "$guest has phases" test -n "$(phases "$set")"
	for phase in $(phases "$set"); do
		is "$guest: $phase is measured" "$(rows "$tmp/full/results.csv" adaptive "$guest" $phase | wc -l | tr -d ' ')" 1
	done
done <"$tmp/long"
finish
