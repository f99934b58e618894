#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The suites of hv/svm, hosted, under each recipe that it is built for.
set -eu
failed=0
for t in shadow2 shadow3 adaptive npt; do
	echo "recipe $t"
	tests/svm/svm_$t || failed=1
done
exit $failed
