#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# No file of the program is called back by what it calls, over however many others: libbench.a's objects, by the symbols that they
# define and use, have an order. Which rooms may include which is tree_check.sh's.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# "user definer" for each symbol. What is static has a small letter, and is its file's own.
nm -A libbench.a | sed 's/^[^:]*:libbench_a-\([^:]*\)\.o:/\1 /' | awk '
	$2 == "U" { user[++n] = $1; symbol[n] = $3 }
	$3 ~ /^[A-TV-Z]$/ { definer[$4] = $1 }
	END { for (i = 1; i <= n; i++) if (symbol[i] in definer) print user[i], definer[symbol[i]] }' | sort -u >"$tmp/uses"
[ -s "$tmp/uses" ] || { echo "not ok - no file of libbench.a uses another: are its members called otherwise?"; exit 1; }
if tsort <"$tmp/uses" >"$tmp/order" 2>"$tmp/circles"; then
	echo "ok - $(wc -l <"$tmp/order") files, none in a circle"
else
	echo "not ok - these call each other in a circle:" $(sed -n 's/^tsort: \([^ ]*\)$/\1/p' "$tmp/circles" | sort -u)
	exit 1
fi
