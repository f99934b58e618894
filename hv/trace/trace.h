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
	union {
		u64 tag; /* the next record's, but for its event */
		struct {
			u32 writer; /* domain and vCPU, as they lie in it */
			u32 seq;    /* number of the next event, lost ones counted */
		};
	};
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
/* Which events (bits beyond PN_EV_MAX are ignored) and what becomes of a full ring. */
void trace_set(u64 mask, enum pn_trace_mode mode);

/*
 * Lossless. A domain stands before it enters its guest with room for less than the records of one trip, until its ring was read. dom0
 * cannot stand for itself: its own records are lost where there is no room.
 *
 * Most records of a trip, or of a command of dom0's for a domain that stands, whose shadow pool has so many pages: each page may be
 * unshadowed, demoted, freed, reclaimed, resynced and searched for once; beside that a trip makes few, a cluster's instructions or a
 * string's iterations some more. tests/oracle holds the engine to it.
 */
#define TRACE_RECORDS_A_PAGE 6
#define TRACE_RECORDS_A_TRIP 2048
static inline u64 trace_trip_most(u64 pool_pages)
{
	return TRACE_RECORDS_A_TRIP + TRACE_RECORDS_A_PAGE * pool_pages;
}
extern bool trace_lossless;
/* Has v's ring room for less than that? On its own pCPU, with no record half written. */
bool trace_ring_is_short(struct vcpu *v);
static inline bool trace_is_short(struct vcpu *v)
{
	return unlikely(trace_lossless) && trace_ring_is_short(v);
}
/* Nothing that is worth waiting for is in it: all was read, or nobody traces without loss any more. *read: how far the reader is. */
bool trace_was_read(const struct vcpu *v, u64 *read);

/* From now on the records of v's pCPU are v's: nobody else runs there. v->domain, id and pcpu are set. */
void trace_ring_give(struct vcpu *v);

/*
 * The steps of a record of an event for v's pCPU. A ring has one writer: take them on that pCPU, or while v stands still.
 * Is there room without more ado? If not, trace_make_room() makes some, or counts the event as lost and says false.
 */
static inline bool trace_has_room(const struct trace_ring *r)
{
	return likely(r->next != r->limit);
}
bool trace_make_room(struct vcpu *v, enum pn_event ev);
/* Then there is a record whose head is written, all but tsc (ticks), cost and bytes. */
static inline struct pn_record *trace_begin(struct trace_ring *r, u64 ev)
{
	struct pn_record *rec = r->next;

	rec->tag = r->tag | ev;
	r->seq++;
	return rec;
}
/* When the caller has written them and all of the payload that the event has, the reader may have it. */
static inline void trace_end(struct trace_ring *r, struct vcpu *v, u64 ev)
{
	struct pn_ring *shared = r->shared;

	r->next++;
	shared->written[ev]++;
	v->trace_written++;
	/* x86 keeps stores in order: the compiler must, too. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	shared->head++;
}

/* All of it for an event (enum pn_event) that happens now, of three numbers at most, or of four. Those that it has not are 0. */
void trace_now(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2);
void trace_now_four(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2, u64 p3);

#define TRACE_ON(id) unlikely(trace_mask &BIT(PN_EV_##id))
#define TRACE(v, id, ...)                                                                                                        \
	do {                                                                                                                     \
		if (TRACE_ON(id))                                                                                                \
			TRACE_THREE(v, id, __VA_ARGS__, 0, 0, 0);                                                                \
	} while (0)
#define TRACE_THREE(v, id, p0, p1, p2, ...) trace_now(v, PN_EV_##id, p0, p1, p2)

#endif
