#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tables of docs/growth.md, from a run of the growth workloads: instructions per operation by size, and the exponent, the slope of
# a straight line by least squares through the logarithms. Fields of results.csv are found by their names.
#
# mkgrowth.sh RESULTS.csv
set -eu
awk -F, '
NR == 1 { for (i = 1; i <= NF; i++) field[$i] = i; next }
$field["workload"] !~ /^growth-[a-z]*-[0-9]*$/ || $field["repetition"] != 1 { next }
{
	split($field["workload"], name, "-")
	curve = name[2] "," $field["phase"]
	if (!(curve in known)) { known[curve] = 1; curves[++nr_curves] = curve }
	recipe = $field["recipe"]
	if (!(recipe in used)) { used[recipe] = 1; recipes[++nr_recipes] = recipe }
	now = name[3] + 0
	if (!((name[2], now) in has)) { has[name[2], now] = 1; sizes[name[2]] = sizes[name[2]] " " now }
	cost[curve, recipe, now] = $field["instructions"] / $field["ops"]
}
END {
	# Recipes by name, sizes ascending: guests end in any order.
	for (i = 2; i <= nr_recipes; i++)
		for (j = i; j > 1 && recipes[j] < recipes[j - 1]; j--) { t = recipes[j]; recipes[j] = recipes[j - 1]; recipes[j - 1] = t }
	for (k = 1; k <= nr_curves; k++) {
		split(curves[k], at, ",")
		n = split(sizes[at[1]], size, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && size[j] + 0 < size[j - 1] + 0; j--) { t = size[j]; size[j] = size[j - 1]; size[j - 1] = t }
		if (at[1] != before) {
			printf "\n| by %s | recipe |", at[1]
			for (i = 1; i <= n; i++) printf " %d |", size[i]
			printf " exponent |\n| --- | --- |"
			for (i = 0; i <= n; i++) printf " ---: |"
			print ""
			before = at[1]
		}
		for (r = 1; r <= nr_recipes; r++) {
			row = sprintf("| %s | %s |", r == 1 ? "`" at[2] "`" : "", recipes[r])
			m = sx = sy = sxx = sxy = 0
			for (i = 1; i <= n; i++) {
				y = cost[curves[k], recipes[r], size[i]]
				row = row (y ? sprintf(" %.0f |", y) : " – |")
				if (!y) continue
				x = log(size[i]); y = log(y)
				m++; sx += x; sy += y; sxx += x * x; sxy += x * y
			}
			slope = m > 1 ? (m * sxy - sx * sy) / (m * sxx - sx * sx) : 0
			print row (m > 1 ? sprintf(" %.2f |", slope < 0.005 && slope > -0.005 ? 0 : slope) : " – |")
		}
	}
}' "$1"
