#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The oracle over every shadow recipe, and shorter over every variant.
set -eu
failed=0
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	if tests/oracle_"$r"; then echo "ok - oracle $r"; else echo "not ok - oracle $r"; failed=1; fi
done
for r in $(sed -n 's/^VARIANT(\([^,]*\),.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	if tests/oracle_"$r" -p 100; then echo "ok - oracle $r"; else echo "not ok - oracle $r"; failed=1; fi
done
exit $failed
