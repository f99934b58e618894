# SPDX-License-Identifier: BSD-2-Clause
# What the scripts that test the command-line program share; they read it with ".".
# ok and bad print lines that `penumbra check` counts; finish ends the script.
set -u
srcdir=$(cd "${srcdir:-.}" && pwd)
build=$(pwd)
bench=$build/penumbra-bench
passed=0 failed=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export TMPDIR="$tmp"
unset PENUMBRA_BUILD PENUMBRA_RESULTS PENUMBRA_ROOT PENUMBRA_QEMU FAKE_MODE FAKE_STATE

ok() { passed=$((passed + 1)); echo "ok $*"; }
bad() { failed=$((failed + 1)); echo "not ok $*"; }
# check "what" command...: ok if the command succeeds
check() {
	what=$1
	shift
	if "$@"; then ok "$what"; else bad "$what"; fi
}
# is "what" got expected
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: \"$2\", not \"$3\""; fi
}
# has "what" file pattern
has() {
	if grep -Eq -- "$3" "$2"; then ok "$1"; else bad "$1: no \"$3\" in $(basename "$2"): $(tail -n 5 "$2")"; fi
}
skip() { echo "skip $*"; }
skip_all() {
	skip "$*"
	exit 77
}
finish() {
	[ "$failed" -eq 0 ] || exit 1
	exit 0
}
# Real boots need the images; without them (a build that is not complete) the test fails, it does not pass silently.
need_images() {
	for image in penumbra-shadow2.elf kernels/cloud-amd64/vmlinuz dom0-initramfs.cpio; do
		[ -s "$build/$image" ] || { bad "$image is there"; finish; }
	done
	command -v qemu-system-x86_64 >/dev/null || skip_all "no qemu-system-x86_64"
}
# rows <csv> <recipe> <workload> <phase>: its measured rows
rows() { awk -F, -v r="$2" -v w="$3" -v p="$4" '$1 == r && $2 == w && $3 == p' "$1"; }
# per_op <csv> <recipe> <workload> <phase> <column>: of the first repetition, two decimals
per_op() { rows "$1" "$2" "$3" "$4" | awk -F, -v c="$5" 'NR == 1 { printf "%.2f", $c / $7 }'; }
# items <run's directory> <SQL expression on value>...: one line a guest run, fields split by |
items() { sqlite3 -separator '|' :memory: "SELECT $2 FROM json_each(readfile('$1/results.json'), '\$.items')"; }
# An item's fields, for items.
recipe="json_extract(value, '\$.recipe')" workload="json_extract(value, '\$.workload')" state="json_extract(value, '\$.state')"
reason="replace(json_extract(value, '\$.reason'), char(10), ' ')" audit="json_extract(value, '\$.audit')"
# bench_run <directory> <options...>: a real run; messages in <directory>.err; returns the exit code
bench_run() {
	dir=$1
	shift
	"$bench" run --results "$tmp/results" --output "$dir" "$@" >"$dir.out" 2>"$dir.err"
}
no_leftovers() { [ -z "$(find "$tmp" -maxdepth 1 -name 'penumbra-*')" ]; }
# no_process <word>: nothing runs whose command line has it
no_process() { ! pgrep -f -- "$1" >/dev/null; }
