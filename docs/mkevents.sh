#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/events.md, from the places where events, trips, fates, operations and counters are declared.
#
# mkevents.sh [SRCDIR] >events.md
set -eu
cd "${1:-$(dirname "$0")/..}"

cat <<'END'
# Events, trips and counters

Made by `docs/mkevents.sh` from `traces/events.def`, `abi/trips.def`, `traces/analysis/*.def` and `abi/control_abi.h`: change
those, then run `make docs`. A test holds this page current.

## Trace events

Numbers are positions in this list. Every record also carries the TSC, pCPU, domain, vCPU, cost (ticks) and bytes (of page
tables touched). Domain 255 is dom0. `penumbra-ctl trace fill,promote` turns two of them on, `all` all, `none` none.

| number | event | what happened | fields |
| --- | --- | --- | --- |
END
awk '
	function text(s) { match(s, /"[^"]*"/); return substr(s, RSTART + 1, RLENGTH - 2) }
	function flush() { if (name != "") printf "| %d | `%s` | %s | %s |\n", n++, name, what, fields }
	/^EVENT\(/ { flush(); name = $0; sub(/^EVENT\(/, "", name); sub(/,.*/, "", name); what = text($0); fields = "" }
	/FIELD\(/ && /^ / {
		split($0, part, ", *")
		fields = fields (fields == "" ? "" : "<br>") "`" part[3] "`: " text($0)
	}
	END { flush() }' traces/events.def

cat <<'END'

## Trips

Every kind of trip into the hypervisor: what the guest did, and for a page fault what became of it. The report, the trace and
`penumbra-ctl stat` use these names. "Paging" marks those that are counted as page-table virtualisation.

| trip | what it is | paging |
| --- | --- | --- |
END
sed -n 's/^TRIP(\([^,]*\), *"\(.*\)", *\([01]\))$/| `\1` | \2 | \3 |/p' abi/trips.def | sed 's/| 1 |$/| yes |/; s/| 0 |$/| |/'

cat <<'END'

## Fates of page faults

What became of one, as `penumbra trace` and babeltrace2's filter `filter.penumbra.trips` tell it ([trace.md](trace.md)): for a trip that the
hypervisor books as `pf_fixed`, by what happened in it.

| fate | what it is |
| --- | --- |
END
sed -n 's/^FATE(\([^,]*\), *"\(.*\)")$/| `\1` | \2 |/p' traces/analysis/fates.def

cat <<'END'

## Operations of the guest

Each is one trip or several; `filter.penumbra.guest-op` puts them together.

| operation | what the guest did |
| --- | --- |
END
sed -n 's/^GUEST_OP(\([^,]*\), *"\(.*\)")$/| `\1` | \2 |/p' traces/analysis/guest_ops.def

cat <<'END'

## Engine counters

Sums since the domain began, per domain; in a region's figures, differences over the region.

| counter | what it counts |
| --- | --- |
END
awk '
	/^#define PN_COUNTERS/ { on = 1; next }
	on { more = /\\$/ }
	on && /X\(/ {
		match($0, /"[^"]*"/); what = substr($0, RSTART + 1, RLENGTH - 2)
		sub(/^[^(]*\(/, ""); sub(/,.*/, "")
		printf "| `%s` | %s |\n", $0, what
	}
	on && !more { exit }' abi/control_abi.h
