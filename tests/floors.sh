#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# floors.sh TREE FLOORS [ROOM]: the rooms of TREE/FLOORS (hv/floors, bench/floors) as a compiler's include path, one option a line, but
# for ROOM: hv/host/bare or hv/host/sim, where a program stands on the other ground. For scripts that compile as the build does.
set -eu
for room in $(grep -v '^#' "$1/$2"); do
	[ "$room" = "${3:-}" ] || echo "-I$1/$room"
done
