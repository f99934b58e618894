/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's events of one boot, put into the results. The order of events is
 * dom0's promise, not ours to rely on: whatever comes, the tree stays sane.
 */
#ifndef BENCH_COLLECT_H
#define BENCH_COLLECT_H

#include "cycles.h"
#include "parse.h"
#include "plan.h"
#include "results.h"

struct collect {
	struct results *res;
	const struct plan *plan;
	struct cycles_reader *cycles; /* borrowed; NULL: regions have no modelled cycles */
	bool hello, done;
	int item, rep;           /* running now: indices of the plan; -1: none */
	int last_item, last_rep; /* begun last */
	json_t *current;         /* borrowed; NULL: none */
	unsigned ended;          /* guest runs that have ended */
	unsigned events;         /* taken */
	unsigned damaged;        /* lines that began like ours */
	uint64_t tsc_khz;
	double begun; /* now_seconds() at the last begin */
};

/* Nothing has been heard yet. Both are borrowed, and must outlive it. */
void collect_init(struct collect *c, struct results *res, const struct plan *plan);
/* Take one console line. The item that this line ended (borrowed), or NULL. */
json_t *collect_line(struct collect *c, const char *line);

#endif
