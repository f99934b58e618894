/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that make a report's tables share; trace_tables.h is for all others. */
#ifndef TRACES_TABLE_PARTS_H
#define TRACES_TABLE_PARTS_H

#include "trace_tables.h"

/* Puts a word behind what is in `out`, a string in `len` bytes, as far as there is room; above 1, how many times with it: "fill*3". */
void tp_word(char *out, size_t len, const char *word, unsigned times);

/* Costs of trips: the columns of `perf kvm stat`, with percentiles and bytes. */
#define COST_COLUMNS                                                                                                             \
	"count:", "share:%", "ticks:ticks", "time:%", "mean:ticks", "p5:ticks", "p50:ticks", "p95:ticks", "min:ticks",           \
		"max:ticks", "bytes:bytes"
/* A row of them behind a name, borrowed, to which a table may add columns; shares are of `all`. NULL and no row: there is no value. */
json_t *tp_cost(json_t *table, const char *name, struct ta_distribution *d, const struct ta_distribution *all);

/* Of the guest's operations: operation_tables.c. */
json_t *tp_operations(struct ta_tally *t);
json_t *tp_shapes(const struct ta_tally *t);
json_t *tp_causes(struct ta_tally *t);
/* Of the trace itself, over time and by place: course_tables.c. */
json_t *tp_overview(const struct ta_tally *t);
json_t *tp_events(const struct ta_tally *t);
json_t *tp_regions(const struct ta_tally *t);
json_t *tp_intervals(const struct ta_tally *t);
json_t *tp_timeline(const struct ta_tally *t);
json_t *tp_worst(const struct ta_tally *t);
json_t *tp_vcpus(struct ta_tally *t);
json_t *tp_rips(struct ta_tally *t);
json_t *tp_pages(struct ta_tally *t);
json_t *tp_spaces(struct ta_tally *t);
json_t *tp_places(struct ta_tally *t);

#endif
