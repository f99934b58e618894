#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The generated pages of docs/ are those that their lists give today, and hold an entry for each thing that the lists name.
set -eu
src=${srcdir:-$(dirname "$0")/../..}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

# entries PAGE PATTERN FILE: a row of PAGE for each line of FILE that begins so
entries() {
	for name in $(sed -n "s/^$2\\([a-z0-9_-]*\\).*/\\1/p" "$src/$3"); do
		grep -q "| \`$name\` |" "$tmp/$1" || { echo "docs_check: $1 has no row for $name of $3" >&2; status=1; }
	done
}

for page in events workloads; do
	sh "$src/docs/mk$page.sh" "$src" >"$tmp/$page.md"
	cmp "$tmp/$page.md" "$src/docs/$page.md" || { echo "docs_check: docs/$page.md is not current: make docs" >&2; status=1; }
done
sh "$src/docs/mklimits.sh" "$src" >"$tmp/hardware.md"
cmp "$tmp/hardware.md" "$src/docs/hardware.md" || { echo "docs_check: docs/hardware.md is not current: make docs" >&2; status=1; }
entries hardware.md 'LIMIT(' abi/limits.def
entries hardware.md 'LIMIT_MEMORY(' abi/limits.def
entries events.md 'EVENT(' traces/events.def
entries events.md 'TRIP(' abi/trips.def
# What Trace Compass is told of are events that there are, and fields of theirs.
for name in $(sed -n 's/.*eventName="penumbra:\([a-z_]*\)".*/\1/p' "$src/traces/tracecompass.xml"); do
	grep -q "^EVENT($name," "$src/traces/events.def" || { echo "docs_check: tracecompass.xml has an event $name, events.def none" >&2; status=1; }
done
for name in $(sed -n 's/.*type="eventField" value="\([a-z_]*\)".*/\1/p' "$src/traces/tracecompass.xml" | sort -u); do
	grep -q "_integer(uint[0-9]*_t, $name, r->$name)" "$src/traces/provider.h" || grep -q "FIELD([0-9], [a-z]*, $name," "$src/traces/events.def" ||
		{ echo "docs_check: tracecompass.xml has a field $name, which no event has" >&2; status=1; }
done
counters=$(sed -n '/define PN_COUNTERS/,/[^\\]$/p' "$src/abi/control_abi.h" | grep -c '	X([a-z]')
rows=$(sed -n '/^## Engine counters/,$p' "$tmp/events.md" | grep -c '^| `')
[ "$counters" -eq "$rows" ] || { echo "docs_check: $rows rows for $counters counters" >&2; status=1; }
entries workloads.md 'WORKLOAD([^,]*, *"' workloads/workloads.def
# docs/growth.md names each phase in which adaptive is more than 2 % above the best, by figures of its own tables.
awk -F ' *[|] *' '
/^## Where `adaptive`/ { named = 1 }
NF == 9 && $4 + 0 {
	if ($2)
		phase = $2
	for (i = 4; i < 8; i++) {
		known[phase, $3, $i] = 1
		if (!((phase, i) in best) || $i + 0 < best[phase, i])
			best[phase, i] = $i
		if ($3 == "adaptive")
			ours[phase, i] = $i
	}
}
named && NF == 6 && $3 ~ /^`/ {
	split($3, of, ",")
	split($4, b, /[ ()]+/)
	seen[of[1]] = 1
	if (!((of[1], b[2], b[1]) in known) || !((of[1], "adaptive", $5) in known))
		print "docs_check: docs/growth.md has no such figures of " $3
}
END {
	for (at in ours) {
		split(at, of, SUBSEP)
		if (ours[at] <= 1.02 * best[at] || of[1] in seen)
			continue
		print "docs_check: docs/growth.md: adaptive is not the best by " of[1] ", and no cause is named"
		seen[of[1]] = 1
	}
}' "$src/docs/growth.md" >"$tmp/growth"
[ ! -s "$tmp/growth" ] || { cat "$tmp/growth" >&2; status=1; }
entries workloads.md 'HOSTILE([^,]*, *"' workloads/hostile.def
exit $status
