#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sources are laid out as .clang-format says. Only Debian 12's clang-format is asked: others break lines elsewhere.
set -eu
cd "${srcdir:-$(dirname "$0")/../..}"
case $(clang-format --version 2>/dev/null) in
*' version 14.'*) ;;
*) echo "skip - clang-format 14, Debian 12's, is not here"; exit 77 ;;
esac
failed=0
for f in $(find bench dom0 hv policies tests traces workloads -name '*.[ch]'); do
	if clang-format --dry-run -Werror "$f" >/dev/null 2>&1; then
		echo "ok - $f"
	else
		echo "not ok - $f: clang-format -i $f"
		failed=1
	fi
done
exit $failed
