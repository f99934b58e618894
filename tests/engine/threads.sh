#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Three vCPUs at once, a thread each, under every shadow recipe and the day's variants; some recipes a day under ThreadSanitizer besides.
# With PENUMBRA_LONG all, for longer.
set -eu
failed=0
operations=${PENUMBRA_LONG:+5000}
operations=${operations:-2000}
# one <program> <operations> <seed>
one() {
	if "$@"; then echo "ok - $1, seed $3"; else echo "not ok - $1, seed $3"; failed=1; fi
}
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	one tests/engine/suites/threads_"$r" "$operations" 1
	one tests/engine/suites/threads_"$r" "$operations" 2
done
for r in $(cat tests/engine/tsan); do
	one tests/engine/suites/tsan_"$r" $((operations / 3)) 3
done
for r in $(cat tests/engine/variants); do
	one tests/engine/suites/threads_"$r" "$operations" 4
done
exit $failed
