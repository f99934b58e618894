#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The engine's common tests under every shadow recipe, and under the day's variants (all, with PENUMBRA_LONG) the tests of their parts
# besides; of the combinations of entry bits, variants try every eleventh.
set -eu
failed=0
suites=$(cd "${srcdir:-.}/tests/engine/suites" && ls | sed -n 's/\.c$//p' | grep -vxE 'access|parts|exchange|super|threads')
recipes=$(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def")
for r in $recipes; do
	echo "recipe $r"
	for t in $suites; do
		tests/engine/suites/${t}_"$r" || failed=1
	done
	tests/engine/suites/access_"$r" || failed=1
done
for r in $(cat tests/engine/variants); do
	echo "variant $r"
	for t in $suites parts; do
		tests/engine/suites/${t}_"$r" || failed=1
	done
	tests/engine/suites/access_"$r" -s 11 || failed=1
done
for t in tests/engine/suites/super_*; do # recipes with superpage entries
	[ ! -x "$t" ] || "$t" || failed=1
done
for r in $recipes $(cat tests/engine/variants); do
	[ ! -x tests/engine/suites/exchange_"$r" ] || tests/engine/suites/exchange_"$r" || failed=1
done
exit $failed
