/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two runs, row by row. Under instruction counting most figures repeat to the digit: there a difference is exact. A workload of which
 * any row varied in either run is judged by its confidence intervals instead; and as a run has many rows, the chance
 * of a false alarm is shared among those that vary (Bonferroni), so that it is CHANCE for the comparison as a whole.
 */
#ifndef BENCH_COMPARISON_H
#define BENCH_COMPARISON_H

#include "dataset.h"
#include "sample.h"

#define CHANCE            0.01
#define THRESHOLD_PERCENT 1.0
#define FEW_REPETITIONS   9 /* below it an interval is wide: the reader is told */

enum metric {
#define METRIC(field, always, name) METRIC_##field,
#include "metrics.def"
#undef METRIC
	METRICS
};
/* Whether it is measured on the host itself (host.def), where nothing repeats to the digit. */
#define METRIC_IS_OF_HOST(m) ((m) >= METRIC_host_ns)
extern const char *const metric_names[METRICS];

enum outcome {
	OUTCOME_SAME,    /* to the digit */
	OUTCOME_WITHIN,  /* the threshold */
	OUTCOME_BETTER,  /* by more than the threshold */
	OUTCOME_WORSE,   /* likewise; a regression */
	OUTCOME_UNCLEAR, /* it varies too much for so few repetitions */
	OUTCOMES
};
extern const char *const outcome_names[OUTCOMES];

/* One metric of one row, per operation. Strings are of the datasets. */
struct change {
	const char *recipe, *workload, *phase;
	enum metric metric;
	struct sample before, after;
	double ratio; /* after / before, 1 if both are 0; infinite if before alone is */
	bool varies;
	bool known; /* of what varies: whether `by` means anything */
	struct difference by;
	enum outcome outcome;
};

struct comparison {
	const struct dataset *before, *after;
	double threshold; /* a fraction of the figure before: 0.01 is one in a hundred */
	struct change *change;
	unsigned nr_changes;
	const json_t **lost; /* guests that finished before and failed after: one guest run of each */
	unsigned nr_lost;
	unsigned count[OUTCOMES];
	unsigned only_before, only_after; /* rows */
	unsigned altered;                 /* rows of workloads that have other parameters now */
	unsigned few;                     /* changes that vary, of fewer than FEW_REPETITIONS repetitions in either run */
};

/* threshold: 0 to 1. The datasets must outlive it. */
void comparison_make(struct comparison *c, const struct dataset *before, const struct dataset *after, double threshold);
void comparison_free(struct comparison *c);
bool comparison_is_worse(const struct comparison *c);
/* The nth largest change of that outcome, relative to the figure before; NULL past the last. */
const struct change *comparison_nth(const struct comparison *c, enum outcome v, unsigned nth);

#endif
