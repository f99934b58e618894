/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a ring without losing the place where records were lost.
 *
 * What must always hold:
 *  - tail is stored once a drain, after every record of it was copied. Between two
 *    such stores the writer can run into a full ring at one place only, so that all
 *    losses of that time are one gap in seq; lost[] read right after the store says
 *    which events they were.
 *  - A ring that its writer overwrites (flight recorder) is drained while its events
 *    are off; what was overwritten is skipped, and shows as a gap as well.
 */
#include "reader.h"

#include <string.h>

#include "control_abi.h"

bool reader_open(struct reader *r, void *mem, size_t bytes)
{
	struct pn_ring *ring = mem;
	uint64_t n;

	if (bytes < 4096 + sizeof(struct pn_record) || __atomic_load_n(&ring->magic, __ATOMIC_ACQUIRE) != PN_RING_MAGIC ||
	    ring->version != PN_ABI_VERSION)
		return false;
	n = ring->nr_records;
	if (n == 0 || (n & (n - 1)) || n > (bytes - 4096) / sizeof(struct pn_record))
		return false;
	*r = (struct reader){ .ring = ring, .records = PN_RING_RECORDS(ring), .nr_records = n, .pcpu = ring->pcpu };
	r->tail = ring->tail;
	r->backlog_end = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	memcpy(r->written0, ring->written, sizeof(r->written0));
	memcpy(r->lost0, ring->lost, sizeof(r->lost0));
	memcpy(r->due, ring->lost, sizeof(r->due));
	memcpy(r->told, ring->lost, sizeof(r->told));
	return true;
}

static void tell_losses(struct reader *r, const struct reader_sink *sink)
{
	for (unsigned ev = 0; ev < PN_MAX_EVENTS; ev++) {
		struct pn_record rec = { .tsc = r->last_tsc, .event = ev, .seq = r->next_seq };

		if (r->due[ev] == r->told[ev])
			continue;
		rec.payload[0] = r->due[ev] - r->told[ev];
		r->told[ev] = r->due[ev];
		sink->lost(sink->ctx, &rec, r->pcpu);
	}
}

static void see_losses(struct reader *r)
{
	for (unsigned ev = 0; ev < PN_MAX_EVENTS; ev++)
		r->due[ev] = __atomic_load_n(&r->ring->lost[ev], __ATOMIC_RELAXED);
}

static void take(struct reader *r, const struct reader_sink *sink, struct pn_record rec)
{
	if (r->seq_known && rec.seq != r->next_seq)
		tell_losses(r, sink);
	if (r->tail < r->backlog_end)
		r->backlog[rec.event % PN_MAX_EVENTS]++;
	r->next_seq = rec.seq + 1;
	r->seq_known = true;
	if (rec.tsc > r->last_tsc)
		r->last_tsc = rec.tsc;
	sink->record(sink->ctx, &rec, r->pcpu);
}

size_t reader_drain(struct reader *r, const struct reader_sink *sink)
{
	uint64_t head = __atomic_load_n(&r->ring->head, __ATOMIC_ACQUIRE);
	size_t n = 0;

	if (head - r->tail > r->nr_records) { /* overwritten */
		r->tail = head - r->nr_records;
		see_losses(r);
	}
	for (; r->tail != head; r->tail++, n++)
		take(r, sink, r->records[r->tail & (r->nr_records - 1)]);
	__atomic_store_n(&r->ring->tail, r->tail, __ATOMIC_RELEASE);
	see_losses(r);
	return n;
}

void reader_finish(struct reader *r, const struct reader_sink *sink)
{
	see_losses(r);
	tell_losses(r, sink);
}
