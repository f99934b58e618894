/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of trip takes, on each machine: the hypervisor's cycles from the #VMEXIT to the next VMRUN, in all and as a log2 histogram. A
 * trip is of the kind that the hypervisor books it as.
 *
 * Not in it are the world switch, which is the same for all, and what the guest pays afterwards because the trip emptied its caches and TLBs.
 */
#ifndef BENCH_MODEL_TRIP_COSTS_H
#define BENCH_MODEL_TRIP_COSTS_H

#include <stdio.h>

#include "abi/control_abi.h"
#include "model.h"

struct trip_costs;

/* For the machines of files, not for their variations. NULL: no memory. */
struct trip_costs *trip_costs_new(const struct model *m);
void trip_costs_free(struct trip_costs *t);
void trip_costs_zero(struct trip_costs *t);

/* The guest was left, and the switch is charged. */
void trip_costs_begin(struct trip_costs *t, const struct model *m);
/* The trip is booked as one of that kind; beyond TRIP_MAX: as none. */
void trip_costs_book(struct trip_costs *t, unsigned kind);
/* The guest is entered: all that the hypervisor executed has been charged. A trip that was not begun, or not booked, counts nowhere. */
void trip_costs_end(struct trip_costs *t, const struct model *m);

/* `"kind":{"count":…,"cycles":…,"hist":[…]}` for each kind that occurred; bucket b of the histogram has trips of 2^b to 2^(b+1) cycles. */
void trip_costs_json(FILE *out, const struct trip_costs *t, unsigned machine);

#endif
