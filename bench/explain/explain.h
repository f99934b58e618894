/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `penumbra explain`: one operation of a workload under several recipes, step by step. Each recipe's engine, hosted, is a program of its own
 * (explain/), which says in JSON what happened; here it becomes sentences, side by side.
 */
#ifndef BENCH_EXPLAIN_H
#define BENCH_EXPLAIN_H

#include <jansson.h>

#include "options.h"
#include "paths.h"

#define EXPLAIN_RECIPES 8 /* side by side at most */

/* What was recorded, and said, of each recipe, in the order in which the user named them. */
struct explained {
	const struct workload *workload; /* NULL: of a run's traces, */
	char *name, *text;               /* what it is called */
	unsigned levels;                 /* of its page tables; 0: not known */
	bool traced;                     /* told from traces alone */
	const struct recipe *recipe[EXPLAIN_RECIPES];
	json_t *told[EXPLAIN_RECIPES];
	unsigned nr;
	const char *phase; /* the only one that is wanted; NULL: all */
};

int cmd_explain(const struct options *o, const struct paths *p);

/* Is the workload's source compiled for the hosted engine (workloads/explained.def), with so many levels; 0: with any? */
bool can_be_explained(const struct workload *w, unsigned levels);

/*
 * Run the recipe's program. NULL after a message. `operation`: from 1; 0: the middle one. `traced`: with every event, and each step by itself, as
 * the hypervisor's own trace has them.
 */
json_t *explain_record(const struct paths *p, const struct recipe *r, const struct workload *w, unsigned operation, bool traced);

/* The same of all: phase number `i` of recipe `r`; NULL: there is no such. */
json_t *explained_phase(const struct explained *e, unsigned r, size_t i);

enum explain_style { EXPLAIN_PLAIN, EXPLAIN_COLOUR, EXPLAIN_MARKDOWN };
void explain_text(FILE *f, const struct explained *e, enum explain_style style);
/* One HTML page that needs nothing else. False after a message. */
bool explain_page(FILE *f, const struct explained *e, const struct paths *p);
/* What is real in it, in two sentences. The caller frees it. */
char *explain_about(const struct explained *e);
/* All of it as JSON, sentences included. */
json_t *explain_json(const struct explained *e);

/* "24.2 KiB", "80 bytes". */
const char *explain_bytes(uint64_t bytes, char out[32]);

#endif
