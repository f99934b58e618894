#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A variant's header on standard output: its base recipe's with the parts of one axis exchanged.
#   mkvariant.sh <policies/> <file>      the header of the variant that recipes.def calls <file>
#   mkvariant.sh <policies/> --all <dir> every variant's, as <dir>/<file>.h; those that did not change stay as old as they are
# The base is a header of the form that docs/adding.md shows; anything else is an error.
set -eu
dir=$1 file=$2

fields='s/^VARIANT(\([^,]*\), *"\([^"]*\)", *\([^,]*\), *\([^,]*\), *\([^,]*\), .*/\1 \2 \3 \4 \5/p'
if [ "$file" = --all ]; then
	for f in $(sed -n "$fields" "$dir/recipes.def" | cut -d ' ' -f 1); do
		sh "$0" "$dir" "$f" >"$3/$f.new"
		cmp -s "$3/$f.new" "$3/$f.h" || cp "$3/$f.new" "$3/$f.h"
		rm "$3/$f.new"
	done
	exit 0
fi
set -- $(sed -n "$fields" "$dir/recipes.def" | grep "^$file ") || true
[ $# -eq 5 ] || { echo "mkvariant: recipes.def has no variant $file" >&2; exit 1; }
[ -r "$dir/$3.h" ] || { echo "mkvariant: $file is a variant of $3, which has no header" >&2; exit 1; }

awk -v name="$2" -v axis="$4" -v parts="$5" -v self="$file" '
BEGIN {
	n = split(parts, part, "+")
	for (i = 1; i <= n; i++)
		chain = chain (i > 1 ? ", " : "") "&" axis "_" part[i]
	trait = toupper(axis "_" part[n])
}
NR == 2 { print "/* Made by mkvariant.sh from recipes.def: */" }
$0 ~ "^#include \"parts/" axis "_" {
	for (i = 1; !done && i <= n; i++)
		print "#include \"parts/" axis "_" part[i] ".h\""
	done = 1
	next
}
/^#define RECIPE_NAME / { print "#define RECIPE_NAME \"" name "\""; named = 1; next }
{
	gsub(toupper(axis) "_[A-Z_]*_FINDS_ALL", trait "_FINDS_ALL")
	gsub(toupper(axis) "_[A-Z_]*_FREES_PINNED", trait "_FREES_PINNED")
	if (match($0, "\\." axis " = \\{[^}]*\\}"))
		$0 = substr($0, 1, RSTART - 1) "." axis " = { " chain " }" substr($0, RSTART + RLENGTH)
	print
}
END {
	if (done && named)
		exit 0
	print "mkvariant: " self ": the base has no part for the axis " axis ", or no RECIPE_NAME" >"/dev/stderr"
	exit 1
}' "$dir/$3.h"
