#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# trace_compare.sh CTF EXPECTED: does babeltrace2 show exactly what trace_feed says that it wrote, in order?
set -eu
ctf=$1 expected=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-compare.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "FAIL: $*"; exit 1; }

babeltrace2 --clock-cycles "$ctf" >"$work/trace" 2>"$work/bt.err" || { cat "$work/bt.err"; fail "babeltrace2 fails"; }
[ ! -s "$work/bt.err" ] || { cat "$work/bt.err"; fail "babeltrace2 complains"; }

# In the form of the expected lines, in the order of the trace.
sed -n 's/^\[0*\([0-9]*\)\] ([^)]*) [^ ]* penumbra:\([a-z_]*\): { cpu_id = \([0-9]*\) }, { domain = 1, .*, seq = [0-9]*, [a-z_]* = \([^,]*\),\{0,1\} .*/\1 \3 \2 \4/p' \
	"$work/trace" >"$work/got"
sed -n 's/.*penumbra:lost: { cpu_id = \([0-9]*\) }, { event_id = [0-9]*, event = \([^,]*\), count = \([0-9]*\) }.*/\1 lost \2 \3/p' \
	"$work/trace" >>"$work/got"
[ "$(wc -l <"$work/got")" -eq "$(wc -l <"$work/trace")" ] || fail "some lines of the trace are of no known form"
sort "$expected" >"$work/expected.sorted"
sort "$work/got" >"$work/got.sorted"
cmp -s "$work/expected.sorted" "$work/got.sorted" || {
	diff "$work/expected.sorted" "$work/got.sorted" | head -n 10
	fail "what came out is not what went in"
}
sed 's/^\[0*\([0-9]*\)\].*/\1/' "$work/trace" | sort -n -c || fail "stamps go back"

# A loss stands between the last record that was kept and the first after it.
awk '/penumbra:lost/ { if (before !~ /penumbra:(revoke|lost)/) bad = 1; lost = 1 }
     lost && !/penumbra:lost/ { if ($0 !~ /penumbra:demote/) bad = 1; lost = 0 }
     { before = $0 } END { exit bad }' "$work/trace" || fail "losses are not where they happened"
