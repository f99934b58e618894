/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several recipes side by side, by what the guest did. Its steps are the same under all of them, but what a guest did again and again, with the same trips or none,
 * was written down as one step: here they are cut where any recipe has them apart.
 */
#ifndef BENCH_EXPLAIN_ALIGN_H
#define BENCH_EXPLAIN_ALIGN_H

#include "explain.h"

struct aligned {
	json_t *step[EXPLAIN_RECIPES];     /* what the recipe wrote down; NULL: it has no such step */
	bool whole[EXPLAIN_RECIPES];       /* all of it; else a part */
	json_int_t times[EXPLAIN_RECIPES]; /* how often the guest did it in this row; the step's trips came each time */
	unsigned title;                    /* whose words tell best what the guest did */
	json_int_t first, count;
};

struct alignment {
	const struct explained *e;
	size_t phase, at[EXPLAIN_RECIPES];
	json_int_t next;
};

void align_begin(struct alignment *a, const struct explained *e, size_t phase);
/* False: there is no more. */
bool align_next(struct alignment *a, struct aligned *row);

#endif
