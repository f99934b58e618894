#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Ctrl-C in the middle of a real run: the QEMUs end, what was finished is kept and reported, nothing is left behind.
. "${srcdir:-.}/tests/common.sh"
need_images
mkdir -p "$tmp/results"
# As from a terminal: the program's own process gets the signal.
: >"$tmp/err"
"$bench" run --results "$tmp/results" --output "$tmp/run" --recipe shadow2,native --workload demand-fault,context-switch,fork-cow --repeat 300 >"$tmp/out" 2>>"$tmp/err" &
pid=$!
n=0
while [ "$(grep -c ' finished' "$tmp/err")" -lt 3 ] && [ $n -lt 240 ]; do
	sleep 0.5
	n=$((n + 1))
done
kill -INT $pid
wait $pid
is "exit code" $? 130
has "it says so" "$tmp/err" 'interrupted: ending the guests'
has "the run is marked" "$tmp/run/results.json" '"interrupted": true'
has "and not complete" "$tmp/run/results.json" '"complete": false'
finished=$(items "$tmp/run" "count(*) FILTER (WHERE $state = 'finished')")
check "what was finished is kept" test "$finished" -ge 3
check "with rows" test "$(wc -l <"$tmp/run/results.csv")" -gt "$finished"
is "nothing is said to run still" "$(items "$tmp/run" "count(*) FILTER (WHERE $state = 'running')")" 0
has "there is a report" "$tmp/run/report.html" 'This run is incomplete'
is "it is in the index" "$(sqlite3 "$tmp/results/index.sqlite" 'SELECT interrupted, complete FROM run')" '1|0'
check "no temporary files" no_leftovers
check "no QEMU" no_process "file=$tmp/"
finish
