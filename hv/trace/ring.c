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
 *  - In lossless mode `limit` leaves room for what one trip may write (trace_trip_most), unless less than that is left: then the vCPU
 *    was asked to look before it enters its guest, where it stands until the ring was read (hv/domain/stand.c). A ring is as long as
 *    several such trips, or of a pool so large that it is not, most of the ring is kept.
 *  - In overwrite mode a record that is overwritten unread moves from written to lost
 *    in the ring's counts; a domain's own counts say what was written for it.
 */
#include "lib.h"
#include "plat.h"
#include "trace.h"

u64 trace_mask;
bool trace_lossless;
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

void trace_ring_give(struct vcpu *v)
{
	const struct pn_record of = { .domain = (u8)v->domain->id, .vcpu = (u8)v->id };

	v->ring = &trace_rings[v->pcpu];
	v->ring->writer = (u32)of.tag;
}

void trace_set(u64 mask, enum pn_trace_mode mode)
{
	overwrite = mode == PN_TRACE_OVERWRITE;
	__atomic_store_n(&trace_lossless, mask && mode == PN_TRACE_LOSSLESS, __ATOMIC_RELEASE);
	__atomic_store_n(&trace_mask, mask & ((BIT(PN_EV_MAX - 1) << 1) - 1), __ATOMIC_RELEASE);
}

/* Records that are in the ring now, unread. What dom0 makes of its tail can be more than the ring has. */
static u64 unread(const struct trace_ring *r)
{
	return r->head + (u64)(r->next - r->mark) - __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);
}

/* Records for which v's ring keeps room. */
static u64 kept(const struct trace_ring *r, const struct vcpu *v)
{
	const u64 most = r->nr_records - r->nr_records / 8, trip = trace_trip_most(v->domain->counter[PN_CNT_pool_pages]);

	if (!trace_lossless || !v->owner)
		return 0;
	return trip < most ? trip : most;
}

bool trace_ring_is_short(struct vcpu *v)
{
	struct trace_ring *r = v->ring;

	if (!r->shared)
		return false;
	/* The room that a look of another mode gave is no more. */
	r->limit = r->next;
	return unread(r) + kept(r, v) > r->nr_records;
}

bool trace_was_read(const struct vcpu *v, u64 *read)
{
	const struct trace_ring *r = v->ring;

	*read = __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);
	return !__atomic_load_n(&trace_lossless, __ATOMIC_ACQUIRE) || !unread(r);
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
	struct trace_ring *r = v->ring;
	struct pn_record *first, *end;
	u64 used, room, keep;

	if (!r->shared)
		return false;
	first = PN_RING_RECORDS(r->shared);
	end = first + r->nr_records;
	r->head += (u64)(r->next - r->mark);
	if (r->next == end)
		r->next = first;
	r->mark = r->limit = r->next;
	used = unread(r);
	room = used < r->nr_records ? r->nr_records - used : 0;
	keep = kept(r, v);
	if (room == 0) {
		if (!take_oldest(r, v, ev))
			return false;
		room = 1;
	} else if (room > keep) {
		room -= keep;
	} else {
		v->request = 1;
	}
	r->limit = room < (u64)(end - r->next) ? r->next + room : end;
	return true;
}

/* Of the record the event's own numbers only: of others no reader asks. */
static __attribute__((noinline, cold)) void now_at_limit(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2)
{
	if (trace_make_room(v, (enum pn_event)ev))
		trace_now(v, ev, p0, p1, p2);
}

void trace_now(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2)
{
	struct trace_ring *r = v->ring;
	struct pn_record *rec;

	if (!trace_has_room(r)) { /* a last call, so that this needs no stack */
		now_at_limit(v, ev, p0, p1, p2);
		return;
	}
	rec = trace_begin(r, ev);
	rec->payload[0] = p0;
	rec->payload[1] = p1;
	rec->payload[2] = p2;
	rec->tsc = plat_tsc();
	rec->cost = rec->bytes = 0;
	trace_end(r, v, ev);
}

/* The fourth is written first: what is in the slot is nobody's until the record is whole. */
void trace_now_four(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2, u64 p3)
{
	struct trace_ring *r = v->ring;

	if (!trace_has_room(r) && !trace_make_room(v, (enum pn_event)ev))
		return;
	r->next->payload[3] = p3;
	trace_now(v, ev, p0, p1, p2);
}
