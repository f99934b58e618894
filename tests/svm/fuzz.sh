#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Hostile exits against hv/svm, under each recipe that it is built hosted for: a sample, by the day's seed (SVM_FUZZ_SEED has
# another one drawn). PENUMBRA_LONG: ten million in all.
set -eu
runs=60000
[ -z "${PENUMBRA_LONG:-}" ] || runs=2500000
failed=0
for t in shadow2 shadow2_clusters shadow3 adaptive npt hybrid; do
	if tests/svm/fuzz_$t --runs $runs; then
		echo "ok - $t"
	else
		echo "not ok - $t: repeat a round by tests/svm/fuzz_$t --seed N --round N, as above"
		failed=1
	fi
done
exit $failed
