#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/adding.md, followed to the letter in a copy of the tree: its recipe, its parts and its workload are built, booted, and
# give the figures that the page speaks of. Comments in the page say where each block goes:
#   <!-- file PATH -->: the block is that file   <!-- append PATH -->: its lines go at the end   <!-- run -->: commands
. "${srcdir:-.}/tests/common.sh"
need_images
tree=$tmp/tree
mkdir "$tree"
(cd "$srcdir" && tar -cf - --exclude=./build --exclude=./.git --exclude=./results --exclude='*.o' --exclude='*.elf' .) | tar -xf - -C "$tree"
chmod -R u+w "$tree"
mkdir -p "$tree/results" && cp "$srcdir/results/README.md" "$tree/results/"

blocks=$(awk -v tree="$tree" -v out="$tmp" '
	/^<!-- (file|append|run)/ { what = $2; path = $3; next }
	/^```/ && what && !open { open = 1; target = what == "run" ? out "/commands" : tree "/" path; n++
		if (what == "file") printf "" >target
		next }
	/^```/ && open { open = 0; what = ""; close(target); next }
	open && what == "file" { print >target }
	open && what != "file" { print >>target }
	END { print n + 0 }' "$srcdir/docs/adding.md")
is "the page has its blocks" "$blocks" 9
(cd "$tree" && sh -eu "$tmp/commands")
is "its commands work" $? 0

mkdir "$tree/build" && cd "$tree/build"
{ ../configure -q && nice make -s -j2 penumbra-bench penumbra-shadow2-scan.elf penumbra-shadow2_unpinned.elf penumbra-shadow2_lru.elf \
	workloads/walk.elf workloads/walk.2.elf workloads/context-switch.elf tests/oracle/oracle_shadow2_lru \
	penumbra-explain-shadow2-scan penumbra-explain-shadow2_unpinned explain.html; } >"$tmp/make" 2>&1
is "it builds" $? 0
[ "$failed" -eq 0 ] || { tail -n 20 "$tmp/make"; finish; }
# What the page does not change is taken from the build that is tested.
ln -s "$build/kernels" kernels
ln -s "$build/dom0-initramfs.cpio" "$build/penumbra-shadow2.elf" .
bench=$tree/build/penumbra-bench
"$bench" list >"$tmp/list"
has "the list has the recipe" "$tmp/list" '^  shadow2-scan .*never guesses'
has "the list has the workload" "$tmp/list" '^  walk +2,3,4,5 +every page'
bench_run "$tmp/run" --build . --recipe shadow2,shadow2-scan,shadow2-unpinned --workload walk,context-switch --repeat 1 --no-trace
is "they run" $? 0
check "a machine is one file" test -s "$tree/slow-memory.machine"
[ "$failed" -eq 0 ] || { cat "$tmp/run.err"; finish; }
csv=$tmp/run/results.csv
is "the recipe has its rows" "$(rows "$csv" shadow2-scan walk first | wc -l | tr -d ' ')" 1
is "the workload's second round takes no trips" "$(per_op "$csv" shadow2-scan walk again 9)" 0.00
check "its first round does" awk -v a="$(per_op "$csv" shadow2-scan walk first 9)" 'BEGIN { exit !(a > 0) }'
is "a switch under shadow2: trips" "$(per_op "$csv" shadow2 context-switch switch 9)" 1.00
check "a switch without its roots: 35 trips or so" awk -v a="$(per_op "$csv" shadow2-unpinned context-switch switch 9)" 'BEGIN { exit !(a > 30 && a < 40) }'
# The recipe, and a variant with the part, explain themselves.
"$bench" explain context-switch --recipe shadow2-scan,shadow2-unpinned --build . >"$tmp/told"
is "they are explained" $? 0
has "the recipe by its own text" "$tmp/told" 'shadow2-scan: shadow2 that never guesses where a page is mapped'
has "what it costs" "$tmp/told" 'shadow2-scan +trips 1, of them page faults 0;'
has "what the part does" "$tmp/told" 'shadow2-unpinned +trips 35, of them page faults 34;'
has "and how" "$tmp/told" 'The root had no shadow: an empty one begins'
tests/oracle/oracle_shadow2_lru --programs 100 --shrink 0 >"$tmp/oracle" 2>&1
is "the oracle finds nothing wrong with the part that keeps something" $? 0
bench_run "$tmp/tight" --build . --recipe shadow2,shadow2+lru --workload pool-tight --repeat 1 --no-trace
is "it runs with too small a pool" $? 0
for recipe in shadow2 shadow2+lru; do
	is "a switch under $recipe with too small a pool: trips" "$(per_op "$tmp/tight/results.csv" "$recipe" pool-tight switch 9)" 34.00
done
finish
