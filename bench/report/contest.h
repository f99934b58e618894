/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is fastest on a machine: the recipes that keep a hypervisor, side by side in one workload or phase, by modelled cycles; and whether
 * that holds where a cost of the machine's is another.
 */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include "modelled.h"

#define CONTEST_EVEN 0.02 /* as a part of the slower: less apart is even */
#define CONTEST_MOST 64   /* recipes */

struct contender {
	const char *recipe;
	bool shadow, nested;             /* neither: it is now the one, now the other */
	double cycles;                   /* of the whole phase or workload */
	bool counted;                    /* count[] has what model_cost() needs */
	uint64_t count[MODEL_COUNT_MAX]; /* together */
	int64_t varied[MACHINE_KEYS][2]; /* cycles with another size or kind, halved and doubled; below 0: not in the run */
};

struct contest {
	const char *workload, *phase; /* NULL: all but the empty one */
	double native;                /* 0: not modelled */
	unsigned n;
	struct contender by[CONTEST_MOST];
	unsigned best; /* the one with the fewest cycles */
};

/* Of the recipes that the report shows. False: no two of them were modelled. */
bool contest_of(const struct dataset *d, const char *workload, const char *phase, const char *machine, struct contest *c);
/* The place in by[] of the best of those with shadows, or of those with nested tables. Below 0: there is none. */
int contest_best_of(const struct contest *c, bool shadow);

/*
 * Who would win on the machine m with that variation, NULL: as it is. The first stays the winner as long as nobody is faster by more than
 * CONTEST_EVEN. The place in by[]; below 0: it cannot be said.
 */
int contest_winner_on(const struct contest *c, const struct machine *m, const struct machine_variation *v);
/* Which of shadow and nested paging is faster there, each by its best recipe, as the map's fields have it. */
enum side { SIDE_SHADOW, SIDE_EVEN, SIDE_NESTED, SIDE_UNKNOWN };
enum side contest_side_on(const struct contest *c, const struct machine *m, const struct machine_variation *v);

#endif
