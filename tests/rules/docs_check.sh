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
counters=$(sed -n '/define PN_COUNTERS/,/[^\\]$/p' "$src/abi/control_abi.h" | grep -c '	X([a-z]')
rows=$(sed -n '/^## Engine counters/,$p' "$tmp/events.md" | grep -c '^| `')
[ "$counters" -eq "$rows" ] || { echo "docs_check: $rows rows for $counters counters" >&2; status=1; }
entries workloads.md 'WORKLOAD([^,]*, *"' workloads/workloads.def
entries workloads.md 'HOSTILE([^,]*, *"' workloads/hostile.def
exit $status
