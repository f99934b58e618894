#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Three vCPUs at once, a thread each, under every shadow recipe and the day's variants; some recipes a day under ThreadSanitizer besides.
# With PENUMBRA_LONG all.
set -eu
failed=0
# one <program> <operations> <seed>
one() {
	if "$@"; then echo "ok - $1, seed $3"; else echo "not ok - $1, seed $3"; failed=1; fi
}
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	one tests/engine/suites/threads_"$r" 5000 1
	one tests/engine/suites/threads_"$r" 5000 2
done
for r in $(cat tests/engine/tsan); do
	one tests/engine/suites/tsan_"$r" 1500 3
done
for r in $(cat tests/engine/variants); do
	one tests/engine/suites/threads_"$r" 3000 4
done
exit $failed
