#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The release's newer QEMU, from its backports, beside the one that is installed: bare-metal guests make the same trips and take the
# same instructions on both, under two shadow recipes, under nested paging and natively. No figure is the emulator's.
. "${srcdir:-.}/tests/common.sh"
need_images
(cd "$build" && "$srcdir/dom0/fetch-qemu.sh" qemu-next) >"$tmp/fetch" 2>&1
status=$?
[ $status -ne 69 ] || skip_all "no newer QEMU: $(tail -n 1 "$tmp/fetch")"
is "the newer QEMU is fetched" $status 0
[ $status -eq 0 ] || { cat "$tmp/fetch"; finish; }
guests=null-exit,demand-fault,fork-cow,context-switch,true-fault,exec-exit

bench_run "$tmp/old" --recipe shadow2,adaptive,npt,native --workload $guests --repeat 1 --no-trace --no-report
is "the run on the installed QEMU succeeds" $? 0
bench_run "$tmp/new" --qemu next --recipe shadow2,adaptive,npt,native --workload $guests --repeat 1 --no-trace
is "the run on the newer QEMU succeeds" $? 0
[ "$failed" -eq 0 ] || cat "$tmp/old.err" "$tmp/new.err"

# Each says which it was, and they are two.
machine() { sqlite3 :memory: "SELECT json_extract(readfile('$tmp/$1/machine.json'), '\$.$2')"; }
is "the newer one's program" "$(machine new qemu_program)" "$build/qemu-next/qemu-system-x86_64"
is "the newer one's package" "$(machine new qemu_package)" "$(cat "$build/qemu-next/package")"
has "the installed one's package" "$tmp/old/machine.json" '"qemu_package": "qemu-system-x86 [0-9]'
check "it is another than the installed one" test "$(machine new qemu_sha256)" != "$(machine old qemu_sha256)"
has "the report says on which" "$tmp/new/report.html" "on QEMU $(machine new qemu | sed 's/QEMU emulator version \([^ ]*\).*/\1/')"

figures() { tail -n +2 "$tmp/$1/results.csv" | sort; }
figures old >"$tmp/old.rows"
figures new >"$tmp/new.rows"
check "there are rows" test "$(wc -l <"$tmp/old.rows")" -ge 28
is "trips and instructions are the same" "$(diff "$tmp/old.rows" "$tmp/new.rows")" ""
is "the audit finds nothing" "$(items "$tmp/new" "sum($audit)")" 0

# What guests may do that others would not: those that are to finish judge for themselves, and versions of QEMU differ in such things.
well=$(sed -n 's/^HOSTILE([^,]*, *"\([^"]*\)", *[a-z]*, *"[^"]*", *[0-9]*, *[0-9]*, *finished, .*/\1/p' "$srcdir/workloads/hostile.def" | paste -sd, -)
bench_run "$tmp/odd" --qemu next --recipe shadow2 --workload "$well" --repeat 1 --no-trace --no-report
is "guests that do odd things finish on the newer QEMU: $well" $? 0
[ "$failed" -eq 0 ] || cat "$tmp/odd.err"
finish
