/* SPDX-License-Identifier: BSD-2-Clause */
/* The trips of a run's traces (traces/analysis/trip_list.h), region by region. */
#ifndef BENCH_EXPLAIN_TRACED_TRIPS_H
#define BENCH_EXPLAIN_TRACED_TRIPS_H

#include "explain.h"
#include "traced.h"

/* All that the trace has. A new reference; NULL after a message. Between trace_plugins_load() and trace_plugins_free(). */
json_t *traced_trips(const struct traced *t);
/* Number of the region of that name, from 1; 0: there is none. */
unsigned traced_region(const json_t *all, const char *name);
/* Those in it, in order, with physical interrupts or without. A new array; its trips are those of `all`. */
json_t *traced_trips_in(const json_t *all, unsigned region, bool interrupts);

#endif
