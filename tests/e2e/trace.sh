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
	is "$r $w: nothing was lost" "$lost" 0
	check "$r $w: a region's trips lie between its ends" awk '/penumbra:region_begin/ { inside = 1 } /penumbra:region_end/ { inside = 0; n++ } END { exit !(n == 1 && !inside) }' "$tmp/text"
done <"$tmp/traces"
# The trips of the measured region itself, counted in the trace, against the hypervisor's own count.
babeltrace2 "$tmp/run/traces/shadow2/demand-fault" | awk '/region_begin/ { i = 1 } /region_end/ { i = 0 } i && /penumbra:trip:/ && /domain = 0/' >"$tmp/region"
is "trips of demand-fault's region" "$(grep -Ec 'kind = "?(pf_guest|pf_emulate)' "$tmp/region")" 2000
items "$tmp/run" "$recipe || ' ' || $workload, json_extract(value, '\$.regions[0].trips')" | sort | uniq -c | awk '{ print $1 }' | sort -u >"$tmp/same"
is "the traced pass makes the same trips" "$(cat "$tmp/same")" 2

# Records have the hypervisor's time and pCPU, not those of the program that hands them to LTTng: what happened in a trip has a time within it.
babeltrace2 --clock-cycles "$tmp/run/traces/shadow2/demand-fault" | awk '
	function field(name) { return match($0, name " = [0-9]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : -1 }
	/domain = 255/ { dom0[field("cpu_id")] = 1 }
	/domain = 0/ { guest[field("cpu_id")] = 1; t = substr($1, 2) + 0 }
	/penumbra:trip:.*domain = 0/ { trip = field("seq"); end = t + field("cost"); next }
	/domain = 0/ && field("seq") < trip { n[t <= end]++ }
	END { for (cpu in guest) shared += cpu in dom0; print n[0] + 0, (n[1] > 1000), shared + 0 }' >"$tmp/stamps"
is "the hypervisor's own time and pCPU" "$(cat "$tmp/stamps")" "0 1 0"

# What `penumbra trace` makes of them: its counts are the hypervisor's own, of every kind of trip and of every event that a counter
# stands for, and region by region; and babeltrace2 by itself says the same.
say_trace() { "$bench" trace "$tmp/run" "$@" >"$tmp/said" 2>"$tmp/err"; }
say_trace --format json
is "every trace is read" "$?" 0
is "a report of each" "$(jq length "$tmp/said")" 6
complete=$(jq -c '[.traces[] | select(.lost == 0 and .cut == 0) | .recipe + " " + .workload]' "$tmp/run/results.json")
is "all traces are complete" "$(echo "$complete" | jq length)" 6
whole='select((.recipe + " " + .workload) as $k | $complete | index($k))'
is "all counts equal the counters" "$(jq -r --argjson complete "$complete" ".[] | $whole.tables[] | select(.name == \"counted\").rows[][3]" "$tmp/said" | sort -u)" yes
check "counts of many kinds" test "$(jq '[.[].tables[] | select(.name == "counted").rows[]] | length' "$tmp/said")" -gt 40
# From the tree itself: trips by kind of each guest's whole life, and regions.
jq -r --argjson complete "$complete" ".items[] | select(.traced) | $whole"' | .recipe as $r | .workload as $w | .stat.trip | to_entries[] | select(.value.count > 0) |
	"\($r) \($w) \(.key) \(.value.count) \(.value.ticks) \(.value.bytes)"' "$tmp/run/results.json" | grep -v ' hlt ' | sort >"$tmp/counters"
jq -r --argjson complete "$complete" ".[] | $whole"' | .recipe as $r | .workload as $w | .tables[] | select(.name == "trips").rows[] | select(.[0] != "all") |
	"\($r) \($w) \(.[0]) \(.[1]) \(.[3]) \(.[11])"' "$tmp/said" | grep -v ' hlt ' | sort >"$tmp/traced"
check "trips, ticks and bytes by kind" cmp "$tmp/counters" "$tmp/traced"
jq -r --argjson complete "$complete" ".items[] | select(.traced) | $whole"' | .recipe as $r | .workload as $w | .regions[] |
	"\($r) \($w) \(.phase) \(.ops) \(.instructions) \(.trips) \([.trip | to_entries[] | select(.key != "emulator").value.ticks] | add // 0)"' \
	"$tmp/run/results.json" | sort >"$tmp/counters"
jq -r --argjson complete "$complete" ".[] | $whole"' | .recipe as $r | .workload as $w | .tables[] | select(.name == "regions").rows[] |
	"\($r) \($w) \(.[0]) \(.[2]) \(.[3]) \(.[4]) \(.[6])"' "$tmp/said" | sort >"$tmp/traced"
check "regions" cmp "$tmp/counters" "$tmp/traced"
check "there were some" test -s "$tmp/traced"
is "a demand fault is one operation" "$(jq -r '.[] | select(.recipe == "shadow2" and .workload == "demand-fault").tables[] | select(.name == "shapes").rows[] | select(.[0] == "demand_fault" and .[2] == 1000)[1]' "$tmp/said")" "reflected emulated"
components="-c filter.penumbra.trips -c filter.penumbra.guest-op -c sink.penumbra"
babeltrace2 --plugin-path="$build/babeltrace2" "$tmp/run/traces/shadow2/demand-fault" $components.report --params='format="json"' >"$tmp/plain" 2>"$tmp/err"
is "plain babeltrace2 runs the plugin" $? 0
is "and says the same" "$(jq -c '.tables' "$tmp/plain")" "$(jq -c '.[] | select(.recipe == "shadow2" and .workload == "demand-fault").tables[:-2]' "$tmp/said")"
babeltrace2 --plugin-path="$build/babeltrace2" "$tmp/run/traces/shadow2/demand-fault" $components.summary >"$tmp/plain" 2>"$tmp/err"
has "its summary" "$tmp/plain" '^pf_emulate +[0-9]+'
say_trace -r shadow2 -w demand-fault --from fault --to fault --event emulated
has "a region's emulated writes" "$tmp/said" '^pf_emulate +1000 +100.00'
say_trace -r shadow2 -w demand-fault --where 'va in 0x400000000000..0x400000000fff' --format csv
has "a page's trips, as CSV" "$tmp/said" '^demand_fault,1,'
say_trace -r shadow2 -w demand-fault --format perfetto
is "Perfetto's slices are the guest's trips" "$(jq '[.traceEvents[] | select(.ph == "X" and .pid == 1)] | length' "$tmp/said")" \
	"$(jq '[.items[] | select(.traced and .recipe == "shadow2" and .workload == "demand-fault").stat.trip[].count] | add' "$tmp/run/results.json")"
say_trace -r shadow2 -w demand-fault --symbols "$build/workloads/demand-fault.elf" --format json
is "the guest's functions have names" "$(jq -r '.[].tables[] | select(.name == "rips").rows[] | select(.[1] == 1000)[-1]' "$tmp/said" | sed 's/+.*//' | sort -u | tr '\n' ' ')" \
	"demand_fault workload_main "
is "every trip is of an address space" "$(jq '.[].tables[] | select(.name == "spaces").rows | map(.[1]) | add' "$tmp/said")" \
	"$(jq '.[].tables[] | select(.name == "trips").rows[] | select(.[0] == "all")[1]' "$tmp/said")"
say_trace -r shadow2 -w demand-fault --symbols "$tmp/traces"
is "symbols that are none are refused" $? 1
has "with the reason" "$tmp/err" 'traces is neither ELF'
say_trace --compare shadow2,vtlb --workload demand-fault --from fault --to fault --format json
is "the same faults under two recipes, one by one" "$(jq -c '.[].tables[] | select(.name == "compared").rows[] | select(.[0] == "demand_fault")[1:5]' "$tmp/said")" \
	"[1000,0,2000,2000]"
say_trace -r shadow2 -w demand-fault --format page --output "$tmp/page.html"
is "the page has its pictures" "$(grep -c '<figure><svg' "$tmp/page.html")" 6
say_trace
has "a run's traces are listed" "$tmp/said" '^npt +context-switch +[0-9]+ +0'

# A trace of a MiB: what came after it is counted, and lost nowhere; and a run that is interrupted has the traces of which it told, whole.
"$bench" run --results "$tmp/results" --output "$tmp/cut" --recipe vtlb --workload context-switch,exec-exit --trace-limit 1 --repeat 1 --no-report -j 1 \
	>"$tmp/cut.out" 2>&1 &
running=$!
for _ in $(seq 600); do
	! grep -q 'context-switch *(traced) *finished' "$tmp/cut.out" || break
	sleep 0.2
done
kill -INT $running
wait $running
is "interrupted: exit code" $? 130
check "it was, behind a trace" test "$(jq '[.traces[] | select(.workload == "context-switch" and .lost == 0 and .cut > 0 and .emitted + .cut == .written)] | length' "$tmp/cut/results.json")" = 1
"$bench" trace "$tmp/cut" -r vtlb -w context-switch >"$tmp/said" 2>"$tmp/err"
is "its trace is read" $? 0
has "and ends at its limit" "$tmp/err" 'context-switch: the trace ends before the guest, at its limit'
check "which is no more than that" test "$(du -bs "$tmp/cut/traces/vtlb/context-switch" | cut -f1)" -lt 1400000
# Packed, it says the same.
"$bench" trace "$tmp/cut" -r vtlb -w context-switch --format json >"$tmp/plain" 2>"$tmp/err"
(cd "$tmp/cut/traces/vtlb/context-switch" && find . -type f | sed 's,^\./,,' | tar --zstd -cf ../context-switch.ctf.tar.zst -T -)
rm -r "$tmp/cut/traces/vtlb/context-switch"
"$bench" trace "$tmp/cut" -r vtlb -w context-switch --format json >"$tmp/said" 2>"$tmp/err"
check "packed, it says the same" cmp "$tmp/plain" "$tmp/said"
check "nothing unpacked is left" no_leftovers

# Linux, alone with its CPU, writes more than twice what its ring has room for: it stands meanwhile, and not a record is lost.
if [ -n "${PENUMBRA_LONG:-}" ]; then
	bench_run "$tmp/linux" --recipe shadow3 --workload linux-process --repeat 1 --no-report
	is "a traced Linux" $? 0
	check "it stood, and lost nothing" test "$(jq '[.traces[] | select(.lost == 0 and .cut == 0 and .agree and .emitted > 262144 and .events.written.stand > 1)] | length' "$tmp/linux/results.json")" = 1
	"$bench" trace "$tmp/linux" --format json >"$tmp/said" 2>"$tmp/err"
	is "its counts equal the counters" "$(jq -r '.[].tables[] | select(.name == "counted").rows[][3]' "$tmp/said" | sort -u)" yes
	check "its trace is packed" test -s "$tmp/linux/traces/shadow3/linux-process.ctf.tar.zst"
fi

# What it cannot read, it says in one line, and fails.
refuses() {
	say_trace "$@"
	is "$message: exit code" $? "$code"
	has "$message: why" "$tmp/err" "$message"
}
code=1 message='has no trace of the recipe "xen": it has those of' refuses --recipe xen
code=1 message='has no trace of the workload "mmio"' refuses --workload demand-fault,mmio
code=1 message='perfetto takes one trace' refuses --format perfetto
code=1 message='has no region "cow": it has fault' refuses -r shadow2 -w demand-fault --from cow
code=1 message='has no trace of the recipe "xen"' refuses --compare shadow2,xen
code=2 message='--compare needs two recipes' refuses --compare shadow2,shadow2
code=2 message='there is no event "nonsense"' refuses --event nonsense
code=2 message='--where stops making sense at "va is 5"' refuses --where 'va is 5'
code=2 message='--format is one of text, json, csv, page, perfetto' refuses --format xml
ctf=$tmp/run/traces/npt/demand-fault cut=$(find "$tmp/run/traces/npt/demand-fault" -name 'pn_1')
cp -r "$tmp/run/traces" "$tmp/traces.kept"
truncate -s 5000 "$cut"
code=1 message='64-bit cannot be read: it is damaged, truncated or no CTF' refuses -r npt -w demand-fault
truncate -s 5000 "$(find "$ctf" -name metadata)"
code=1 message='its metadata is damaged or truncated' refuses -r npt -w demand-fault
printf 'nonsense' >"$(find "$ctf" -name metadata)"
code=1 message='64-bit cannot be read: it is damaged, truncated or no CTF' refuses -r npt -w demand-fault
sed 's/penumbra:fill/penumbra:xxxx/' "$(find "$tmp/traces.kept/shadow2/demand-fault" -name metadata)" >"$(find "$tmp/run/traces/shadow2/demand-fault" -name metadata)"
code=1 message='has an event "penumbra:xxxx", which is none of Penumbra' refuses -r shadow2 -w demand-fault
rm -r "$ctf"
code=1 message='holds no trace: there is no file "metadata" below it' refuses -r npt -w demand-fault
jq '.traces = []' "$tmp/run/results.json" >"$tmp/without" && mv "$tmp/without" "$tmp/run/results.json" && rm -f "$tmp/run/journal.jsonl"
code=1 message='has no traces' refuses
finish
