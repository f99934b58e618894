#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Seeded bugs: each of tests/oracle_bugs.list is put into a copy of its source, and the oracle must catch it within
# as many programs as tests/oracle.sh runs, or as its line says. Fails too when a change no longer changes anything.
# A third of them each day; all with PENUMBRA_LONG. The programs are the same every day, so that what is caught once is.
#
#   oracle_bugs.sh [name...]     only these; ORACLE_SEED=<number> for other programs, ORACLE_DAY=<0, 1 or 2> for another third
set -eu
src=$(cd "${srcdir:-.}" && pwd)
cc=${CC:-cc}
PROGRAMS=400
THIRDS=3
seed=${ORACLE_SEED:-1}
day=$((${ORACLE_DAY:-$(($(date +%s) / 86400))} % THIRDS))
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Several at a time, each in a tree of its own: a header is found beside the file that includes it.
JOBS=2
for j in $(seq $JOBS); do
	mkdir -p "$tmp/$j/src" "$tmp/$j/o"
	cp -r "$src/hv" "$src/policies" "$src/traces" "$tmp/$j/src"
	chmod -R u+w "$tmp/$j/src"
done

say() { echo "$*" >>"$tmp/result.$n"; }

# try <number> <tree>: the bug in $tmp/bug.<number>
try() {
	n=$1 t=$tmp/$2 objects= programs=
	restore() { cat "$src/$file" >"$t/src/$file"; }
	get() { sed -n "s/^$1[[:space:]]*//p" "$tmp/bug.$n"; }
	bug=$(get bug) recipe=$(get recipe) file=$(get file)
	programs=$(get programs)
	programs=${programs:-$PROGRAMS}
	sed "$(get sed)" "$src/$file" >"$t/src/$file"
	if cmp -s "$src/$file" "$t/src/$file"; then
		say "not ok - $bug: the change no longer applies to $file"
		return
	fi
	flags="-std=gnu11 -O1 -w -D_GNU_SOURCE -I$t/src/policies -I$t/src/traces -Irecipes"
	for d in include x86 mm shadow paging platform platform/host trace; do flags="$flags -I$t/src/hv/$d"; done
	for c in $(get compile); do
		o=$t/o/$(basename "$c").o
		objects="$objects $o"
		if ! $cc $flags -DRECIPE_HEADER="\"$recipe.h\"" -c "$t/src/$c" -o "$o" 2>>"$tmp/log.$n"; then
			say "not ok - $bug: $c does not compile with it"
			restore
			return
		fi
	done
	restore
	if ! $cc -o "$t/o/oracle" tests/liboracle.a $objects "tests/libengine_$recipe.a" 2>>"$tmp/log.$n"; then
		say "not ok - $bug: it does not link"
	elif "$t/o/oracle" --seed "$seed" --programs "$programs" --guests "$(get guests)" --shrink 0 >"$tmp/out.$n" 2>"$tmp/why.$n"; then
		say "not ok - $bug: not caught by $programs programs: $(get what)"
	else
		say "ok - $bug: $(sed -n 's/.*fails: /caught /p' "$tmp/out.$n"): $(tail -n 1 "$tmp/why.$n" | sed 's/^[^:]*: //')"
	fi
}

# One file a bug.
awk -v out="$tmp/bug." '/^#/ { next } /^bug/ { n++ } n { print >(out n) }' "$src/tests/oracle_bugs.list"
all=$(ls "$tmp" | sed -n 's/^bug\.//p' | sort -n)
[ -n "$all" ]
[ $# -gt 0 ] || [ -n "${PENUMBRA_LONG:-}" ] || echo "of $(echo "$all" | wc -l) bugs those of ORACLE_DAY=$day"

# Is it one of those that are asked for?
chosen() {
	if [ -n "$2" ]; then
		echo " $2 " | grep -q " $(sed -n 's/^bug *//p' "$tmp/bug.$1") "
	else
		[ -n "${PENUMBRA_LONG:-}" ] || [ $((($1 / JOBS) % THIRDS)) -eq "$day" ]
	fi
}

for j in $(seq $JOBS); do
	for n in $all; do
		[ $((n % JOBS + 1)) -eq "$j" ] || continue
		chosen "$n" "$*" || continue
		try "$n" "$j"
	done &
done
wait
for n in $all; do
	[ ! -r "$tmp/result.$n" ] || cat "$tmp/result.$n"
	[ ! -s "$tmp/log.$n" ] || head -n 5 "$tmp/log.$n" >&2
done
if cat "$tmp"/result.* | grep -q '^not ok'; then exit 1; fi
