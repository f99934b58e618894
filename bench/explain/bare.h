/* SPDX-License-Identifier: BSD-2-Clause */
/* The same operations in the hypervisor, under QEMU: what they cost there, and whether what was told of the hosted engine holds. */
#ifndef BENCH_EXPLAIN_BARE_H
#define BENCH_EXPLAIN_BARE_H

#include "explain.h"

/*
 * Measure the workload under each recipe once, as `penumbra run` does, and put into each phase "bare": "trips", "bytes" and "instructions" of the
 * whole phase, "kinds" with "count" and "ticks" of each kind of trip, "agrees", and "differs", in words; "cycles", if they are modelled; and "held", what
 * hold.h says of the operation's trips, one by one, in a traced pass. EXIT_OK; EXIT_FAILED after a message: it could not be measured, or an operation takes other
 * trips there.
 */
int explain_bare(const struct explained *e, const struct options *o, const struct paths *p);

#endif
