/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run has to boot. */
#ifndef BENCH_BOOTS_H
#define BENCH_BOOTS_H

#include "queue.h"

/*
 * Put every boot that the selection needs into the queue, less the guest runs that the queue's results have finished
 * already. `round` is 0 for a new run, then 1, 2 ... each time that it is resumed: it keeps the boots' names apart.
 */
void boots_add(struct queue *q, const struct selection *s, const struct options *o, unsigned round);

#endif
