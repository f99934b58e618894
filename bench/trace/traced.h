/* SPDX-License-Identifier: BSD-2-Clause */
/* The traces that a run has kept, and what else the run knows of each. */
#ifndef BENCH_TRACED_H
#define BENCH_TRACED_H

#include <jansson.h>

#include "options.h"
#include "trace_graph.h"

struct traced {
	const char *recipe, *workload; /* of the run's tree */
	const json_t *trace;           /* its entry in the run's traces */
	const json_t *item;            /* the traced pass itself; NULL: the run has none */
	char *dir;
};

struct traced_list {
	struct traced *trace;
	unsigned count;
};

/*
 * Those of the recipes and workloads given, comma-separated (NULL: all); NULL or nothing found: false, after a message. The tree must
 * outlive the list.
 */
bool traced_find(struct traced_list *l, const char *run, const json_t *root, const char *recipes, const char *workloads);
void traced_free(struct traced_list *l);
/* Records in it, losses' own included, as the run counted. */
uint64_t traced_records(const struct traced *t);
/* Nothing was lost on the way; and how many records came when the trace had its size already, so that it ends before the guest. */
bool traced_complete(const struct traced *t);
uint64_t traced_cut(const struct traced *t);
/*
 * Its report (trace_tables.h), with what the run counted besides: writable_mappings_counted, every way by its counters; and counted, the
 * trace's trips against the counters, where nothing restricts the query. A new reference, or NULL after a message.
 */
json_t *traced_report(const struct traced *t, const struct trace_query *q);

#endif
