#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The book's chapters with their figures, pictures and explanations as they are now, into a directory; and two pages more that show its figures, as
# OUT/tree/README.md and OUT/tree/docs/future-optimisations.md.
#
# mkbook.sh SRCDIR OUT [RUN...]   RUN: the directories of runs, whose figures the book is to have (docs/book/reference.sh makes them); else those of
#                                 docs/book/reference.csv stay
#
# Figures: docs/book/fill.awk says how chapters ask for them. The rows that they ask for, and no others, are OUT/reference.csv.
# Explanations: behind <!-- output: ./penumbra explain ... --> stands what that command says, down to <!-- end -->; BENCH names the
# program, without which they stay as they are.
set -eu
src=$1 out=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out/pictures" "$out/tree/docs"

# A run's rows as CSV, behind a head that says what run it is.
rows() {
	[ -r "$1/results.json" ] || { echo "mkbook.sh: $1 has no results.json" >&2; exit 1; }
	jq -r '
		"# commit: " + .machine.commit[0:7],
		"# qemu: " + (.machine.qemu | capture("version (?<v>[0-9.]+)").v),
		"# date: " + .started[0:10],
		(["zen2-2019", "nested-cloud"]) as $machines |
		(["pf_guest", "pf_emulate", "pf_fixed", "pf_unshadow", "pf_mmio", "cr3", "invlpg"]) as $kinds |
		(["fill", "prefetched", "prefetch_used", "unsync", "resync", "resync_entries", "pull_through", "wrmap_revoke", "wrmap_single", "wrmap_guess_hit",
		  "wrmap_last_hit", "wrmap_scan", "early_unshadow", "batch_unshadow", "shadow_peak", "guest_tables_peak", "rmap_pages_peak", "set_accessed", "set_dirty",
		  "spare_hit", "cluster_saved", "to_nested", "to_shadow"]) as $counters |
		(["recipe", "workload", "phase", "ops", "instructions", "trips", "bytes"] + $kinds + ["rest"] + $counters + $machines +
		 ["zen2-2019:executing", "zen2-2019:caches", "zen2-2019:walks", "zen2-2019:nested", "zen2-2019:switches", "zen2-2019:misses"] | join(",")),
		(.items[] | select(.state == "finished" and (.traced | not) and .repetition == 1) | . as $item | .regions[] |
		 (.cycles["zen2-2019"] // null) as $z |
		 def parts(f): if $z then [$z.guest, $z.hypervisor] | map(select(.) | .cycles | f) | add else "" end;
		 [$item.recipe, $item.workload, .phase, .ops, .instructions, .trips, .bytes,
		  (. as $r | $kinds[] | $r.trip[.].count // 0),
		  (.trips - ([. as $r | $kinds[] | $r.trip[.].count // 0] | add)),
		  (. as $r | $counters[] | $r.counter[.] // 0),
		  (. as $r | $machines[] | if $r.cycles[.] then [$r.cycles[.].guest, $r.cycles[.].hypervisor] | map(select(.) | .cycles | add) | add else "" end),
		  parts(.instructions + .event + .flush), parts(.fetch + .data), parts(.tlb + .walk), parts(.walk_nested), parts(.world_switch),
		  (if $z then [$z.guest, $z.hypervisor] | map(select(.) | .count.tlb_misses) | add else "" end)] | map(tostring) | join(","))
	' "$1/results.json"
}
if [ $# -gt 0 ]; then
	rows "$1" >"$tmp/figures.csv"
	shift
	for run; do rows "$run" | sed '1,/^recipe,/d' >>"$tmp/figures.csv"; done
else
	cp "$src/docs/book/reference.csv" "$tmp/figures.csv"
fi

# filled FROM TO
filled() {
	awk -f "$src/docs/book/fill.awk" -v pictures="$out/pictures" -v used="$tmp/used" "$tmp/figures.csv" "$1" >"$tmp/filled.md"
	awk -v bench="${BENCH:-}" '
		/^<!-- output: / {
			print
			if (bench == "")
				next
			command = substr($0, 14)
			if (command !~ /^\.\/penumbra explain .* -->$/) {
				print "mkbook.sh: " FILENAME ":" FNR ": not a command that can stand here" >"/dev/stderr"
				exit 1
			}
			sub(/ -->$/, "", command)
			shown = command
			sub(/ \|.*/, "", shown)
			sub(/^\.\/penumbra/, bench, command)
			print "\n    " shown
			blank = said = ""
			while ((command | getline line) > 0)
				if (line == "")
					blank = blank "\n"
				else {
					print blank "    " line
					blank = ""
					said = 1
				}
			close(command)
			if (!said) {
				print "mkbook.sh: " FILENAME ": nothing was said by " command >"/dev/stderr"
				exit 1
			}
			print ""
			skip = 1
			next
		}
		/^<!-- end -->/ { skip = 0 }
		!skip' "$tmp/filled.md" >"$2"
}
for chapter in "$src"/docs/book/*.md; do filled "$chapter" "$out/${chapter##*/}"; done
for page in README.md docs/future-optimisations.md; do [ ! -e "$src/$page" ] || filled "$src/$page" "$out/tree/$page"; done
{
	sed -n '1,/^recipe,/p' "$tmp/figures.csv"
	sort -u "$tmp/used"
} >"$out/reference.csv"
