#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mkpeers.sh [--keep FILE] RUN...: makes bench/judge/peers_reference.def from what these runs (directories of results) measured of peers with
# guests of four levels: the mean of each row's repetitions, per operation. A run that cannot have a peer shows these figures, marked, in its
# place. Rows of FILE, an earlier such list, stay where no RUN has measured anew.
set -eu
keep=/dev/null
[ "${1:-}" != --keep ] || { keep=${2:-} && [ -r "$keep" ] && shift 2; } || { echo "$0: --keep needs a file" >&2; exit 64; }
[ $# -ge 1 ] || { echo "usage: $0 [--keep FILE] RUN..." >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
peers=$(sed -n 's/^PEER([^,]*, *"\([^"]*\)", *\([a-z]*\),.*/\1:\2/p' "$here/../../policies/recipes.def")
# known <run> <key>: of its machine.json
known() { sed -n "s/^ *\"$2\": \"\(.*\)\",\{0,1\}\$/\1/p" "$1/machine.json" | head -n 1 | sed 's/\\n$//; s/ ([^)]*@[^)]*) #.* Debian / Debian /'; }
cat <<'END'
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference run of peers, made by mkpeers.sh from results: not to be changed by hand.
 *
 * PEER_RUN("recipe", "when", "QEMU's package", "the peer"); PEER_ROW("recipe", "workload", "phase", instructions, trips), per operation; trips
 * below 0: not counted.
 */
#ifndef PEER_RUN
#define PEER_RUN(recipe, when, qemu, peer)
#endif
#ifndef PEER_ROW
#define PEER_ROW(recipe, workload, phase, instructions, trips)
#endif
END
measured() {
	for run; do
		for peer in $peers; do
			recipe=${peer%%:*}
			grep -q "^$recipe," "$run/results.csv" || continue
			when=$(sed -n 's/^ *"started": "\([0-9-]*\)T.*/\1/p' "$run/results.json" | head -n 1)
			echo "PEER_RUN(\"$recipe\", \"$when\", \"$(known "$run" qemu_package)\", \"$(known "$run" "peer_${peer#*:}")\")"
			awk -F, -v recipe="$recipe" '
				$1 == recipe && $4 == 4 && $3 != "empty" {
					key = "\"" $2 "\", \"" $3 "\""
					if (!(key in n)) order[++rows] = key
					n[key]++; instructions[key] += $8 / $7; trips[key] += $9 == "" ? -1 : $9 / $7
				}
				END {
					for (i = 1; i <= rows; i++)
						printf "PEER_ROW(\"%s\", %s, %.1f, %.3f)\n", recipe, order[i], instructions[order[i]] / n[order[i]], trips[order[i]] / n[order[i]]
				}' "$run/results.csv"
		done
	done
}
# A row is known by its first three fields; what was measured anew comes first.
{ measured "$@"; grep '^PEER_R[UO][NW]("' "$keep" || true; } | awk -F, '/^PEER_RUN/ ? !told[$0]++ : !has[$1 $2 $3]++'
printf '#undef PEER_RUN\n#undef PEER_ROW\n'
