#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The policy seam: mixtures that cannot work are refused with a sentence, the
# hooks of those that can leave no indirect call in the compiled engine, and a variant is
# its base with other parts on one axis and nothing else.
set -eu

src=${srcdir:-.}
cc=${CC:-cc}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-std=gnu11 -O2 -ffreestanding -mgeneral-regs-only -fno-pic -I$tmp -I$src/policies/parts
	$(sh "$src/tests/floors.sh" "$src" hv/floors hv/host/bare)"

# refused <name> <sed on shadow2.h> <words of the sentence> [source of the engine's core that is compiled]
refused() {
	sed "$2" "$src/policies/shadow2.h" >"$tmp/$1.h"
	if $cc $flags -DRECIPE_HEADER="\"$1.h\"" -c "$src/hv/shadow/core/${4:-modes}.c" -include "$src/hv/shadow/seam/recipe.h" \
		-o /dev/null 2>"$tmp/$1.log"; then
		echo "policy_seam: $1 was accepted" >&2
		exit 1
	fi
	tr -d '"\n' <"$tmp/$1.log" | grep -q "$3" || {
		echo "policy_seam: $1 was refused, but not by the sentence '$3':" >&2
		cat "$tmp/$1.log" >&2
		exit 1
	}
}

refused guess_only 's/WRMAP_SCAN_FINDS_ALL/WRMAP_GUESS_FINDS_ALL/' 'must end in a part that finds every mapping'
# mixture <trait> <value> <its part> <sync part> <words>: shadow2 with a part that states the trait otherwise
mixture() {
	mkdir "$tmp/parts"
	sed "s/$1 = [0-9]/$1 = $2/" "$src/policies/parts/$3.h" >"$tmp/parts/$3.h"
	refused "$1" "s/sync_emulate/$4/" "$5"
	rm -r "$tmp/parts"
}

mixture SPARE_NEEDS_SYNC 1 spare_none sync_vtlb 'this spare part answers faults'
mixture PREFETCH_LOOKS_AROUND 1 prefetch_none sync_vtlb 'this prefetch part fills entries'
mixture AD_HIDES_TABLES 1 ad_fault sync_vtlb 'this ad part withholds guest tables'
mixture SYNC_UNSYNCS 1 sync_vtlb sync_vtlb 'this sync part lets tables go out of sync'
mixture SYNC_TAKES_SNAPSHOTS 1 sync_emulate sync_emulate 'this sync part takes snapshots'
mixture RECLAIM_CLOCK_FREES_PINNED 0 reclaim_clock sync_emulate 'this sync part keeps roots'
mixture SUPER_HIGHEST_LEAF 3 super_splinter sync_emulate 'larger superpages must be splintered'

mkdir "$tmp/parts"
sed 's/bool loaded;/u64 loaded, more[2];/' "$src/policies/parts/reclaim_clock.h" >"$tmp/parts/reclaim_clock.h"
refused too_much '' 'keep more of each shadow page than its descriptor has room for' paging_shadow
rm -r "$tmp/parts"

# variant_refused <line for recipes.def> <words>: no header is made of it
mkdir "$tmp/policies" && cp "$src"/policies/*.h "$src/policies/recipes.def" "$tmp/policies"
variant_refused() {
	echo "$1" >>"$tmp/policies/recipes.def"
	if sh "$src/policies/mkvariant.sh" "$tmp/policies" impossible >/dev/null 2>"$tmp/log" || ! grep -q "$2" "$tmp/log"; then
		echo "policy_seam: '$1' was not refused by the words '$2'" >&2
		exit 1
	fi
	sed -i '$d' "$tmp/policies/recipes.def"
}
variant_refused 'VARIANT(impossible, "x", shadow0, wrmap, scan, "its base is missing")' 'no header'
variant_refused 'VARIANT(impossible, "x", shadow2, colour, red, "there is no such axis")' 'no part for the axis'

# A variant's text differs from its base's in name, note, includes and chain only, and it compiles.
sh "$src/policies/mkvariant.sh" "$src/policies" --all "$tmp"
sed -n 's/^VARIANT(\([^,]*\),[^,]*, *\([^,]*\), *\([^,]*\),.*/\1 \2 \3/p' "$src/policies/recipes.def" >"$tmp/variants"
while read -r variant base axis; do
	other=$(diff "$src/policies/$base.h" "$tmp/$variant.h" |
		grep -Ev '^[0-9,acd]+$|^---$|mkvariant|RECIPE_NAME|FINDS_ALL|^. #include "parts/'"$axis"'_|\.'"$axis"' = ' || true)
	[ -z "$other" ] || { echo "policy_seam: $variant differs from $base in more than $axis:" "$other" >&2; exit 1; }
done <"$tmp/variants"

sh "$src/hv/shadow/template/mkpairs.sh" "$tmp"
for recipe in $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p; s/^VARIANT(\([^,]*\),.*/\1/p' "$src/policies/recipes.def"); do
	$cc $flags -DRECIPE_HEADER="\"$recipe.h\"" -c "$tmp/multi_4on4.c" -o "$tmp/$recipe.o"
	if objdump -d "$tmp/$recipe.o" | grep -E 'call +\*'; then
		echo "policy_seam: $recipe: a hook was not folded into the engine" >&2
		exit 1
	fi
done
