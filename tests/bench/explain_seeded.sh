#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What `penumbra explain` tells is what the engine does: a changed engine (tests/bench/explain.list) tells otherwise, and says what its line
# says.
. "${srcdir:-.}/tests/seeded_bugs.sh"
SAMPLE=3

flags_for() { engine_flags "$1"; }

hunt() {
	t=$1
	shift
	rm -rf "$t/told"
	mkdir "$t/told"
	# shellcheck disable=SC2046
	if ! $cc -no-pie -o "$t/told/penumbra-explain-$recipe" "$@" explain-obj/main/explain/*.o explain-obj/guests_*.o \
		"tests/engine/libengine_$recipe.a" -ljansson 2>>"$tmp/log.$n"; then
		say "not ok - $bug: it does not link"
		return
	fi
	# shellcheck disable=SC2046
	./penumbra-bench explain $(get tell) --recipe "$recipe" --build . >"$t/told/before" 2>>"$tmp/log.$n"
	# shellcheck disable=SC2046
	./penumbra-bench explain $(get tell) --recipe "$recipe" --build "$t/told" >"$t/told/after" 2>>"$tmp/log.$n"
	if grep -Eq -- "$(get says)" "$t/told/before"; then
		say "not ok - $bug: without the change it says so, too: $(get says)"
	elif grep -Eq -- "$(get says)" "$t/told/after"; then
		say "ok - $bug: it says: $(get says)"
	else
		say "not ok - $bug: it does not say: $(get says)"
	fi
}

hunt_all "$src/tests/bench/explain.list" "$@"
