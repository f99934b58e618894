#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `penumbra compare` on real runs: equal runs, of which one row varies for certain, raise no alarm in ten pairs; a recipe with one
# part made slower is found, by three sizes. One of the sizes, by the day; all in the long form.
. "${srcdir:-.}/tests/common.sh"
need_images
mkdir "$tmp/results"
compare() { "$bench" compare --results "$tmp/results" "$@"; }

# What repeats is what runs alone. This guest computes for some of dom0's ticks first and takes what the TSC's lowest bits are then, which dom0's
# instructions are in, for the length of what is measured: up to 3 in 100 more or less, beyond the threshold.
cat >"$tmp/unlike.S" <<'END'
	.align 4
	.long 0x1badb002, 3, -(0x1badb002 + 3)
	.globl start
start:	mov $10000000, %ecx
1:	loop 1b
	rdtsc
	and $63, %eax
	lea 2000(%eax), %esi
	mov $begin, %edi
	mov $0x3f8, %edx
2:	mov (%edi), %al
	test %al, %al
	jz 3f
	out %al, %dx
	inc %edi
	jmp 2b
3:	xor %eax, %eax
	cpuid
	dec %esi
	jnz 3b
	cli
4:	hlt
	jmp 4b
begin:	.asciz "begin\n"
END
(cd "$tmp" && gcc -m32 -c unlike.S -o unlike.o && ld -m elf_i386 -N --no-warn-rwx-segments -Ttext=0x100000 -e start -o unlike.elf unlike.o) ||
	bad "the guest does not build"

# Five runs make ten pairs.
for n in 1 2 3 4 5; do
	bench_run "$tmp/results/equal$n" --recipe shadow2 --workload demand-fault,log-dirty --guest "$tmp/unlike.elf" --from begin \
		--memory 16 --repeat 4 --no-trace --no-report
	is "run $n" $? 0
done
[ "$failed" -eq 0 ] || { cat "$tmp"/results/equal*.err; finish; }
for pair in 1-2 1-3 1-4 1-5 2-3 2-4 2-5 3-4 3-5 4-5; do
	compare "equal${pair%-*}" "equal${pair#*-}" >"$tmp/pair"
	is "no alarm between equal runs $pair" $? 0
	has "and nothing better" "$tmp/pair" ' 0 better, 0 worse'
	compare "equal${pair%-*}" "equal${pair#*-}" --format json >"$tmp/json"
	# log-dirty's rounds come by dom0's clock: how many find a page dirty is often, not always, another number.
	varies=$(sqlite3 :memory: "SELECT DISTINCT json_extract(value, '\$.workload') \
		FROM json_each(readfile('$tmp/json'), '\$.changes') WHERE NOT json_extract(value, '\$.exact')" | grep -v '^log-dirty$')
	is "though one row varies" "$varies" unlike
done

# The part that judges writes to page tables is slowed down by so many rounds of an empty loop.
tree=$tmp/tree
mkdir "$tree"
(cd "$srcdir" && tar -cf - --exclude=./build --exclude=./.git --exclude=./results --exclude='*.o' --exclude='*.elf' .) | tar -xf - -C "$tree"
chmod -R u+w "$tree"
mkdir "$tree/build" && cd "$tree/build" && ../configure -q >"$tmp/configure" 2>&1
is "it is configured" $? 0
for file in "$build"/*; do # all but the image that is built anew
	case ${file##*/} in Makefile | config.* | hv-obj | recipes | pairs | penumbra-shadow2.elf*) ;; *) [ -e "${file##*/}" ] || ln -s "$file" . ;; esac
done
part=$tree/policies/parts/sync_emulate.h
cp "$part" "$tmp/part"
slowed() { # ROUNDS
	sed '/^SH_PART enum verdict emulate_table_write/,/^}/s/^{$/{ for (volatile int i = 0; i < '"$1"'; i++) { }/' "$tmp/part" >"$part"
	check "the part is another one" sh -c '! cmp -s "$0" "$1"' "$part" "$tmp/part"
	nice make -s -j2 penumbra-shadow2.elf >"$tmp/make" 2>&1
	is "it builds" $? 0
	bench_run "$tmp/results/slow$1" --build . --recipe shadow2 --workload demand-fault,log-dirty --repeat 3 --no-trace --no-report \
		--baseline equal1
	is "slowed by $1 rounds: the run tells that it is worse than its baseline" $? 1
	has "and where" "$tmp/results/slow$1.out" 'shadow2 +demand-fault +fault +instructions .* \+[0-9.]+ % +exact'
	check "and a page has it" test -s "$tmp/results/slow$1/comparison.html"
	compare equal2 "slow$1" --format junit >"$tmp/junit"
	is "compare says so, too" $? 1
	has "as a failed test case" "$tmp/junit" '<failure message="'
	compare "slow$1" equal2 >"$tmp/back"
	is "the other way round nothing is worse" $? 0
	has "but better" "$tmp/back" '^Better'
}
for rounds in $(sh "$srcdir/tests/day.sh" 1 2 10 100); do
	slowed "$rounds"
done
finish
