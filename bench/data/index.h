/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results/index.sqlite: one row a run, and how long each guest took last, for
 * the estimate of what is left. It holds nothing that the runs' own files do not; if it
 * cannot be written, a run is none the worse.
 */
#ifndef BENCH_INDEX_H
#define BENCH_INDEX_H

#include "results.h"

/* Record a finished (or broken-off) run. 0, or -1 after a message. */
int index_add(const char *results_dir, const struct results *r);
/* Wall seconds that this guest took last; if it never ran under this recipe, its mean under the others but `native`; or -1. */
double index_seconds(const char *results_dir, const char *recipe, const char *workload, bool traced);

#endif
