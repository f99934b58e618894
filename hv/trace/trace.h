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

#define TRACE_MAX_PCPUS PN_LIMIT_pcpus

/* A pCPU's ring as its writer keeps it (ring.c says what must hold). Zero: it has none. */
struct trace_ring {
	struct pn_record *next;  /* the slot of the next record */
	struct pn_record *limit; /* up to here there is room without a look at the tail */
	struct pn_ring *shared;
	u32 seq; /* number of the next event, lost ones counted */
	u64 nr_records;
	u64 head; /* records ever written when `next` was `mark` */
	struct pn_record *mark;
} __attribute__((aligned(64)));

extern struct trace_ring trace_rings[TRACE_MAX_PCPUS];
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
 * The steps of a record of an event for v's pCPU. A ring has one writer: take them on that pCPU, or while v stands still.
 * Is there room without more ado? If not, trace_make_room() makes some, or counts the event as lost and says false.
 */
static inline struct trace_ring *trace_ring_of(const struct vcpu *v)
{
	return &trace_rings[v->pcpu];
}
static inline bool trace_has_room(const struct trace_ring *r)
{
	return likely(r->next != r->limit);
}
bool trace_make_room(struct vcpu *v, enum pn_event ev);
/* Then there is a record whose head is written, all but tsc (ticks), cost and bytes. */
static inline struct pn_record *trace_begin(struct trace_ring *r, const struct vcpu *v, enum pn_event ev)
{
	struct pn_record *rec = r->next;

	rec->event = ev;
	rec->domain = v->domain->id;
	rec->vcpu = v->id;
	rec->seq = r->seq++;
	return rec;
}
/* When the caller has written them and all of the payload, the reader may have it. */
static inline void trace_end(struct trace_ring *r, struct vcpu *v, enum pn_event ev)
{
	struct pn_ring *shared = r->shared;

	r->next++;
	shared->written[ev]++;
	v->trace_written++;
	/* x86 keeps stores in order: the compiler must, too. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	shared->head++;
}

/* All of it for an event that happens now: as many numbers as there are registers for arguments, and 0. */
void trace_now(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3);

#define TRACE_ON(id) unlikely(trace_mask &BIT(PN_EV_##id))
#define TRACE(v, id, ...)                                                                                                        \
	do {                                                                                                                     \
		if (TRACE_ON(id))                                                                                                \
			TRACE_FOUR(v, id, __VA_ARGS__, 0, 0, 0, 0);                                                              \
	} while (0)
#define TRACE_FOUR(v, id, p0, p1, p2, p3, ...) trace_now(v, PN_EV_##id, p0, p1, p2, p3)

#endif
