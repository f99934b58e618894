/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What others published, with what this run has of the same kind. Each figure has a band, which was written before the model was run for it
 * (published.def): ours lies in it, a hit, or not, a miss.
 */
#ifndef BENCH_PUBLISHED_H
#define BENCH_PUBLISHED_H

#include "dataset.h"

/* In the order in which they are shown. */
enum published_state { PUBLISHED_MISS, PUBLISHED_HIT, PUBLISHED_GIVEN, PUBLISHED_ABSENT, PUBLISHED_UNCOUNTED, PUBLISHED_STATES };
extern const char *const published_states[PUBLISHED_STATES];

/* Ours, beside one of them. */
struct ours {
	enum published_state state;
	double value; /* in the figure's unit; of a hit, a miss, and what was given */
	char *value_text;
	char *where;   /* of which recipes, workloads and machines it is; absent: what the run lacks, in words */
	char *command; /* absent: what would measure it; "" if nothing in this version can */
};

struct asking;

struct published {
	const char *what, *figure, *source, *setup; /* the last two are theirs */
	bool (*metric)(struct asking *a, double *value);
	const char *unit; /* of ours: "%", "×", "cycles", "references" */
	double low, high; /* the band, both ends in it */
	bool seen;        /* documentation had a figure of ours of that kind when the band was written */
	const char *machine, *recipe, *other_machine, *other, *workloads, *phase;
	const char *why; /* why it is missed, as far as known; "" else */
};

extern const struct published published[];
extern const unsigned nr_published;

/* The band in words, as "7.5 to 76 %"; the caller frees it. */
char *published_band(const struct published *p);
/* Strings are never NULL afterwards; published_free() frees them. */
void published_judge(const struct published *p, const struct dataset *d, struct ours *o);
void published_free(struct ours *o);

#endif
