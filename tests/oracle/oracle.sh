#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The oracle over every recipe with shadows and every mode (under hybrid the programs switch to nested paging and back), and shorter over the day's variants (all, with PENUMBRA_LONG): first the programs that once found
# faults, then random ones, and some that are made as the fuzzer makes them. The seed is another one each day;
# ORACLE_SEED=<number> runs a day's programs again.
set -eu
seed=${ORACLE_SEED:-$(($(date +%s) / 86400 * 10000))}
echo "seed $seed; to run these programs again: ORACLE_SEED=$seed"
src=${srcdir:-.}
recipes=$(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *\(shadow\|hybrid\),.*/\1/p' "$src/policies/recipes.def")
variants=$(cat tests/engine/variants)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# one <recipe> <programs>
one() {
	if tests/oracle/oracle_"$1" --quiet --replay "$src"/tests/oracle/programs/*.prog && tests/oracle/oracle_"$1" --seed "$seed" --programs "$2" &&
		tests/oracle/oracle_"$1" --seed "$seed" --bytes --programs $(($2 / 10)); then
		echo "ok - oracle $1"
	else
		echo "not ok - oracle $1"
	fi >"$tmp/$1" 2>&1
	cat "$tmp/$1"
}

# Two at a time.
all() {
	programs=$1 n=0
	shift
	for r in "$@"; do
		one "$r" "$programs" &
		n=$((n + 1))
		[ $((n % 2)) -eq 1 ] || wait
	done
	wait
}
all 400 $recipes
all 100 $variants
! grep -q '^not ok' "$tmp"/*
