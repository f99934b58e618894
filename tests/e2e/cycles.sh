#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The machine model under real guests: twice the same to the digit, its world switches are the trips that dom0 counts, and no other figure
# changes by it. The machine of docs/adding.md is one of its machines. On a QEMU without the interface a run goes on without.
. "${srcdir:-.}/tests/common.sh"
need_images
# One that cannot: what it says, and that the guests are run all the same.
if ! qemu-system-x86_64 --version | grep -qE 'version (9\.2|10\.0)'; then
	bench_run "$tmp/without" --cycles --recipe native --workload compute --repeat 1 --no-report
	is "on a QEMU that cannot, the run succeeds" $? 0
	has "and says why there are no cycles" "$tmp/without.err" 'without cycles: this QEMU does not load the model: .*API version'
	is "its rows have none" "$(items "$tmp/without" "json_extract(value, '\$.regions[0].cycles')" | tr -d '\n')" ""
fi
bench_run "$tmp/bad" --cycles --machine nothing --recipe native --workload compute
is "a machine that is not there ends the run" $? 1
has "in a sentence, with those that there are" "$tmp/bad.err" '--machine: there is no machine "nothing": it is one of nested-cloud, .*zen2-2019, or a file'
bench_run "$tmp/bad" --cycles --machine ./nothing.machine --recipe native --workload compute
is "nor does a file that is not there" $? 1
has "which is named" "$tmp/bad.err" '--machine ./nothing.machine: No such file'

(cd "$build" && "$srcdir/dom0/fetch-qemu.sh" qemu-next) >"$tmp/fetch" 2>&1
status=$?
if [ $status -eq 69 ]; then
	skip "no newer QEMU: $(tail -n 1 "$tmp/fetch")"
	finish
fi
is "the newer QEMU is fetched" $status 0
[ $status -eq 0 ] || { cat "$tmp/fetch"; finish; }

# The page's machine.
mkdir "$tmp/tree" && ln -s "$srcdir/bench" "$tmp/tree/bench"
awk '/^```/ { if (open && text ~ /slow-memory/) printf "%s", text; open = !open; text = ""; next } open { text = text $0 "\n" }' \
	"$srcdir/docs/adding.md" >"$tmp/commands"
(cd "$tmp/tree" && sh -eu "$tmp/commands")
check "docs/adding.md makes its machine" test -s "$tmp/tree/slow-memory.machine"

guests="--qemu next --recipe shadow2,npt,npt-4k,native --workload demand-fault-local --repeat 1 --no-trace"
for run in one two; do
	# shellcheck disable=SC2086
	bench_run "$tmp/$run" $guests --cycles --machine "zen2-2019,nested-cloud,$tmp/tree/slow-memory.machine"
	is "run $run succeeds" $? 0
