/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer's side of the trace rings, one a pCPU, in memory that dom0 maps and
 * may scribble on.
 *
 * What must always hold:
 *  - Where a record goes is decided by the private head, mask and base below, never
 *    by anything read from the ring; the shared head is only ever written.
 *  - dom0's tail is used as a number alone. Ahead of the head or further behind than
 *    the ring is long, it makes the ring look full: dom0 loses its own records.
 *  - A record is complete in memory before the shared head says that it is there.
 *  - Every event takes a number, kept or not, so that a gap shows where one was lost,
 *    and is counted exactly once, as written or as lost.
 *  - In overwrite mode a record that is overwritten unread moves from written to lost
 *    in the ring's counts; a domain's own counts say what was written for it.
 */
#include "lib.h"
#include "plat.h"
#include "trace.h"

struct trace_ring {
	struct pn_ring *shared; /* NULL: this pCPU has no ring */
	u64 head;
	u64 bytes_mask; /* bytes of all records - 1 */
	u64 nr_records;
	u64 lost; /* events that took a number but no slot */
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
	r->bytes_mask = n * sizeof(struct pn_record) - 1;
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

static inline struct pn_record *slot(struct pn_ring *shared, u64 number, u64 bytes_mask)
{
	return (void *)((char *)PN_RING_RECORDS(shared) + (number * sizeof(struct pn_record) & bytes_mask));
}

/* Always inlined: on the fast path no register then lives across a call. */
static inline __attribute__((always_inline)) void put(struct trace_ring *r, struct vcpu *v, enum pn_event ev, u64 tsc,
						      u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD])
{
	struct pn_ring *shared = r->shared;
	u64 head = r->head;
	struct pn_record *rec = slot(shared, head, r->bytes_mask);

	rec->tsc = tsc;
	rec->cost = cost;
	rec->bytes = bytes;
	rec->event = ev;
	rec->domain = v->domain->id;
	rec->vcpu = v->id;
	rec->seq = head + r->lost;
#pragma GCC unroll 5
	for (unsigned i = 0; i < PN_RECORD_PAYLOAD; i++)
		rec->payload[i] = payload[i];
	shared->written[ev]++;
	v->trace_written++;
	r->head = ++head;
	__atomic_store_n(&shared->head, head, __ATOMIC_RELEASE);
}

static __attribute__((noinline, cold)) void put_full(struct trace_ring *r, struct vcpu *v, enum pn_event ev, u64 tsc,
						     u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD])
{
	u32 old;

	r->shared->lost_total++;
	if (!overwrite) {
		r->shared->lost[ev]++;
		v->trace_lost++;
		r->lost++;
		return;
	}
	/* The oldest record's event number lies in dom0's reach: bound it, then trust it with a count only. */
	old = *(volatile u16 *)&slot(r->shared, r->head, r->bytes_mask)->event % PN_MAX_EVENTS;
	r->shared->written[old]--;
	r->shared->lost[old]++;
	put(r, v, ev, tsc, cost, bytes, payload);
}

void trace_write(struct vcpu *v, enum pn_event ev, u64 tsc, u32 cost, u32 bytes, const u64 payload[PN_RECORD_PAYLOAD])
{
	struct trace_ring *r = &rings[v->pcpu];
	struct pn_ring *shared = r->shared;

	if (unlikely(!shared))
		return;
	if (unlikely(r->head - __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE) >= r->nr_records))
		put_full(r, v, ev, tsc, cost, bytes, payload);
	else
		put(r, v, ev, tsc, cost, bytes, payload);
}

void trace_now(struct vcpu *v, enum pn_event ev, const u64 payload[PN_RECORD_PAYLOAD])
{
	trace_write(v, ev, plat_tsc(), 0, 0, payload);
}
