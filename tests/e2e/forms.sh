#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Guests with 2, 3, 4 and 5 levels of page tables under shadow2, in one boot: all end well, each shows as its workload with its
# levels, the policy takes the trips that it must, and the audit finds nothing.
. "${srcdir:-.}/tests/common.sh"
need_images
guests=demand-fault,exec-exit,linear-map,mode-switch,superpage
short=null-exit,cr3-reload,invlpg

bench_run "$tmp/forms" --recipe shadow2,native --levels 2,3,4,5 --workload $guests,$short --repeat 1 --no-trace --no-report
is "every form of every guest ends well" $? 0
csv=$tmp/forms/results.csv
[ "$failed" -eq 0 ] || cat "$tmp/forms.err"
is "the audit finds nothing" "$(items "$tmp/forms" "sum($audit)")" 0
for w in demand-fault exec-exit linear-map mode-switch superpage; do
	is "$w: levels under shadow2" "$(tail -n +2 "$csv" | awk -F, -v w=$w '$1 == "shadow2" && $2 == w { print $4 "on" $5 }' | sort -u | tr '\n' ' ')" \
		"2on2 3on3 4on4 5on5 "
	is "$w: levels natively" "$(tail -n +2 "$csv" | awk -F, -v w=$w '$1 == "native" && $2 == w { print $4 }' | sort -u | tr '\n' ' ')" "2 3 4 5 "
done
# trips <workload> <phase> <levels>: of one operation under shadow2
trips() { rows "$csv" shadow2 "$1" "$2" | awk -F, -v l="$3" '$4 == l { printf "%.2f", $9 / $7 }'; }
# A PAE entry is written by two stores: one trip if they follow each other directly, as in linear-map, else two.
for case in 2:2.00:3.00 3:3.00:4.00 4:2.00:3.00 5:2.00:3.00; do
	levels=${case%%:*} rest=${case#*:}
	is "demand-fault with $levels levels: trips" "$(trips demand-fault fault "$levels")" "${rest%:*}"
	is "linear-map with $levels levels: trips" "$(trips linear-map fault "$levels")" "${rest#*:}"
done
# The commonest exits need no decoder, whichever code the guest runs: that alone would take more than these many instructions.
for case in null-exit:cpuid:100 cr3-reload:reload:350 invlpg:invlpg:130; do
	IFS=: read -r w phase most <<-EOF
		$case
	EOF
	check "$w: at most $most instructions in every form" awk -F, -v w="$w" -v p="$phase" -v most="$most" \
		'$1 == "shadow2" && $2 == w && $3 == p { forms++; bad += $8 / $7 > most } END { exit !(forms == 4 && !bad) }' "$csv"
done
is "superpages: no trips once touched" "$(awk -F, '$1 == "shadow2" && $2 == "superpage" && $3 == "again" { n += $9 } END { print n + 0 }' "$csv")" 0
check "a mode switch costs trips under shadow2 and none natively" awk -F, '$2 == "mode-switch" { n[$1] += $9 } END { exit !(n["shadow2"] > 0 && n["native"] == 0) }' "$csv"
finish
