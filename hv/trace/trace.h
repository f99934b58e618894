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

extern u64 trace_mask; /* bit n: event n is on */

/* Write one record to this pCPU's ring; drops and counts when it is full. tsc in ticks. */
void trace_write(struct vcpu *v, enum pn_event ev, u64 tsc, u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD]);
/* The same, stamped now. */
void trace_now(struct vcpu *v, enum pn_event ev, const u64 payload[PN_RECORD_PAYLOAD]);

#define TRACE_ON(id) unlikely(trace_mask & BIT(PN_EV_##id))
#define TRACE(v, id, ...) \
	do { \
		if (TRACE_ON(id)) \
			trace_now(v, PN_EV_##id, (const u64[PN_RECORD_PAYLOAD]){ __VA_ARGS__ }); \
	} while (0)

#endif
