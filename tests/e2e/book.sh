#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The book's figures (docs/book/reference.csv) are what this tree measures: trips to the digit, instructions within a tenth. Of three recipes and
# the workloads that most of the story hangs on. Where it fails, the figures are old: docs/book/reference.sh, and `make docs RUN=...`.
. "${srcdir:-.}/tests/common.sh"
need_images
bench_run "$tmp/run" --build . --recipe shadow2,shadow3,adaptive --workload demand-fault,demand-fault-windows,fork-cow,context-switch,exec-exit --repeat 1 --no-trace
is "the run" $? 0
awk -F, '
	/^#/ { next }
	$1 == "recipe" { for (i = 1; i <= NF; i++) at[$i] = i; next }
	FILENAME == ARGV[1] { trips[$1 " " $2 " " $3] = $at["trips"] / $at["ops"]; instructions[$1 " " $2 " " $3] = $at["instructions"] / $at["ops"]; next }
	($1 " " $2 " " $3) in trips {
		key = $1 " " $2 " " $3
		n++
		t = $at["trips"] / $at["ops"]
		i = $at["instructions"] / $at["ops"]
		if (t != trips[key])
			print key ": " t " trips, in the book " trips[key]
		if (i > 1.1 * instructions[key] || i < 0.9 * instructions[key])
			print key ": " i " instructions, in the book " instructions[key]
	}
	END { if (n < 15) print "only " n + 0 " rows of the book were measured" }' "$srcdir/docs/book/reference.csv" "$tmp/run/results.csv" >"$tmp/old"
[ ! -s "$tmp/old" ] && ok "the book's figures are today's" || { sed 's/^/not ok - /' "$tmp/old"; bad "the book's figures are today's"; }
finish
