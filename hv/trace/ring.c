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

u64 trace_mask;
static bool overwrite;
struct trace_ring trace_rings[TRACE_MAX_PCPUS];

bool trace_ring_init(u32 pcpu, void *mem, size_t bytes)
{
	struct trace_ring *r;
	u64 n = 1;

	if (pcpu >= TRACE_MAX_PCPUS || bytes < PAGE_SIZE + sizeof(struct pn_record))
		return false;
	while (n * 2 * sizeof(struct pn_record) <= bytes - PAGE_SIZE)
		n *= 2;
	memset(mem, 0, PAGE_SIZE);
	r = &trace_rings[pcpu];
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

/* No room for this event. False: it is lost. True: the oldest record gave up its slot. */
static bool take_oldest(struct trace_ring *r, struct vcpu *v, enum pn_event ev)
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
__attribute__((noinline, cold)) bool trace_make_room(struct vcpu *v, enum pn_event ev)
{
	struct trace_ring *r = trace_ring_of(v);
	struct pn_record *first, *end;
	u64 used, room;

	if (!r->shared)
		return false;
	first = PN_RING_RECORDS(r->shared);
	end = first + r->nr_records;
	r->head += (u64)(r->next - r->mark);
	if (r->next == end)
		r->next = first;
	r->mark = r->limit = r->next;
	used = r->head - __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);
	room = used < r->nr_records ? r->nr_records - used : 0;
	if (room == 0) {
		if (!take_oldest(r, v, ev))
			return false;
		room = 1;
	}
	r->limit = room < (u64)(end - r->next) ? r->next + room : end;
	return true;
}

static __attribute__((noinline, cold)) void now_at_limit(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3)
{
	if (trace_make_room(v, ev))
		trace_now(v, ev, p0, p1, p2, p3);
}

void trace_now(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3)
{
	struct trace_ring *r = trace_ring_of(v);
	struct pn_record *rec;

	if (!trace_has_room(r)) { /* a last call, so that this needs no stack */
		now_at_limit(v, ev, p0, p1, p2, p3);
		return;
	}
	rec = trace_begin(r, v, ev);
	rec->payload[0] = p0;
	rec->payload[1] = p1;
	rec->payload[2] = p2;
	rec->payload[3] = p3;
	rec->payload[4] = 0;
	rec->tsc = plat_tsc();
	rec->cost = rec->bytes = 0;
	trace_end(r, v, ev);
}
