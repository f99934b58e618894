#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A small run of every recipe in QEMU, twice: sane rows, the trips that the policies must have, nothing found by the
# audit, and the same instructions and trips both times.
. "${srcdir:-.}/tests/common.sh"
need_images
guests=null-exit,demand-fault,demand-fault-windows,context-switch,compute

bench_run "$tmp/one" --recipe shadow2,vtlb,npt,native --workload $guests --repeat 2 --no-trace
is "the first run succeeds" $? 0
bench_run "$tmp/two" --recipe shadow2,vtlb,npt,native --workload $guests --repeat 1 --no-trace --no-report
is "the second run succeeds" $? 0
csv=$tmp/one/results.csv
[ "$failed" -eq 0 ] || cat "$tmp/one.err" "$tmp/two.err"

is "every guest has its rows" "$(tail -n +2 "$csv" | wc -l | tr -d ' ')" 56
is "no odd rows" "$(tail -n +2 "$csv" | grep -Evc '^(shadow2|vtlb|npt|native),[a-z-]+,[a-z]+,[0-5],[0-5],[12],[1-9][0-9]*,[1-9][0-9]*,[0-9]+,[0-9]+$')" 0
is "demand-fault under shadow2: trips" "$(per_op "$csv" shadow2 demand-fault fault 9)" 2.00
is "demand-fault-windows under shadow2: trips" "$(per_op "$csv" shadow2 demand-fault-windows fault 9)" 3.00
is "null-exit: one trip" "$(per_op "$csv" shadow2 null-exit cpuid 9)" 1.00
is "native: no trips" "$(awk -F, '$1 == "native" { n += $9 } END { print n + 0 }' "$csv")" 0
is "compute under npt: no trips" "$(per_op "$csv" npt compute steady 9)" 0.00
check "context-switch: vtlb refills, shadow2 does not" awk -v a="$(per_op "$csv" vtlb context-switch switch 9)" \
	-v b="$(per_op "$csv" shadow2 context-switch switch 9)" 'BEGIN { exit !(a > 10 * b && b > 0) }'
check "native is the floor" awk -v a="$(per_op "$csv" native demand-fault fault 8)" \
	-v b="$(per_op "$csv" shadow2 demand-fault fault 8)" 'BEGIN { exit !(0 < a && a < b) }'
check "a shadowed fault touches page tables" awk -v b="$(per_op "$csv" shadow2 demand-fault fault 10)" 'BEGIN { exit !(b > 0) }'
is "levels" "$(rows "$csv" shadow2 compute steady | cut -d, -f4,5 | sort -u)" 4,4

# The same operations explained, hosted: trips and bytes of each phase are those of the hypervisor.
for one in demand-fault/fault demand-fault-windows/fault context-switch/switch; do
	is "explain counts as the hypervisor does: $one" "$("$bench" explain "${one%/*}" --recipe shadow2 --phase "${one#*/}" --format json |
		jq -r '.recipes[0].phases[0] | "\(.ops) \(.trips) \(.bytes)"')" "$(rows "$csv" shadow2 "${one%/*}" "${one#*/}" | awk -F, 'NR == 1 { print $7, $9, $10 }')"
done
"$bench" explain demand-fault --recipe shadow2 --bare >"$tmp/told" 2>"$tmp/told.err"
is "measured in the hypervisor besides" $? 0
has "its instructions" "$tmp/told" 'shadow2 in the hypervisor, under QEMU: [1-9][0-9]+ instructions an operation'
has "the same trips" "$tmp/told" 'the same there, kind by kind'
has "and one by one" "$tmp/told" 'shadow2, this operation in the hypervisor.s trace: the same trips one by one'
has "each with its instructions" "$tmp/told" 'hypervisor, traced: [1-9][0-9]+ instructions'
is "and under vtlb, an operation" "$("$bench" explain context-switch --recipe vtlb --format json | jq '.recipes[0].phases[0].operation_trips')" \
	"$(per_op "$csv" vtlb context-switch switch 9 | sed 's/\..*//')"

# The two repetitions of one run, and the two runs.
is "repetitions are identical" "$(tail -n +2 "$csv" | cut -d, -f1-5,7-10 | sort | uniq -c | awk '$1 != 2' | wc -l | tr -d ' ')" 0
awk -F, '$6 == 1' "$csv" | sort >"$tmp/a"
awk -F, '$6 == 1' "$tmp/two/results.csv" | sort >"$tmp/b"
if cmp -s "$tmp/a" "$tmp/b"; then ok "runs are identical"; else bad "runs differ: $(diff "$tmp/a" "$tmp/b" | head -n 6)"; fi

is "the audit finds nothing" "$(items "$tmp/one" "sum($audit)")" 0
for f in results.json machine.json report.html textbook.html consoles/shadow2/demand-fault.0.txt consoles/native/demand-fault-1.txt logs/vtlb-hypervisor.log; do
	check "$f is there" test -s "$tmp/one/$f"
done
is "the report has its pictures" "$(grep -c '<svg role="img"' "$tmp/one/report.html" | awk '{ print ($1 >= 10) }')" 1
has "claims are judged" "$tmp/one/report.html" 'T3</b><span class="tag'
check "no temporary files stay" no_leftovers
finish
