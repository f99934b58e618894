/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `penumbra explain --run`: an operation from a run's traces alone, of any guest and any recipe that the run has traced. What the guest did between its
 * trips, and what stood in tables and books, no trace has.
 */
#ifndef BENCH_EXPLAIN_FROM_TRACE_H
#define BENCH_EXPLAIN_FROM_TRACE_H

#include "explain.h"

/*
 * Fill e->told for the recipes named, or for all that the run has traced that workload under, in the recorder's form (docs/explain.md): a phase is a region of the guest's, an
 * operation what traces/analysis/grouping.h calls one, a step a trip. Of the recipes behind the first the operation is the one of the same kind, on the
 * same page, that comes as often before. e->told, e->name and e->text are the caller's to free. EXIT_OK, or after a message.
 */
int explain_from_traces(struct explained *e, const struct options *o, const struct paths *p);
/*
 * The same, of e->nr traces that have been read (trip_list.h): fills e->told, and numbers the steps so that they are aligned. nth: from 1; 0: an operation a third of
 * the way in. False after a message: they are not of one guest.
 */
bool explain_trips(struct explained *e, json_t *const all[], unsigned nth);

#endif
