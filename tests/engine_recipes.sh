#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The engine's common tests under every shadow recipe.
set -eu
failed=0
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	echo "recipe $r"
	tests/engine_test_"$r" || failed=1
done
exit $failed
