#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A trace's first measured region as text, a line an event, for lab 5:
#   babeltrace2 results/RUN/traces/shadow2/WORKLOAD | labs/05/excerpt.sh LINES
# Ticks (instructions under QEMU) from the region's beginning on, the event, and its fields; of trips their kind stands behind. A trip's record comes
# before what happened in it. dom0's events are left out, and where code lies.
set -eu
awk -v most="$1" '
/domain = 255/ { next }
{
	match($0, /penumbra:[a-z_]*/)
	event = substr($0, RSTART + 9, RLENGTH - 9)
	split($1, t, /[\[:.\]]/)
	at = ((t[2] * 60 + t[3]) * 60 + t[4]) * 1000000000 + t[5]
}
event == "region_begin" && !inside { inside = 1; first = at; next }
event == "region_end" || lines >= most { if (inside) exit }
inside {
	text = ""
	n = split($0, field, /[{},] */)
	for (i = 1; i <= n; i++)
		if (split(field[i], kv, / = /) == 2 && kv[1] !~ /^(cpu_id|domain|vcpu|seq|rip|exit_code|name_lo|name_hi|mfn|smfn|len|shadow_entry)$/) {
			gsub(/[" ]/, "", kv[2])
			if (kv[1] == "kind")
				event = event " " kv[2]
			else if (event !~ /^trip/ && kv[1] ~ /^(cost|bytes)$/)
				continue
			else
				text = text " " kv[1] "=" kv[2]
		}
	printf "%d %s%s\n", at - first, event, text
	lines++
}'
