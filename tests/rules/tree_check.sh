#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The rules of the tree that a program can check: which room may include which, where the VMCB is known,
# that the tour names every source file once, and how long functions and files may be.
set -eu
cd "${srcdir:-$(dirname "$0")/../..}"
passed=0 failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "tree_check: $*" >&2; }

# Rooms in the order of hv/floors and bench/floors: a file includes headers of its own floor and of those below. The exception, with
# its reason: plat.h takes its inline functions from the ground that the program is built on.
exception() { [ "$1:$2" = hv/host/plat.h:plat_impl.h ]; }
for floors in hv/floors bench/floors; do
	grep -v '^#' $floors | awk '{ for (i = 1; i <= NF; i++) print NR, $i }' >"$tmp/rank"
	# What may be included, with the lowest floor where a header of that name lies. Generated: traces/events.h.
	{
		while read -r rank room; do
			for h in "$room"/*.h "$room"/*.def "$room"/parts/*.h; do [ ! -e "$h" ] || echo "$rank ${h##*/}"; done
			[ "$room" != traces ] || echo "$rank events.h"
		done <"$tmp/rank"
	} | sort -k2,2 -k1,1n | awk '!seen[$2]++' >"$tmp/headers"
	while read -r rank room; do
		case $room in abi | traces | policies | workloads) continue ;; esac
		for f in "$room"/*.[chS]; do
			[ -e "$f" ] || continue
			for h in $(sed -n 's/^#include "\(.*\)"/\1/p' "$f"); do
				to=$(sed -n "s/^\([0-9]*\) ${h##*/}\$/\1/p" "$tmp/headers")
				if [ -z "$to" ]; then
					bad "$f includes $h, which is nowhere"
				elif [ "$to" -le "$rank" ] || exception "$f" "$h"; then
					ok
				else
					bad "$f includes $h, which is of a floor above ($floors)"
				fi
			done
		done
	done <"$tmp/rank"
	for f in $(find "${floors%/*}" -name '*.[chS]'); do
		grep -q " ${f%/*}\$" "$tmp/rank" && ok || bad "$f is in a room that $floors does not name"
	done
done
for f in $(find hv -name '*.[chS]'); do
	! grep -q '#include "parts/' "$f" && ok || bad "$f includes a policy's part"
done

# The engine and what lies below it know nothing of SVM.
for f in $(find hv policies -name '*.[chS]' ! -path 'hv/svm/*' ! -path 'hv/dom0/*'); do
	if grep -q 'vmcb' "$f"; then bad "$f speaks of the VMCB"; else ok; fi
done

# The tour names every source file exactly once.
if [ -r hv/TOUR.md ]; then
	for f in $(find hv policies -name '*.[chS]' -o -path 'policies/*.def'); do
		n=$(grep -o "\`${f#hv/}\`" hv/TOUR.md | wc -l)
		[ "$n" -eq 1 ] && ok || bad "hv/TOUR.md names $f $n times, not once"
	done
else
	bad "hv/TOUR.md is missing"
fi

# Its last chapter is the short ways: no shortcut is met before the plain path is complete. The template has them in one place.
early=$(sed '/^## The short ways/,$d' hv/TOUR.md | grep -o '`[a-z/]*short/[^`]*`' || true)
[ -z "$early" ] && ok || bad "hv/TOUR.md names $early before the plain path is complete"
users=$(grep -l '"multi_short.h"' hv/shadow/*/*.[ch])
[ "$users" = hv/shadow/template/multi.h ] && ok || bad "multi_short.h is included by $users, not by multi.h alone"

# Measures of STYLE: functions within 80 lines, files within 600.
files=$(find hv policies traces workloads bench dom0 explain tests -name '*.[ch]')
for f in $files; do
	n=$(wc -l <"$f")
	[ "$n" -le 600 ] && ok || bad "$f has $n lines"
done
# A function's body lies between braces in the first column; the tests of a Check suite do as well.
long=$(awk '
	FNR == 1 { open = 0 }
	/^{/ { open = FNR }
	/^}/ { if (open && FNR - open >= 80) print FILENAME ":" open ": " FNR - open + 1 " lines in one function"; open = 0 }' $files)
[ -z "$long" ] && ok || bad "$long"
conditionals=$(grep -rnE '^[[:space:]]*#[[:space:]]*(if|ifdef|elif)\b' hv/shadow policies | wc -l)
[ "$conditionals" -le 12 ] && ok || bad "$conditionals preprocessor conditionals in hv/shadow and policies"

# A test that cannot be executed does not run.
for f in tests/*.sh tests/*/*.sh docs/*.sh dom0/*.sh; do
	[ -r "$f" ] && head -n 1 "$f" | grep -q '^#!' || continue
	[ -x "$f" ] && ok || bad "$f cannot be executed"
done

echo "tree_check: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
