#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Short ways against plain ones, in every mode and recipe: tests/oracle/lockstep.c. The seed is another one each day; ORACLE_SEED=<number>
# runs a day's programs again. PENUMBRA_LONG: fifty times as many.
set -eu
seed=${ORACLE_SEED:-$(($(date +%s) / 86400 * 10000))}
programs=200
[ -z "${PENUMBRA_LONG:-}" ] || programs=10000
echo "seed $seed; to run these programs again: ORACLE_SEED=$seed"
failed=0
for r in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' "${srcdir:-.}/policies/recipes.def"); do
	if tests/oracle/lockstep_"$r" --calm --seed "$seed" --programs "$programs" --shrink 0; then
		echo "ok - lockstep $r"
	else
		echo "not ok - lockstep $r"
		failed=1
	fi
done
exit $failed
