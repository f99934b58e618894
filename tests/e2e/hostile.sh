#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Guests that break rules and images that are none, under shadow2 and, by the day (with PENUMBRA_LONG all), vtlb, npt or npt-4k: each ends as the list says, with a
# reason, and the well-behaved guest behind them measures what it measures without them.
. "${srcdir:-.}/tests/common.sh"
need_images
list=$srcdir/workloads/hostile.def
sed -n 's/^HOSTILE([^,]*, *"\([^"]*\)", *[a-z]*, *"[^"]*", *[0-9]*, *[0-9]*, *\([a-z]*\), *"\([^"]*\)".*/\1|\2|\3/p' "$list" >"$tmp/list"
names=$(cut -d'|' -f1 "$tmp/list" | tr '\n' ',')
[ -n "$names" ] || bad "the list has no guests"
recipes="shadow2 $(sh "$srcdir/tests/day.sh" 1 vtlb npt npt-4k | tr '\n' ' ')"
asked=$(echo $recipes | tr ' ' ,)

bench_run "$tmp/alone" --recipe "$asked" --workload demand-fault --repeat 1 --no-trace --no-report
is "the good guest alone" $? 0
bench_run "$tmp/among" --recipe "$asked" --workload "${names}demand-fault" --repeat 1 --no-trace --no-report --silence 100
is "a run in which guests crash says so" $? 1

# ended <recipe> <guest> <end> <word>
ended() {
	line=$(items "$tmp/among" "$recipe, $workload, $state, $reason" | grep "^$1|$2|")
	case $3 in
	crashed) want=crashed ;;
	timeout) want=timed-out ;;
	refused) want=failed ;;
	finished) want=finished ;;
	any) want='(finished|failed|crashed|timed-out)' ;;
	*) want="no such end: $3" ;;
	esac
	if echo "$line" | grep -Eq "^$1\|$2\|$want\|.*$4"; then ok "$1: $2"; else bad "$1: $2: $line"; fi
	[ "$3" = any ] || [ "$3" = finished ] || echo "$line" | grep -Eq '\|[^|]{4,}$' || bad "$1: $2 has no reason"
}
for r in $recipes; do
	while IFS='|' read -r name end word; do
		# Under nested paging the guest's tables are its own affair: what a bad one does is between it and the processor.
		case $r$end in npt*crashed) end=any word= ;; esac
		ended "$r" "$name" "$end" "$word"
	done <"$tmp/list"
	is "$r: the guest behind them measures the same" "$(rows "$tmp/among/results.csv" "$r" demand-fault fault)" \
		"$(rows "$tmp/alone/results.csv" "$r" demand-fault fault)"
done
is "no boot had to be started again" "$(grep -c '"label": ".*again' "$tmp/among/results.json")" 0
check "a flooding console is cut" test "$(find "$tmp/among/consoles" -name 'flood*' -size +1100k | wc -l)" -eq 0
finish
