/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures that the project set itself, against what a run measured. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "dataset.h"

enum met { MET_UNKNOWN, MET, MISSED };

struct figure {
	char *what, *target, *measured;
	char *recipe; /* figures_best: which one; else NULL */
	enum met met;
};

/* All targets, measured or not; the caller frees them with figures_free(). *n: how many. */
struct figure *figures_all(const struct dataset *d, unsigned *n);
/* The targets that the best shadow recipe is to reach; freed and counted as figures_all()'s are. */
struct figure *figures_best(const struct dataset *d, unsigned *n);
/*
 * The shadow recipe with the fewest instructions in a phase (NULL: the main one), the worst repetition of each counted; of those
 * with at most `trips` an operation, if there are any. NULL: none was measured.
 */
const char *best_recipe(const struct dataset *d, const char *workload, const char *phase, double trips, struct cell *c);
/*
 * Whether a workload's figures owe nothing to when something else happened: dom0 does nothing to it, and it is no Linux with several
 * CPUs. An unknown one's do not.
 */
bool left_alone(const char *workload);
/* Frees the strings and the list. */
void figures_free(struct figure *f, unsigned n);

/* Instructions that one trace record costs, from traced against untraced regions; negative: not measured. */
double trace_record_cost(const struct dataset *d);

#endif
