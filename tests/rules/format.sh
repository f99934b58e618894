#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sources are laid out as .clang-format says. Only Debian 12's clang-format is asked: others break lines elsewhere.
set -eu
cd "${srcdir:-$(dirname "$0")/../..}"
case $(clang-format --version 2>/dev/null) in
*' version 14.'*) ;;
*) echo "skip - clang-format 14, Debian 12's, is not here"; exit 77 ;;
esac
found=$(find bench dom0 explain hv labs policies tests traces workloads -name '*.[ch]' -print0 | xargs -0 -n 40 -P 2 clang-format --dry-run 2>&1 |
	sed -n 's/^\([^:]*\):.*clang-format-violations.*/\1/p' | sort -u)
if [ -z "$found" ]; then
	echo "ok - every source"
else
	echo "$found" | sed 's/.*/not ok - &: clang-format -i &/'
	exit 1
fi
