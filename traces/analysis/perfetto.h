/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chosen trips, operations and regions as Chrome's trace-event JSON, which Perfetto and chrome://tracing open: one track a vCPU
 * for its trips, one for its operations, one for regions. Times are microseconds from the trace's first record on, 10^6 / hz a tick.
 */
#ifndef TRACES_PERFETTO_H
#define TRACES_PERFETTO_H

#include <stdio.h>

#include "tally.h"

struct ta_perfetto {
	FILE *f;
	double us; /* a tick */
	const struct ta_tally *tally;
	bool any;
};

/* Before the first record; sets the tally's on_trip. */
void ta_perfetto_begin(struct ta_perfetto *p, FILE *f, uint64_t hz, struct ta_tally *t);
/* After ta_tally_end(). */
void ta_perfetto_end(struct ta_perfetto *p);

#endif
