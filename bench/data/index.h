/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results/index.sqlite: one row a run, its figures, and how long each guest took last, for
 * the estimate of what is left. It holds nothing that the runs' own files do not; if it
 * cannot be written, a run is none the worse. One that a newer program has written is let be.
 */
#ifndef BENCH_INDEX_H
#define BENCH_INDEX_H

#include "results.h"

/* Record a finished (or broken-off) run. 0, or -1 after a message. */
int index_add(const char *results_dir, const struct results *r);
/* Wall seconds that this guest took last; if it never ran under this recipe, its mean under the others but `native`; or -1. */
double index_seconds(const char *results_dir, const char *recipe, const char *workload, bool traced);

/* Bring in the runs of the results directory that the index does not know, or not with their figures. 0, or -1 after a message. */
int index_gather(const char *results_dir);

/* A figure of one run; per operation, the mean of its repetitions. Strings are good until the callback returns. */
struct index_row {
	const char *run, *started, *commit, *recipe;
	double instructions, trips, bytes_touched;
	double lowest, highest; /* instructions */
	unsigned repetitions;
};

/* The phase that index_rows() takes if none is named: the workload's main one in the newest run; NULL: no run has it. The caller frees it. */
char *index_phase(const char *results_dir, const char *workload);
/* In order of the runs' beginning. recipe NULL: all. The number of rows, or -1 after a message. */
int index_rows(const char *results_dir, const char *workload, const char *phase, const char *recipe,
	       void (*row)(void *context, const struct index_row *r), void *context);

#endif
