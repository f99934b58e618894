#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `penumbra profile` in QEMU: that every instruction of a region is counted and none besides, that it repeats to the digit, and that its forms
# agree with each other; and what it says to those who ask wrongly.
. "${srcdir:-.}/tests/common.sh"
need_images
export PENUMBRA_BUILD="$build" PENUMBRA_ROOT="$srcdir"
profile() { "$bench" profile "$@" 2>"$tmp/err"; }

check "a run" bench_run "$tmp/run" --recipe shadow3 --workload fork-cow --repeat 1 --no-trace --no-report
check "a profile" profile shadow3 fork-cow --format json --output "$tmp/one.json"
check "again, in another form" profile shadow3 fork-cow --format folded --output "$tmp/folded"
check "and as samples" profile shadow3 fork-cow --format script --period 101 --output "$tmp/script"
# What the brackets' own instructions are between the hypervisor's function and the guest's reading of the TSC: less than three thousand.
measured=$(rows "$tmp/run/results.csv" shadow3 fork-cow cow | cut -d, -f8)
counted=$(jq '.regions[] | select(.phase == "cow") | .hypervisor + .guest' "$tmp/one.json")
check "counted are $counted instructions, and measured $measured" test $((counted - measured)) -ge 0 -a $((counted - measured)) -lt 3000
is "all instructions are some function's" "$(jq '[.regions[] | .hypervisor + .guest] | add' "$tmp/one.json")" "$(jq '[.regions[].functions[].self] | add' "$tmp/one.json")"
is "and at some address" "$(jq '[.regions[] | .hypervisor + .guest] | add' "$tmp/one.json")" "$(jq '[.regions[].instructions[].count] | add' "$tmp/one.json")"
is "another boot's stacks have as many" "$(awk '{ n += $NF } END { print n }' "$tmp/folded")" "$(jq '[.regions[] | .hypervisor + .guest] | add' "$tmp/one.json")"
has "the fault's way is a stack" "$tmp/folded" '^hypervisor;svm_run_loop;quick_pf;short_'
has "the guest's, too" "$tmp/folded" '^guest;.*cow_fault [0-9]+$'
is "samples are one in 101, less at each region's end" "$(grep -c 'instructions:' "$tmp/script")" \
	"$(jq '[.regions[] | (.hypervisor + .guest) / 101 | floor] | add' "$tmp/one.json")"
# As stackcollapse-perf.pl reads it: heads, frames, empty lines, and nothing else.
is "samples are as perf script's" "$(grep -vcE '^[^ ]+ +[0-9]+ +\[001\] +[0-9]+\.[0-9]{9}: +101 instructions:[GH]: $|^	 *[0-9a-f]+ [^ ]+ \(.*\)$|^$' "$tmp/script")" 0
check "lines of source" profile shadow3 fork-cow --phase cow --format annotate --function short_fault --output "$tmp/annotate"
has "with their counts" "$tmp/annotate" '^ +[0-9.]+% +[0-9.]+ +[0-9]+ +[0-9]+ \| '
has "by file" "$tmp/annotate" '^hv/shadow/short/multi_short.h$'
profile shadow3 fork-cow --phase nothing >"$tmp/out"
is "a phase that there is not" $? 2
has "is named" "$tmp/err" 'fork-cow has no phase "nothing"'
profile shadow3 fork-cow --format annotate --function short_fualt >"$tmp/out"
is "a function that there is not" $? 2
has "is named before anything is booted" "$tmp/err" '^penumbra: .* has no function "short_fualt"$'
check "and nothing is" sh -c '! grep -q "finished" "$1"' - "$tmp/err"
profile shadow3 fork-cow --function short_fault >"$tmp/out"
is "one function where all are shown" $? 2
profile native fork-cow >"$tmp/out"
is "no hypervisor" $? 2
profile shadow3 smp-shootdown >"$tmp/out"
is "several CPUs" $? 2
has "the reason" "$tmp/err" 'has [0-9]+ CPUs'
profile shadow3 fork-cow --symbols /dev/null >"$tmp/out"
is "symbols that are none" $? 1
has "the file is named" "$tmp/err" '/dev/null is no plain file'
check "no temporary files stay" no_leftovers
finish
