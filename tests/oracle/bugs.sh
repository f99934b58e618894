#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Seeded bugs in the engine, tests/oracle/bugs.list: the oracle must catch each within as many programs as tests/oracle/oracle.sh runs, or
# as its line says. The programs are the same every day, so that what is caught once is.
#
#   bugs.sh [name...]     only these; ORACLE_SEED=<number> for other programs, TEST_DAY=<number> for another sample
. "${srcdir:-.}/tests/seeded_bugs.sh"
SAMPLE=30
PROGRAMS=400

flags_for() { engine_flags "$1"; }

hunt() {
	t=$1
	shift
	programs=$(get programs)
	programs=${programs:-$PROGRAMS}
	seed=${ORACLE_SEED:-$(get seed)}
	seed=${seed:-1}
	calm='' also=''
	if [ "$(get judge)" = lockstep ]; then
		calm=--calm also="engine-obj/all/tests/oracle/lockstep.c.o $(echo engine-obj/plain-"$recipe"/pairs/*.o)"
	fi
	# shellcheck disable=SC2086
	if ! $cc -o "$t/o/oracle" "$@" $also tests/oracle/liboracle.a "tests/engine/libengine_$recipe.a" 2>>"$tmp/log.$n"; then
		say "not ok - $bug: it does not link"
	elif "$t/o/oracle" --seed "$seed" --programs "$programs" --guests "$(get guests)" --shrink 0 $calm >"$tmp/out.$n" 2>"$tmp/why.$n"; then
		say "not ok - $bug: not caught by $programs programs: $(get what)"
	else
		say "ok - $bug: $(sed -n 's/.*fails: /caught /p' "$tmp/out.$n"): $(grep -v ': signal ' "$tmp/why.$n" | tail -n 1 | sed 's/^[^:]*: //')"
	fi
}

hunt_all "$src/tests/oracle/bugs.list" "$@"
