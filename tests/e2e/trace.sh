#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Traces: babeltrace2 prints them, and its counts agree with what the hypervisor says it wrote, event by event; what was
# lost is told; the traced pass makes the same trips as the untraced one.
. "${srcdir:-.}/tests/common.sh"
need_images
command -v babeltrace2 >/dev/null || skip_all "no babeltrace2"

bench_run "$tmp/run" --recipe shadow2,vtlb,npt --workload demand-fault,context-switch --repeat 1 --no-report
is "the run succeeds" $? 0
traces() { sqlite3 -separator '|' :memory: "SELECT $1 FROM json_each(readfile('$tmp/run/results.json'), '\$.traces')"; }
is "a trace of each guest" "$(traces 'count(*)')" 6
traces "json_extract(value, '\$.recipe'), json_extract(value, '\$.workload'), json_extract(value, '\$.written'), json_extract(value, '\$.lost'), json_extract(value, '\$.emitted'), json_extract(value, '\$.events.emitted.trip')" >"$tmp/traces"
while IFS='|' read -r r w written lost emitted trips; do
	babeltrace2 "$tmp/run/traces/$r/$w" >"$tmp/text" 2>"$tmp/err"
	is "$r $w: babeltrace2 prints it" $? 0
	is "$r $w: nothing to complain of" "$(grep -c . "$tmp/err")" 0
	is "$r $w: all that was written came out" "$emitted" "$written"
	is "$r $w: events" "$(grep -c 'penumbra:' "$tmp/text")" "$((emitted + $(grep -c 'penumbra:.*lost' "$tmp/text")))"
	is "$r $w: trips" "$(grep -c 'penumbra:trip:' "$tmp/text")" "$trips"
	check "$r $w: losses are told" test "$lost" -ge 0
	check "$r $w: a region's trips lie between its ends" awk '/penumbra:region_begin/ { inside = 1 } /penumbra:region_end/ { inside = 0; n++ } END { exit !(n == 1 && !inside) }' "$tmp/text"
done <"$tmp/traces"
# The trips of the measured region itself, counted in the trace, against the hypervisor's own count.
babeltrace2 "$tmp/run/traces/shadow2/demand-fault" | awk '/region_begin/ { i = 1 } /region_end/ { i = 0 } i && /penumbra:trip:/ && /domain = 0/' >"$tmp/region"
is "trips of demand-fault's region" "$(grep -Ec 'kind = "?(pf_guest|pf_emulate)' "$tmp/region")" 2000
items "$tmp/run" "$recipe || ' ' || $workload, json_extract(value, '\$.regions[0].trips')" | sort | uniq -c | awk '{ print $1 }' | sort -u >"$tmp/same"
is "the traced pass makes the same trips" "$(cat "$tmp/same")" 2
finish
