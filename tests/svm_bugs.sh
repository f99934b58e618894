#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Seeded bugs in hv/svm: each of tests/svm_bugs.list is put into a copy of its source, and the fuzz target must find it within a
# million exits. Fails too when a change no longer changes anything. A sample, by the day; PENUMBRA_LONG: all. The exits are the same
# every day, so that what is found once is.
#
#   svm_bugs.sh [name...]     only these; SVM_FUZZ_SEED=<number> for other exits, SVM_BUGS_DAY=<number> for another sample
set -eu
src=$(cd "${srcdir:-.}" && pwd)
cc=${CC:-cc}
RUNS=1000000
SAMPLE=6
JOBS=2
seed=${SVM_FUZZ_SEED:-1}
day=${SVM_BUGS_DAY:-$(($(date +%s) / 86400))}
export SVM_FUZZ_SEED="$seed"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

say() { echo "$*" >>"$tmp/result.$n"; }
get() { sed -n "s/^$1[[:space:]]*//p" "$tmp/bug.$n"; }

# What tests/hosted.mk compiles with, on the tree $1.
flags_for() {
	echo "-std=gnu11 -O1 -w -fomit-frame-pointer -fno-strict-aliasing -fno-delete-null-pointer-checks -D_GNU_SOURCE
		-fsanitize=address,undefined -fno-sanitize=alignment,pointer-overflow -fno-sanitize-recover=undefined -I$src/tests/hosted"
	for d in include x86 platform/svm platform mm shadow paging svm domain dev emul trace boot platform/host; do echo "-I$1/hv/$d"; done
	echo "-I$1/traces -I$1/policies -Irecipes"
}

# What the target printed in $tmp/out.$n, as one line.
finding() {
	sed -n 's/.*; the \([0-9]*\)th in all$/after \1 exits/p' "$tmp/out.$n" | head -n 1
	sed -n 's/^after an exit: /: /p; s/^the hypervisor panics: /: a panic: /p; s/.*ERROR: AddressSanitizer: \([^ ]*\).*/: \1/p
		s/.*runtime error: /: /p' "$tmp/out.$n" | head -n 1
}

hunt() {
	if timeout 1800 "$1" --runs $RUNS >"$tmp/out.$n" 2>&1; then
		say "not ok - $bug: not found in $RUNS exits: $(get what)"
	elif ! grep -q 'fuzz_svm: seed' "$tmp/out.$n"; then
		say "not ok - $bug: the target failed in another way"
		tail -n 5 "$tmp/out.$n" >>"$tmp/log.$n"
	else
		say "ok - $bug: found $(finding | tr -d '\n')"
	fi
}

# try <number> <tree>: the bug in $tmp/bug.<number>
try() {
	n=$1 t=$tmp/$2 objects=
	bug=$(get bug) recipe=$(get recipe) file=$(get file)
	sed "$(get sed)" "$src/$file" >"$t/src/$file"
	if cmp -s "$src/$file" "$t/src/$file"; then
		say "not ok - $bug: the change no longer applies to $file"
		return
	fi
	for c in $(get compile); do
		o=$t/o/$(basename "$c").o
		objects="$objects $o"
		# shellcheck disable=SC2046
		$cc $(flags_for "$t/src") -c "$t/src/$c" -o "$o" 2>>"$tmp/log.$n" || objects=none
	done
	cat "$src/$file" >"$t/src/$file"
	# shellcheck disable=SC2086
	if [ "$objects" != none ] && $cc -fsanitize=address,undefined -o "$t/o/fuzz" $fuzz_objects $objects \
		-Wl,--start-group tests/libhosted.a "tests/libhosted_$recipe.a" -Wl,--end-group 2>>"$tmp/log.$n"; then
		hunt "$t/o/fuzz"
	else
		say "not ok - $bug: it does not build"
	fi
}

# One file a bug; those that are asked for, or as many as a day has, each in its turn.
awk -v out="$tmp/bug." '/^#/ { next } /^bug/ { n++ } n { print >(out n) }' "$src/tests/svm_bugs.list"
nr=$(ls "$tmp" | grep -c '^bug\.')
chosen() {
	if [ $# -gt 0 ]; then
		for name in "$@"; do grep -lx "bug *$name" "$tmp"/bug.* | sed 's/.*\.//'; done
	elif [ -n "${PENUMBRA_LONG:-}" ]; then
		seq "$nr"
	else
		for i in $(seq $SAMPLE); do echo $(((day * SAMPLE + i) % nr + 1)); done
	fi
}
all=$(chosen "$@")
[ -n "$all" ]
fuzz_objects=$(for f in svm_fuzz svm_fuzz_bytes svm_fuzz_code svm_fuzz_rules svm_fuzz_values; do echo "hosted-obj/all/tests/$f.c.o"; done)
[ $# -gt 0 ] || [ -n "${PENUMBRA_LONG:-}" ] || echo "of $nr bugs the $SAMPLE of SVM_BUGS_DAY=$day; PENUMBRA_LONG=1 tries all"

# Several at a time, each in a tree of its own: a header is found beside the file that includes it.
for j in $(seq $JOBS); do
	mkdir -p "$tmp/$j/src" "$tmp/$j/o"
	cp -r "$src/hv" "$src/policies" "$src/traces" "$tmp/$j/src"
	chmod -R u+w "$tmp/$j/src"
	k=0
	for n in $all; do
		k=$((k + 1))
		[ $((k % JOBS + 1)) -ne "$j" ] || try "$n" "$j"
	done &
done
wait
for n in $all; do
	cat "$tmp/result.$n"
	[ ! -s "$tmp/log.$n" ] || head -n 5 "$tmp/log.$n" >&2
done
if cat "$tmp"/result.* | grep -q '^not ok'; then exit 1; fi
