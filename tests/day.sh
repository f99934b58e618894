#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# day.sh COUNT ITEM...: of the items the day's COUNT, one a line, so that each has its turn; with PENUMBRA_LONG all of them.
# TEST_DAY=<number>: that day's. For tests that would take too long every day. Without arguments: the day's number.
set -eu
day=${TEST_DAY:-$(($(date +%s) / 86400))}
[ $# -gt 0 ] || { echo "$day"; exit; }
count=$1
shift
[ -z "${PENUMBRA_LONG:-}" ] && [ "$count" -le $# ] || count=$#
printf '%s\n' "$@" | awk -v count="$count" -v day="$day" \
	'{ item[NR - 1] = $0 } END { for (i = 0; i < count; i++) print item[(day * count + i) % NR] }'
