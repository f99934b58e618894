/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hosted engine did in an operation, trip by trip, held against the hypervisor's own trace of it. */
#ifndef BENCH_EXPLAIN_HOLD_H
#define BENCH_EXPLAIN_HOLD_H

#include <jansson.h>

#include "util.h"

/*
 * `told`: a phase of the recorder's, traced; `trips`: those of the region in the hypervisor, in order (trip_list.h). The operation's place among
 * them is where its trips fit best. A new object:
 *   "agrees"   each trip has its counterpart: of the same kind, at the same address with the same error code, with the same events in the
 *              same order and the same fields, and as many bytes; and none is left over
 *   "differs"  where not, a sentence each
 *   "trips"    how many were held against each other
 *   "ticks"    of all counterparts; "guest": of the guest between the first and the last of them
 *   "each"     by trip of the told: { "n": its step's number, "ticks" or null: it has no counterpart }
 * Not compared is what the two machines cannot have in common: frames of the machine's memory, and addresses of the guest's own code, stack and
 * variables, which its image has elsewhere; and the walk down the guest's tables that emulation makes there to a page of code that it does not know yet.
 */
json_t *hold_trips(const json_t *told, const json_t *trips);
/*
 * "ticks_least", "ticks_most" and "ticks_sum" for each trip of the phase as it is told, in which a step may stand for several. False: it takes
 * other trips when it is not traced, and nothing is said.
 */
bool hold_tell(json_t *phase, const json_t *held);

#endif
