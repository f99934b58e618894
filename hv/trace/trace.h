/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace points. When its event is off, one costs a test and a branch not taken.
 * TRACE(v, id, payload...) for events that take no time of their own; the trip
 * record carries cost and bytes and is written by the exit path.
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include "events.h"
#include "vcpu.h"

#define TRACE_MAX_PCPUS 64

extern u64 trace_mask; /* bit n: event n is on */

/*
 * Gives a pCPU its ring: `bytes` of page-aligned memory that dom0 can map and
 * write; the largest power of two of records that fits is used. Before the first
 * event on that pCPU. False: not even one record fits, or no such pCPU.
 */
bool trace_ring_init(u32 pcpu, void *mem, size_t bytes);
/* Which events (bits beyond PN_EV_MAX are ignored) and what becomes of a full ring. False: no such mode here. */
bool trace_set(u64 mask, enum pn_trace_mode mode);

/*
 * Write one record to the ring of v's pCPU; drops and counts when it is full. tsc in ticks.
 * A ring has one writer: call it on that pCPU, or while v stands still.
 */
void trace_write(struct vcpu *v, enum pn_event ev, u64 tsc, u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD]);
/* The same, stamped now. The payload comes as numbers, so that the caller needs no room on its stack for an event that is off. */
void trace_now(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3, u64 p4);

#define TRACE_ON(id) unlikely(trace_mask & BIT(PN_EV_##id))
#define TRACE(v, id, ...) \
	do { \
		if (TRACE_ON(id)) \
			TRACE_FIVE(v, id, __VA_ARGS__, 0, 0, 0, 0, 0); \
	} while (0)
#define TRACE_FIVE(v, id, p0, p1, p2, p3, p4, ...) trace_now(v, PN_EV_##id, p0, p1, p2, p3, p4)

#endif
