#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The engine's common tests under every shadow recipe, and under every variant the tests of its parts besides; of the
# combinations of entry bits, variants try every eleventh.
set -eu
failed=0
suites=$(cd "${srcdir:-.}/tests/engine/suites" && ls | sed -n 's/\.c$//p' | grep -vxE 'access|parts|exchange|super|threads')
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	echo "recipe $r"
	for t in $suites; do
		tests/engine/suites/${t}_"$r" || failed=1
	done
	tests/engine/suites/access_"$r" || failed=1
done
for r in $(sed -n 's/^VARIANT(\([^,]*\),.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	echo "variant $r"
	for t in $suites parts; do
		tests/engine/suites/${t}_"$r" || failed=1
	done
	tests/engine/suites/access_"$r" -s 11 || failed=1
done
for t in tests/engine/suites/super_* tests/engine/suites/exchange_*; do # recipes with superpage entries; variants and their bases
	[ ! -x "$t" ] || "$t" || failed=1
done
exit $failed
