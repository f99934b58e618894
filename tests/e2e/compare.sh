#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `penumbra compare` on real runs: equal runs, of which one workload varies (dom0 disturbs it), raise no alarm in ten pairs; a recipe with one
# part made slower is found, by three sizes. One of the sizes, by the day; all in the long form.
. "${srcdir:-.}/tests/common.sh"
need_images
mkdir "$tmp/results"
compare() { "$bench" compare --results "$tmp/results" "$@"; }

# Five runs make ten pairs.
for n in 1 2 3 4 5; do
	bench_run "$tmp/results/equal$n" --recipe shadow2 --workload demand-fault,log-dirty --repeat 4 --no-trace --no-report
	is "run $n" $? 0
done
[ "$failed" -eq 0 ] || { cat "$tmp"/results/equal*.err; finish; }
for pair in 1-2 1-3 1-4 1-5 2-3 2-4 2-5 3-4 3-5 4-5; do
	compare "equal${pair%-*}" "equal${pair#*-}" >"$tmp/pair"
	is "no alarm between equal runs $pair" $? 0
	has "and nothing better" "$tmp/pair" ' 0 better, 0 worse'
done
compare equal1 equal2 --format json >"$tmp/json"
varies=$(sqlite3 :memory: "SELECT group_concat(DISTINCT json_extract(value, '\$.workload')) \
	FROM json_each(readfile('$tmp/json'), '\$.changes') WHERE NOT json_extract(value, '\$.exact')")
# Its rounds come by dom0's clock: how many find a page dirty is often, not always, another number.
check "nothing varies but what dom0 disturbs: ${varies:-nothing did}" test "${varies:-log-dirty}" = log-dirty

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
