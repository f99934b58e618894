#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The engine's oracles and suites once more, shorter, under valgrind.
command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }
set -eu
run() { valgrind -q --error-exitcode=9 --leak-check=full "$@" >/dev/null; }
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	run tests/oracle/oracle_$r --programs 12 --steps 150 --shrink 0
done
export CK_FORK=no
run tests/engine/one/shadow2
run tests/engine/one/vtlb
run tests/engine/one/npt
