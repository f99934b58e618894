#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# installed.sh PROGRAM: the installed program finds what it needs without the tree and the build directory, and one guest
# runs from there. Not a test of `make check`: `make installcheck` runs it.
set -eu
program=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
unset PENUMBRA_BUILD PENUMBRA_RESULTS PENUMBRA_ROOT
# Where DESTDIR is given, the data directory lies below it, not where the program was told that it will be.
[ -z "${DESTDIR:-}" ] || PENUMBRA_BUILD=$(dirname "$program")/../share/penumbra
[ -z "${PENUMBRA_BUILD:-}" ] || export PENUMBRA_BUILD
fail() { echo "installed: $*" >&2; cat "$tmp/log" >&2; exit 1; }

"$program" list >log 2>&1 || fail "list fails"
"$program" doctor >log 2>&1 || fail "doctor misses something"
"$program" run --recipe shadow2 --workload null-exit --repeat 1 --no-trace --output one >log 2>&1 || fail "run fails"
grep -q '^shadow2,null-exit,cpuid,' one/results.csv || fail "run leaves no row"
[ -s one/report.html ] || fail "run leaves no report"
"$program" explain demand-fault --recipe shadow3 --format page --output page.html >log 2>&1 || fail "explain fails"
grep -q 'id="data"' page.html || fail "explain's page has no data"
echo "installed: null-exit ran under shadow2"
