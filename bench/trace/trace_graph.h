/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * babeltrace2's graph of one trace: its CTF, the muxer of its streams, and our plugin's two filters and its sink. What a trace says is
 * read nowhere else.
 */
#ifndef BENCH_TRACE_GRAPH_H
#define BENCH_TRACE_GRAPH_H

#include <stdint.h>

#include "options.h"
#include "symbols.h"

struct trace_query {
	const char *format; /* json or perfetto */
	const char *from, *to, *event, *where;
	bool details;
	const struct symbols *symbols; /* the guest's functions; NULL: not known */
};

/* Loads the plugins. False after a message. `plugin`: our plugin's file. */
bool trace_plugins_load(const char *plugin);
void trace_plugins_free(void);
/*
 * What the sink writes of the trace below `dir`, or packed in its place, NUL-terminated; the caller frees it. NULL after a message. `label` is what a progress
 * line calls it, of `records` records (0: not known).
 */
char *trace_graph_run(const char *dir, const struct trace_query *q, const char *label, uint64_t records, size_t *len);

#endif
