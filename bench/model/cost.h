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

/* The machine with that. False: the value is at its end already, or the machine would make no sense. */
bool machine_vary(const struct machine *m, struct machine_variation v, struct machine *other);

/*
 * All variations of the values that are assumed and no costs, for a model to have beside the machine itself, which is the nth of those (from 0).
 * At most MACHINE_VARIATIONS; how many.
 */
#define MACHINE_VARIATIONS (2 * MACHINE_KEYS)
unsigned machine_variations(const struct machine *m, unsigned nth, struct machine *to);

#endif
