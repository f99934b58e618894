#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The rules of the tree that a program can check: which room may include which, where the VMCB is known,
# that the tour names every source file once, and how long functions and files may be.
set -eu
cd "${srcdir:-$(dirname "$0")/..}"
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "tree_check: $*" >&2; }

# Rooms from the ground up: a file may include headers of its own room and of those its line names.
rooms='
include:
lib: include
x86: include
platform: include x86 boot trace
trace: include platform
mm: include x86 platform trace paging
shadow: include x86 platform trace mm paging
paging: include x86 platform trace mm shadow
emul: include
dev: include x86 platform trace svm domain boot paging
svm: include x86 platform trace paging emul domain boot dev
domain: include x86 platform trace paging emul dev svm boot
boot: include x86 platform trace paging svm domain
'
room_of() { find hv traces policies -name "$1" | sed -n 's#^hv/\([a-z0-9]*\)/.*#\1#p; s#^traces/.*#include#p; s#^policies/.*#policies#p' | head -n 1; }
for room in include lib x86 platform trace mm shadow paging emul dev svm domain boot; do
	allowed=" $room $(echo "$rooms" | sed -n "s/^$room: *//p") "
	for f in $(find "hv/$room" -name '*.[chS]'); do
		for h in $(sed -n 's/^#include "\(.*\)"/\1/p' "$f"); do
			to=$(room_of "$(basename "$h")")
			case "$to" in
			"") bad "$f includes $h, which is nowhere" ;;
			policies) [ "$room" = shadow ] && ok || bad "$f includes a policy: $h" ;;
			*) case "$allowed" in *" $to "*) ok ;; *) bad "$f ($room) includes $h ($to): the arrow points the wrong way" ;; esac ;;
			esac
		done
	done
done

# The engine and what lies below it know nothing of SVM.
for f in $(find hv policies -name '*.[chS]' ! -path 'hv/svm/*'); do
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

# Measures of STYLE: functions within 80 lines, files within 600.
files=$(find hv policies traces workloads bench dom0 tests -name '*.[ch]')
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
for f in tests/*.sh bench/*.sh docs/*.sh dom0/*.sh; do
	[ -r "$f" ] && head -n 1 "$f" | grep -q '^#!' || continue
	[ -x "$f" ] && ok || bad "$f cannot be executed"
done

echo "tree_check: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
