/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dom0 does to a suite's domain while it runs, to see that it bears it, and what came of it: log-dirty held
 * against the domain's memory, or its shadow pool made smaller and bigger. Measured regions are left alone, as they hold
 * dom0; what a guest is to bear it must do outside of them, and rest now and then.
 */
#ifndef DOM0_EXERCISE_H
#define DOM0_EXERCISE_H

#include <jansson.h>

#include "domain.h"

struct exercise {
	const char *kind; /* "logdirty", "pool"; NULL: none */
	struct pn_dev *dev;
	struct dom_memory mem;
	enum pn_error error; /* the first one; no more steps then */
	uint64_t steps;
	/* logdirty: pages that changed, that were marked, that changed and were not marked; what turning it on took */
	char *before;
	uint64_t written, marked, missed, ticks, entries;
	/* pool: its first size, the least asked for, */
	uint64_t pages, least;
};

/* The names that a plan may have. */
bool exercise_known(const char *kind);
void exercise_begin(struct exercise *x, const char *kind, struct pn_dev *dev, const struct dom_memory *mem);
/* Once in a while, while the domain runs. */
void exercise_step(struct exercise *x);
/* What came of it, a new reference, or NULL without one. Frees what it holds. */
json_t *exercise_end(struct exercise *x);

#endif
