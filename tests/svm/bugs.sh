#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Seeded bugs in hv/svm, tests/svm/bugs.list: the fuzz target must find each within a million exits. They are the same every day, so
# that what is found once is.
#
#   bugs.sh [name...]     only these; SVM_FUZZ_SEED=<number> for other exits, TEST_DAY=<number> for another sample
. "${srcdir:-.}/tests/seeded_bugs.sh"
SAMPLE=6
RUNS=1000000
export SVM_FUZZ_SEED="${SVM_FUZZ_SEED:-1}"
fuzz_objects=$(for f in fuzz fuzz_bytes fuzz_code fuzz_rules fuzz_values; do echo "hosted-obj/all/tests/svm/$f.c.o"; done)

# What tests/svm/svm.mk compiles with.
flags_for() {
	echo "-std=gnu11 -O1 -w -fomit-frame-pointer -fno-strict-aliasing -fno-delete-null-pointer-checks -D_GNU_SOURCE
		-fsanitize=address,undefined -fno-sanitize=alignment,pointer-overflow -fno-sanitize-recover=undefined -I$src/tests/svm/hosted"
	sh "$src/tests/floors.sh" "$1" hv/floors
	echo "-Irecipes"
}

# What the target printed in $tmp/out.$n, as one line.
finding() {
	sed -n 's/.*; the \([0-9]*\)th in all$/after \1 exits/p' "$tmp/out.$n" | head -n 1
	sed -n 's/^after an exit: /: /p; s/^the hypervisor panics: /: a panic: /p; s/.*ERROR: AddressSanitizer: \([^ ]*\).*/: \1/p
		s/.*runtime error: /: /p' "$tmp/out.$n" | head -n 1
}

hunt() {
	t=$1
	shift
	# shellcheck disable=SC2086
	if ! $cc -fsanitize=address,undefined -o "$t/o/fuzz" $fuzz_objects "$@" -Wl,--start-group tests/svm/libhosted.a \
		"tests/svm/libhosted_$recipe.a" -Wl,--end-group 2>>"$tmp/log.$n"; then
		say "not ok - $bug: it does not link"
	elif timeout 1800 "$t/o/fuzz" --runs $RUNS >"$tmp/out.$n" 2>&1; then
		say "not ok - $bug: not found in $RUNS exits: $(get what)"
	elif ! grep -q 'fuzz_svm: seed' "$tmp/out.$n"; then
		say "not ok - $bug: the target failed in another way"
		tail -n 5 "$tmp/out.$n" >>"$tmp/log.$n"
	else
		say "ok - $bug: found $(finding | tr -d '\n')"
	fi
}

hunt_all "$src/tests/svm/bugs.list" "$@"
