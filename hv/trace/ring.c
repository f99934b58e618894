/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer's side of the trace rings, one a pCPU, in memory that dom0 maps and
 * may scribble on.
 *
 * What must always hold:
 *  - Where a record goes is decided by the private pointers below, never by anything
 *    read from the ring: first <= next <= limit <= end, always.
 *  - dom0's tail is used as a number alone, and only when `next` meets `limit`. Ahead of
 *    the head or further behind than the ring is long, it makes the ring look full:
 *    dom0 loses its own records.
 *  - A record is complete in memory before the shared head says that it is there. The
 *    shared head and counts are only ever added to; nothing here depends on them.
 *  - Every event takes a number, kept or not, so that a gap shows where one was lost,
 *    and is counted exactly once, as written or as lost.
 *  - In overwrite mode a record that is overwritten unread moves from written to lost
 *    in the ring's counts; a domain's own counts say what was written for it.
 */
#include "lib.h"
#include "plat.h"
#include "trace.h"

/* Zero: this pCPU has no ring. The first two words and seq are all that the common case reads. */
struct trace_ring {
	struct pn_record *next;  /* the slot of the next record */
	struct pn_record *limit; /* up to here there is room without a look at the tail */
	struct pn_ring *shared;
	u32 seq; /* number of the next event, lost ones counted */
	u64 nr_records;
	u64 head; /* records ever written when `next` was `mark` */
	struct pn_record *mark;
} __attribute__((aligned(64)));

u64 trace_mask;
static bool overwrite;
static struct trace_ring rings[TRACE_MAX_PCPUS];

bool trace_ring_init(u32 pcpu, void *mem, size_t bytes)
{
	struct trace_ring *r;
	u64 n = 1;

	if (pcpu >= TRACE_MAX_PCPUS || bytes < PAGE_SIZE + sizeof(struct pn_record))
		return false;
	while (n * 2 * sizeof(struct pn_record) <= bytes - PAGE_SIZE)
		n *= 2;
	memset(mem, 0, PAGE_SIZE);
	r = &rings[pcpu];
	*r = (struct trace_ring){ .shared = mem, .nr_records = n };
	r->next = r->limit = r->mark = PN_RING_RECORDS(mem);
	r->shared->version = PN_ABI_VERSION;
	r->shared->pcpu = pcpu;
	r->shared->nr_records = n;
	__atomic_store_n(&r->shared->magic, PN_RING_MAGIC, __ATOMIC_RELEASE);
	return true;
}

bool trace_set(u64 mask, enum pn_trace_mode mode)
{
	if (mode != PN_TRACE_DROP && mode != PN_TRACE_OVERWRITE)
		return false;
	overwrite = mode == PN_TRACE_OVERWRITE;
	__atomic_store_n(&trace_mask, mask & ((BIT(PN_EV_MAX - 1) << 1) - 1), __ATOMIC_RELEASE);
	return true;
}

/* Always inlined: on the fast path no register then lives across a call. */
static inline __attribute__((always_inline)) void put(struct trace_ring *r, struct vcpu *v, enum pn_event ev, u64 tsc,
						      u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD])
{
	struct pn_record *rec = r->next;
	struct pn_ring *shared = r->shared;

	rec->tsc = tsc;
	rec->cost = cost;
	rec->bytes = bytes;
	rec->event = ev;
	rec->domain = v->domain->id;
	rec->vcpu = v->id;
	rec->seq = r->seq++;
#pragma GCC unroll 5
	for (unsigned i = 0; i < PN_RECORD_PAYLOAD; i++)
		rec->payload[i] = payload[i];
	r->next = rec + 1;
	shared->written[ev]++;
	v->trace_written++;
	/* x86 keeps stores in order: the compiler must, too. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	(*(volatile u64 *)&shared->head)++;
}

/* No room for this event. False: it is lost. True: the oldest record gave up its slot. */
static bool make_room(struct trace_ring *r, struct vcpu *v, enum pn_event ev)
{
	u32 old;

	r->shared->lost_total++;
	if (!overwrite) {
		r->shared->lost[ev]++;
		v->trace_lost++;
		r->seq++;
		return false;
	}
	/* The old record's event number lies in dom0's reach: bound it, then trust it with a count only. */
	old = *(volatile u16 *)&r->next->event % PN_MAX_EVENTS;
	r->shared->written[old]--;
	r->shared->lost[old]++;
	return true;
}

/* `next` met `limit`: the end of the ring, or of the room that the last look at the tail gave. */
static __attribute__((noinline, cold)) void put_at_limit(struct trace_ring *r, struct vcpu *v, enum pn_event ev,
							 u64 tsc, u32 cost, u32 bytes,
							 const u64 payload[PN_RECORD_PAYLOAD])
{
	struct pn_record *first, *end;
	u64 used, room;

	if (!r->shared)
		return;
	first = PN_RING_RECORDS(r->shared);
	end = first + r->nr_records;
	r->head += (u64)(r->next - r->mark);
	if (r->next == end)
		r->next = first;
	r->mark = r->limit = r->next;
	used = r->head - __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);
	room = used < r->nr_records ? r->nr_records - used : 0;
	if (room == 0) {
		if (!make_room(r, v, ev))
			return;
		room = 1;
	}
	r->limit = room < (u64)(end - r->next) ? r->next + room : end;
	put(r, v, ev, tsc, cost, bytes, payload);
}

void trace_write(struct vcpu *v, enum pn_event ev, u64 tsc, u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD])
{
	struct trace_ring *r = &rings[v->pcpu];

	if (unlikely(r->next == r->limit))
		put_at_limit(r, v, ev, tsc, cost, bytes, payload);
	else
		put(r, v, ev, tsc, cost, bytes, payload);
}

_Static_assert(PN_RECORD_PAYLOAD == 5, "trace_now takes as many");

__attribute__((cold)) void trace_now(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3, u64 p4)
{
	const u64 payload[] = { p0, p1, p2, p3, p4 };

	trace_write(v, ev, plat_tsc(), 0, 0, payload);
}
