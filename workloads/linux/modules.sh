#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# modules.sh KERNELDIR OUTPUT MODULE...: copies a kernel's modules, and those that they need, uncompressed, as OUTPUT/NN-NAME.ko: in
# the order of their names they can be loaded one after the other. What is part of the kernel is left out.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 KERNELDIR OUTPUT MODULE..." >&2; exit 64; }
modules=$1/modules output=$2
shift 2
fail() { echo "modules: $*" >&2; exit 1; }
mkdir -p "$output"

# A module's name has _ where its file may have -.
file_of() { find "$modules/kernel" -name "$(echo "$1" | sed 's/[-_]/[-_]/g').ko*" | head -n 1; }
is_builtin() { sed 's|.*/||; s|-|_|g' "$modules/modules.builtin" | grep -qx "$(echo "$1" | tr - _)\.ko"; }
needs() { tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr ',' ' '; }
n=10
add() {
	[ -z "$(find "$output" -name "??-$1.ko")" ] || return 0
	path=$(file_of "$1")
	case $path in
	*.ko) cp "$path" "$output/new" ;;
	*.ko.xz) xz -dc "$path" >"$output/new" ;;
	*.ko.zst) zstd -dcq "$path" >"$output/new" ;;
	*) is_builtin "$1" || fail "the kernel below $modules has no module $1"; return 0 ;;
	esac
	mv "$output/new" "$output/new-$1"
	# In a shell of its own, or what it adds would change $1 here.
	for name in $(needs "$output/new-$1"); do (add "$name"; echo "$n" >"$output/next") && n=$(cat "$output/next"); done
	mv "$output/new-$1" "$output/$n-$1.ko"
	n=$((n + 1))
}
for module in "$@"; do add "$module"; done
rm -f "$output/next"
