#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `penumbra bench-engine` on shadow3's engine: that its instructions repeat to the digit and its trips are those that `explain` counts, that
# compare and history read it, what perf gives (by a stand-in, fake-perf) and what is left out where it cannot count; and what it says to those
# who ask wrongly. No QEMU.
. "${srcdir:-.}/tests/common.sh"
for program in penumbra-engine-shadow3 penumbra-engine-mix-shadow3; do
	[ -x "$build/$program" ] || { bad "$program is there"; finish; }
done
command -v valgrind >/dev/null || skip_all "no valgrind"
res=$tmp/results
fake=$tmp/fake
mkdir -p "$fake"
ln -s "$srcdir/tests/bench/fake-perf" "$fake/perf"
# measure <name> <options...>: into $res/<name>
measure() {
	name=$1
	shift
	"$bench" bench-engine --build "$build" --results "$res" --output "$res/$name" --recipe shadow3 "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
# figures <name> <keys of a region...>
figures() {
	name=$1
	shift
	jq -rc "[.items[] | select(.repetition == 1) | .regions[] | [.phase, $*]]" "$res/$name/results.json"
}

FAKE_PERF=none PATH="$fake:$PATH" measure one --workload demand-fault,fork-cow --repeat 2
is "it measures" $? 0
has "no PMU, and it says so" "$tmp/one.err" 'cycles, cache and dTLB misses are left out: this machine has no PMU'
FAKE_PERF=deny PATH="$fake:$PATH" measure two --workload demand-fault,fork-cow,oracle --repeat 2
is "again" $? 0
has "perf may not count, and it says so" "$tmp/two.err" 'left out: perf may not count here'
is "instructions repeat to the digit" "$(figures one .instructions)" "$(figures two .instructions | sed 's/,\["mix".*\]\]/]/')"
is "what is counted of demand-fault" "$(figures one .ops,.trips,.bytes | cut -d, -f1-4)" '[["fault",1000,2002,24344]'
is "and explain counts the same" "$("$bench" explain demand-fault --build "$build" --recipe shadow3 --format json |
	jq -c '.recipes[0].phases[0] | [.phase, .ops, .trips, .bytes]')" '["fault",1000,2002,24344]'
check "an operation takes hundreds of instructions, not thousands" jq -e \
	'.items[0].regions[0] | .instructions / .ops | . > 100 and . < 1000' "$res/one/results.json"
check "the engine's time is its own, and less than a microsecond a fault" jq -e \
	'.items[0].regions[0] | .host.ns / .ops | . > 1 and . < 100000' "$res/one/results.json"
has "a table" "$tmp/two.out" '^shadow3 +oracle +mix +[0-9.]+ +[0-9.]+ +[0-9.]+$'
"$bench" compare --results "$res" one two >"$tmp/compared" 2>&1
is "runs compare" $? 0
has "instructions are the same in both" "$tmp/compared" 'same'
check "a difference of instructions is exact" sh -c 'jq "(.items[] | select(.workload == \"engine-fork-cow\") | .regions[0].instructions) += 100000" "$1/two/results.json" >"$1/x" &&
	mkdir "$1/three" && mv "$1/x" "$1/three/results.json"' - "$res"
"$bench" compare --results "$res" one three >"$tmp/compared" 2>&1
is "and is worse" $? 1
has "by name" "$tmp/compared" 'engine-fork-cow.*instructions'
check "history" sh -c '"$1" history engine-demand-fault --results "$2" >"$3"' - "$bench" "$res" "$tmp/history"
has "it has both runs" "$tmp/history" 'two'
"$bench" run --build "$build" --results "$res" --resume one >"$tmp/out" 2>"$tmp/err"
is "it is no run to be resumed" $? 1
has "that is said" "$tmp/err" 'bench-engine'

PATH="$fake:$PATH" measure pmu --workload fork-cow --repeat 1 --no-valgrind
is "with a PMU" $? 0
is "each region is counted alone" "$(jq -c '[.items[0].regions[].host | [.cycles, .instructions, .cache_misses, .dtlb_misses]]' "$res/pmu/results.json")" \
	"[[1000,2000,30,4],[1000,2000,30,4],[1000,2000,30,4]]"
has "the table has what was counted" "$tmp/pmu.out" 'cycles.*cache misses +dTLB misses'
check "no column of what was not" sh -c '! grep -q " instructions  " "$1"' - "$tmp/pmu.out"
"$bench" compare --results "$res" one pmu >"$tmp/compared" 2>&1
is "what one run has not measured is not compared" $? 0

measure left --recipe npt
is "a recipe without an engine is refused" $? 2
has "with the reason" "$tmp/left.err" 'npt keeps no shadows'
measure left --workload smp-shootdown
is "a workload that needs a machine is refused" $? 2
has "by name" "$tmp/left.err" 'smp-shootdown cannot be run on the hosted engine'
measure left --workload nothing
is "an unknown one as well" $? 2
measure left --repeat 0
is "and no repetition" $? 2
measure left extra
is "and what is no option" $? 2
measure one --workload demand-fault
is "a directory that holds a run is refused" $? 1
mkdir "$tmp/empty"
"$bench" bench-engine --build "$tmp/empty" --results "$res" --recipe shadow3 >"$tmp/out" 2>"$tmp/err"
is "an engine that is not built" $? 1
has "is named, with what makes it" "$tmp/err" 'make penumbra-engine-shadow3'
# Engines that go wrong: the others go on.
for how in 'kill -SEGV $$' 'echo nonsense' 'echo "{\"regions\":[{}]}"' 'exit 3'; do
	printf '#!/bin/sh\n[ "$1" = fork-cow ] || exec %s/penumbra-engine-shadow3 "$@"\n%s\n' "$build" "$how" >"$tmp/empty/penumbra-engine-shadow3"
	chmod +x "$tmp/empty/penumbra-engine-shadow3"
	rm -rf "$res/bad"
	"$bench" bench-engine --build "$tmp/empty" --results "$res" --recipe shadow3 --workload fork-cow,demand-fault --output "$res/bad" \
		--no-valgrind --no-perf --repeat 1 >"$tmp/out" 2>"$tmp/err"
	is "an engine that does $how" $? 1
	is "fails alone" "$(jq -c '[.items[].state]' "$res/bad/results.json")" '["finished","failed"]'
done
check "no temporary files stay" no_leftovers
finish
