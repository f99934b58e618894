/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a region takes, worked out again from what was counted in it: so a machine's costs can be others without another run. What is counted
 * hangs on the machine's caches, TLBs and walk caches, so those have to be as they were.
 */
#ifndef BENCH_MODEL_COST_H
#define BENCH_MODEL_COST_H

#include "model.h"

/* Is the key's value a cost, on which no count hangs? */
bool machine_is_cost(enum machine_key key);

/* Hundredths of a cycle in all, of counts as model_sums() gives them: with the machine's own values that is the sum of its cycles. */
uint64_t model_cost(const struct machine *m, const uint64_t count[MODEL_COUNT_MAX]);

#endif
