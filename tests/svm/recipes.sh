#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The suites of hv/svm, hosted, under each recipe that it is built for. They are about one instruction an exit: where a trip may do
# several, only the suite about that.
set -eu
failed=0
for t in shadow2 shadow3 adaptive npt hybrid; do
	echo "recipe $t"
	tests/svm/svm_$t || failed=1
done
echo "recipe shadow2_clusters"
CK_RUN_SUITE="hv/svm: clusters" tests/svm/svm_shadow2_clusters || failed=1
exit $failed
