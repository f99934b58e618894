# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tests/oracle/bugs.sh and tests/svm/bugs.sh: each bug of a list is put into a copy of its source, and must be found. Fails too when
# a change no longer changes anything. A sample by the day, each in its turn; PENUMBRA_LONG: all. TEST_DAY=<number>: another sample.
#
# The script has
#   SAMPLE                 how many bugs a day
#   flags_for TREE         what the bug's sources are compiled with there
#   hunt TREE OBJECTS...   links them and looks: says "ok - ..." or "not ok - ..."
# with $n, the bug's number, $bug, its name, and $recipe; `get KEY` is a line of its entry. Last it calls hunt_all LIST [NAME...].
set -eu
src=$(cd "${srcdir:-.}" && pwd)
cc=${CC:-cc}
JOBS=2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# flags_for() of bugs in a recipe's engine.
engine_flags() {
	echo "-std=gnu11 -O1 -w -D_GNU_SOURCE -Irecipes"
	sh "$src/tests/floors.sh" "$1" hv/floors hv/host/bare
	echo "-DRECIPE_HEADER=\"$recipe.h\""
}

say() { echo "$*" >>"$tmp/result.$n"; }
get() { sed -n "s/^$1[[:space:]]*//p" "$tmp/bug.$n"; }

# try <number> <tree>: the bug in $tmp/bug.<number>
try() {
	n=$1 t=$tmp/$2 objects='' broken=''
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
		$cc $(flags_for "$t/src") -c "$t/src/$c" -o "$o" 2>>"$tmp/log.$n" || broken=$c
	done
	cat "$src/$file" >"$t/src/$file"
	if [ -n "$broken" ]; then
		say "not ok - $bug: $broken does not compile with it"
	else
		# shellcheck disable=SC2086
		hunt "$t" $objects
	fi
}

# Says so of a bug whose change changes nothing.
stale() {
	n=$1 file=$(get file)
	! sed "$(get sed)" "$src/$file" | cmp -s - "$src/$file" || echo "not ok - $(get bug): the change no longer applies to $file"
}

# Numbers of the bugs of these names; without one, of the day's.
chosen() {
	if [ $# -gt 0 ]; then
		for name in "$@"; do grep -lx "bug *$name" "$tmp"/bug.* | sed 's/.*\.//'; done
	else
		# shellcheck disable=SC2046
		sh "$src/tests/day.sh" "$SAMPLE" $(seq "$nr")
	fi
}

hunt_all() {
	awk -v out="$tmp/bug." '/^#/ { next } /^bug/ { n++ } n { print >(out n) }' "$1"
	shift
	nr=$(ls "$tmp" | grep -c '^bug\.')
	all=$(chosen "$@")
	[ -n "$all" ]
	[ $# -gt 0 ] || [ -n "${PENUMBRA_LONG:-}" ] || echo "of $nr bugs the $SAMPLE of TEST_DAY=$(sh "$src/tests/day.sh"); PENUMBRA_LONG=1 tries all"
	# Those of other days, too: whoever moves a line learns of it now.
	[ $# -gt 0 ] || for n in $(seq "$nr"); do stale "$n"; done >"$tmp/stale"
	# Several at a time, each in a tree of its own: a header is found beside the file that includes it.
	for j in $(seq $JOBS); do
		mkdir -p "$tmp/$j/src/pairs" "$tmp/$j/o"
		cp -r "$src/abi" "$src/hv" "$src/policies" "$src/traces" "$tmp/$j/src"
		chmod -R u+w "$tmp/$j/src"
		sh "$tmp/$j/src/hv/shadow/template/mkpairs.sh" "$tmp/$j/src/pairs"
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
	[ ! -s "$tmp/stale" ] || { cat "$tmp/stale"; exit 1; }
	if cat "$tmp"/result.* | grep -q '^not ok'; then exit 1; fi
}
