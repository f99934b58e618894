#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The plain path of a fault under shadow3 is a walk down: one fill is traced call by call (tests/engine/path.c), and no more than seven
# files may be walked through, none of them entered twice. A file is entered by a call from another one's function. Not counted are
# the words that every step is told in: boxed types and bits, the p2m and the pool's descriptors, the template's own accessors
# (multi.h); and the policy's hooks, each of which is printed.
#   path.sh [--calls]     --calls: print every call
set -eu
here=$(pwd)
calls=$(mktemp)
trap 'rm -f "$calls"' EXIT
tests/engine/path >"$calls"
# depth, function, file
awk '{ print $2 }' "$calls" | addr2line -f -e tests/engine/path | sed "s#^$here/##; s#^.*/\(hv/\)#\1#; s#^.*/\(policies/\)#\1#; s/:[0-9?].*\$//" |
	paste - - | paste "$calls" - | awk -F '[ \t]' '{ print $1, $3, $4 }' >"$calls.named"
mv "$calls.named" "$calls"
[ "${1:-}" != --calls ] || awk '{ printf "%*s%s  (%s)\n", 2 * $1, "", $2, $3 }' "$calls"
awk '
function word(f) {
	return f ~ /^hv\/(base|host|shadow\/pool)\// || f ~ /^pairs\// || f ~ /^hv\/guest\/p2m.h/ || f ~ /core\/(engine|hide)\.h/ || f ~ /template\/multi\.h/
}
{
	at[$1] = $3
	if (word($3))
		next
	if ($3 ~ /^policies\//) {
		hooks = hooks "\n    " $2 " (" $3 ")"
		next
	}
	from = ""
	for (d = $1 - 1; d >= 0 && from == ""; d--)
		if (!word(at[d]))
			from = at[d]
	if (from == $3)
		next
	if (seen[$3]++)
		twice = twice " " $3
	else
		n++
	walk = walk "\n    " $2 " (" $3 ")"
}
END {
	print "a plain fill enters " n " files:" walk "\nand asks the policy:" hooks
	if (n == 0 || n > 7)
		print "not ok - " n " files are walked through, not 1 to 7"
	else
		print "ok - no more than seven files are walked through"
	print twice ? "not ok - entered more than once:" twice : "ok - none is entered twice"
	exit !n || n > 7 || twice
}' "$calls"