done
# shellcheck disable=SC2086
bench_run "$tmp/plain" $guests --no-report
is "so does one without the model" $? 0
[ "$failed" -eq 0 ] || { cat "$tmp"/*.err; finish; }
for run in plain one; do sort "$tmp/$run/results.csv" >"$tmp/$run.rows"; done
is "no other figure changes" "$(diff "$tmp/plain.rows" "$tmp/one.rows")" ""
is "two runs agree to the digit" "$(diff -r "$tmp/one/cycles" "$tmp/two/cycles")" ""

# sum <recipe> <machine> <cycles|count> <key>: of guest and hypervisor
sum() {
	m="\$.regions[0].cycles.\"$2\""
	items "$tmp/one" "$recipe, json_extract(value, '$m.guest.$3.$4') + json_extract(value, '$m.hypervisor.$3.$4')" | sed -n "s/^$1|//p"
}
is "each recipe has cycles" "$(items "$tmp/one" "json_extract(value, '\$.regions[0].cycles') IS NOT NULL" | tr -d '\n')" 1111
trips() { rows "$tmp/one/results.csv" "$1" demand-fault-local fault | cut -d, -f9; }
is "shadow2's world switches are its trips" "$(sum shadow2 zen2-2019 count world_switches)" "$(trips shadow2)"
is "npt's as well" "$(sum npt zen2-2019 count world_switches)" "$(trips npt)"
# kinds <path>: how many trips of each kind, below it, by recipe
kinds() {
	items "$tmp/one" "$recipe, (SELECT group_concat(t.key || '=' || json_extract(t.value, '\$.count'), ' ') FROM json_each(json_each.value, '$1') t
		WHERE t.key != 'emulator' AND json_extract(t.value, '\$.count') > 0)"
}
is "and of the kinds that it counts" "$(kinds '$.regions[0].cycles."zen2-2019".trips')" "$(kinds '$.regions[0].trip')"
kinds '$.regions[0].trip' >"$tmp/kinds"
has "of which there are some" "$tmp/kinds" '^shadow2|pf_guest=1000 pf_emulate=2000'
is "each costs what the machine's file says" "$(sum shadow2 zen2-2019 cycles world_switch)" "$(($(trips shadow2) * 1360))"
is "in the cloud ten times that" "$(sum shadow2 nested-cloud cycles world_switch)" "$(($(trips shadow2) * 13600))"
is "natively there are no nested references" "$(sum native zen2-2019 count nested_references)" 0
is "nor under shadow paging" "$(sum shadow2 zen2-2019 count nested_references)" 0
check "under npt there are" test "$(sum npt zen2-2019 count nested_references)" -gt 1000
check "by 4 KiB entries a walk goes further down" test "$(sum npt-4k zen2-2019 count nested_references)" -gt "$(sum npt zen2-2019 count nested_references)"
is "and the guest does the same" "$(rows "$tmp/one/results.csv" npt-4k demand-fault-local fault | cut -d, -f6-)" "$(rows "$tmp/one/results.csv" npt demand-fault-local fault | cut -d, -f6-)"
is "every fault is an event" "$(sum native zen2-2019 count events)" 1000
check "slower memory costs more" test "$(sum native slow-memory cycles data)" -gt "$(sum native zen2-2019 cycles data)"
has "the report has the section" "$tmp/one/report.html" 'id=cycles><h2>Modelled time'
has "and says who is faster" "$tmp/one/report.html" '<tr><th scope=row>1 demand-fault-local</th>.*nested</span>'

# A run beside another, with the recipe that goes by what the model counts.
bench_run "$tmp/main" --recipe npt --workload compute --repeat 1 --no-trace --modelled
is "a run with a modelled one beside it succeeds" $? 0
beside=$tmp/main/modelled
is "its own figures have no cycles" "$(items "$tmp/main" "json_extract(value, '\$.regions[0].cycles')" | tr -d '\n')" ""
is "all guests beside it ended" "$(items "$beside" "$state" | sort -u)" finished
has "the report begins with them" "$tmp/main/report.html" '<h1>Shadow or nested paging: who wins where'
has "by way of the other" "$tmp/main/report.html" 'href="modelled/report.html#w-gups"'
check "with a map" grep -q 'id=map' "$tmp/main/report.html"
hybrid() { items "$beside" "CASE WHEN $recipe = 'hybrid' AND $workload = 'changing' THEN $1 END" | tr -d '\n'; }
is "hybrid begins under nested paging, and goes there again where changes begin" "$(hybrid "json_extract(value, '\$.stat.counter.to_nested')")" 2
is "in between TLB misses have it come back" "$(hybrid "json_extract(value, '\$.stat.counter.to_shadow')")" 1
# Of each workload, what hybrid takes of the best of the others but native; by the machine that it goes by, the run's first.
spent="(SELECT sum(k.value) FROM json_each(json_each.value, '\$.regions') r, json_each(r.value, '\$.cycles.\"opteron-2007\"') side,
	json_each(side.value, '\$.cycles') k WHERE side.key != 'trips')"
items "$beside" "$workload, $recipe, $spent" | awk -F'|' '
	$2 == "hybrid" { hybrid[$1] = $3 }
	$2 != "hybrid" && $2 != "native" && (!best[$1] || $3 < best[$1]) { best[$1] = $3 }
	END { for (w in hybrid) printf "%s %.4f\n", w, hybrid[w] / best[w] }' | sort >"$tmp/hybrid"
is "hybrid is measured in each workload" "$(wc -l <"$tmp/hybrid")" "$(items "$beside" "$workload" | sort -u | wc -l)"
is "and is 2 % above the best at most" "$(awk '$2 > 1.02' "$tmp/hybrid")" ""
is "where it stays under nested paging it is npt, to the digit: tables of both lie alike among a cache's sets" \
	"$(grep '^demand-fault-local ' "$tmp/hybrid")" "demand-fault-local 1.0000"
check "in the mixture it is better than all" awk '$1 == "changing" { found = $2 < 1 } END { exit !found }' "$tmp/hybrid"
is "its audit is clean" "$(hybrid "$audit")" 0
check "the run beside it is no row of the index" test "$(sqlite3 "$tmp/results/index.sqlite" "SELECT count(*) FROM run WHERE name = 'modelled'")" = 0
finish
