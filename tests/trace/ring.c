/* SPDX-License-Identifier: BSD-2-Clause */
/* The trace ring: the hypervisor's writer against the collector's reader, whole, full, hostile and in a hurry. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "plat.h"
#include "reader.h"
#include "trace.h"
#include "tests/suite.h"

u8 *host_memory;
#define FIRST_TICK 1000
u64 host_ticks = FIRST_TICK;

#define RECORDS 64
#define BYTES   (PAGE_SIZE + RECORDS * sizeof(struct pn_record))

static struct {
	u8 before[PAGE_SIZE];
	u8 ring[BYTES];
	u8 after[PAGE_SIZE];
} mem __attribute__((aligned(4096)));
static struct domain dom = { .id = 3 };
static struct vcpu vcpu;
static struct pn_ring *const ring = (struct pn_ring *)mem.ring;

static void setup(void)
{
	memset(&mem, 0xa5, sizeof(mem));
	vcpu = (struct vcpu){ .domain = &dom, .id = 2, .pcpu = 1 };
	ck_assert(trace_ring_init(1, mem.ring, BYTES));
	trace_ring_give(&vcpu);
	trace_set(~0ull, PN_TRACE_DROP);
}

/* Nothing beside the ring was written. */
static void teardown(void)
{
	for (size_t i = 0; i < PAGE_SIZE; i++)
		ck_assert(mem.before[i] == 0xa5 && mem.after[i] == 0xa5);
}

static void write_one(enum pn_event ev, u64 n)
{
	struct trace_ring *r = vcpu.ring;
	struct pn_record *rec;

	if (!trace_has_room(r) && !trace_make_room(&vcpu, ev))
		return;
	rec = trace_begin(r, ev);
	rec->tsc = 1000 + n;
	rec->cost = (u32)n;
	rec->bytes = (u32)(2 * n);
	for (unsigned i = 0; i < PN_RECORD_PAYLOAD; i++)
		rec->payload[i] = n + i;
	trace_end(r, &vcpu, ev);
}

struct seen {
	u64 records, lost[PN_MAX_EVENTS], at[8]; /* records before the loss */
	unsigned nr_losses;
	struct pn_record last;
	u64 expect; /* payload[0] of the next one, if it is checked */
	bool check;
};

static void see_record(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	struct seen *s = ctx;

	ck_assert_uint_eq(pcpu, 1);
	if (s->check)
		ck_assert_uint_eq(rec->payload[0], s->expect++);
	ck_assert_uint_eq(rec->payload[4], rec->payload[0] + 4);
	s->records++;
	s->last = *rec;
}

static void see_lost(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	struct seen *s = ctx;

	s->lost[rec->event] += rec->payload[0];
	if (s->nr_losses < 8)
		s->at[s->nr_losses++] = s->records;
}

static struct reader_sink sink_of(struct seen *s)
{
	return (struct reader_sink){ see_record, see_lost, s };
}

START_TEST(record_is_whole)
{
	struct seen s = { 0 };
	struct reader_sink sink = sink_of(&s);
	struct reader r;

	write_one(PN_EV_fill, 7);
	ck_assert(reader_open(&r, mem.ring, BYTES));
	ck_assert_uint_eq(reader_drain(&r, &sink), 1);
	ck_assert_uint_eq(s.last.tsc, 1007);
	ck_assert_uint_eq(s.last.cost, 7);
	ck_assert_uint_eq(s.last.bytes, 14);
	ck_assert_uint_eq(s.last.event, PN_EV_fill);
	ck_assert_uint_eq(s.last.domain, 3);
	ck_assert_uint_eq(s.last.vcpu, 2);
	ck_assert_uint_eq(s.last.seq, 0);
	ck_assert_uint_eq(vcpu.trace_written, 1);
	ck_assert_uint_eq(ring->written[PN_EV_fill], 1);
}
END_TEST

START_TEST(wraps_without_loss)
{
	struct seen s = { .check = true };
	struct reader_sink sink = sink_of(&s);
	struct reader r;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	for (u64 n = 0; n < 10 * RECORDS + 5; n++) {
		write_one(PN_EV_trip, n);
		if (n % 60 == 59)
			reader_drain(&r, &sink);
	}
	reader_drain(&r, &sink);
	reader_finish(&r, &sink);
	ck_assert_uint_eq(s.records, 10 * RECORDS + 5);
	ck_assert_uint_eq(s.nr_losses, 0);
	ck_assert_uint_eq(vcpu.trace_lost, 0);
}
END_TEST

START_TEST(loss_is_counted_and_placed)
{
	struct seen s = { 0 };
	struct reader_sink sink = sink_of(&s);
	struct reader r;
	u64 n = 0;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	for (; n < RECORDS; n++)
		write_one(PN_EV_trip, n);
	for (; n < RECORDS + 5; n++)
		write_one(PN_EV_fill, n);
	for (; n < RECORDS + 8; n++)
		write_one(PN_EV_flush, n);
	reader_drain(&r, &sink);
	ck_assert_uint_eq(s.nr_losses, 0); /* nothing after the gap yet */
	for (; n < RECORDS + 12; n++)
		write_one(PN_EV_trip, n);
	reader_drain(&r, &sink);
	ck_assert_uint_eq(s.nr_losses, 2);
	ck_assert_uint_eq(s.at[0], RECORDS);
	ck_assert_uint_eq(s.lost[PN_EV_fill], 5);
	ck_assert_uint_eq(s.lost[PN_EV_flush], 3);
	ck_assert_uint_eq(s.records, RECORDS + 4);
	ck_assert_uint_eq(ring->lost[PN_EV_fill], 5);
	ck_assert_uint_eq(ring->lost_total, 8);
	ck_assert_uint_eq(vcpu.trace_lost, 8);
	ck_assert_uint_eq(vcpu.trace_written, RECORDS + 4);
}
END_TEST

START_TEST(loss_at_the_end)
{
	struct seen s = { 0 };
	struct reader_sink sink = sink_of(&s);
	struct reader r;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	for (u64 n = 0; n < RECORDS + 9; n++)
		write_one(PN_EV_irq, n);
	reader_drain(&r, &sink);
	reader_finish(&r, &sink);
	ck_assert_uint_eq(s.records, RECORDS);
	ck_assert_uint_eq(s.lost[PN_EV_irq], 9);
	ck_assert_uint_eq(s.at[0], RECORDS);
}
END_TEST

/* Whatever tail dom0 writes, the header, the counts and the slots stay consistent and no byte outside is touched. */
START_TEST(hostile_tail)
{
	const u64 tails[] = { 1, 1ull << 32, ~0ull, ~0ull - 63, 1ull << 63, 0x123456789abcull, -(u64)RECORDS, RECORDS + 1 };

	ring->tail = tails[_i];
	for (u64 n = 0; n < 3 * RECORDS; n++)
		write_one(PN_EV_emulate, n);
	ck_assert_uint_eq(ring->written[PN_EV_emulate] + ring->lost[PN_EV_emulate], 3 * RECORDS);
	ck_assert_uint_eq(ring->head, ring->written[PN_EV_emulate]);
}
END_TEST

/* A head, a size and counts that dom0 scribbled over do not lead the writer astray. */
START_TEST(hostile_header)
{
	for (u64 n = 0; n < 3 * RECORDS; n++) {
		memset(mem.ring, (int)(n * 37), PAGE_SIZE);
		ring->tail = ring->head = n * 0x9e3779b97f4a7c15ull;
		write_one(PN_EV_emulate, n);
	}
	trace_set(~0ull, PN_TRACE_OVERWRITE);
	for (u64 n = 0; n < 3 * RECORDS; n++) {
		memset(mem.ring, (int)(n * 37), BYTES);
		write_one(PN_EV_emulate, n);
	}
}
END_TEST

START_TEST(flight_recorder_keeps_the_newest)
{
	struct seen s = { .check = true, .expect = 100 };
	struct reader_sink sink = sink_of(&s);
	struct reader r;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	trace_set(~0ull, PN_TRACE_OVERWRITE);
	for (u64 n = 0; n < 100 + RECORDS; n++)
		write_one(n % 2 ? PN_EV_fill : PN_EV_trip, n);
	trace_set(0, PN_TRACE_DROP);
	reader_drain(&r, &sink);
	reader_finish(&r, &sink);
	ck_assert_uint_eq(s.records, RECORDS);
	ck_assert_uint_eq(s.lost[PN_EV_fill], 50);
	ck_assert_uint_eq(s.lost[PN_EV_trip], 50);
	ck_assert_uint_eq(ring->written[PN_EV_trip], RECORDS / 2);
}
END_TEST

static void see_now(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	u64 *n = ctx;

	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(rec->payload[i], *n + i);
	ck_assert(rec->tsc >= FIRST_TICK && rec->tsc < host_ticks);
	ck_assert_uint_eq(rec->cost, 0);
	ck_assert_uint_eq(rec->bytes, 0);
	++*n;
}

static void see_three_lost(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	ck_assert_uint_eq(rec->event, PN_EV_revoke);
	ck_assert_uint_eq(rec->payload[0], 3);
}

/* What trace points write, beyond the end of the ring. */
START_TEST(event_now)
{
	u64 n = 0;
	struct reader_sink sink = { see_now, see_three_lost, &n };
	struct reader r;

	memset(PN_RING_RECORDS(mem.ring), 0xff, BYTES - PAGE_SIZE);
	ck_assert(reader_open(&r, mem.ring, BYTES));
	for (u64 i = 0; i < RECORDS + 3; i++)
		trace_now_four(&vcpu, PN_EV_revoke, i, i + 1, i + 2, i + 3);
	ck_assert_uint_eq(vcpu.trace_written, RECORDS);
	ck_assert_uint_eq(vcpu.trace_lost, 3);
	ck_assert_uint_eq(ring->lost[PN_EV_revoke], 3);
	reader_drain(&r, &sink);
	ck_assert_uint_eq(n, RECORDS);
	n = 99;
	trace_now_four(&vcpu, PN_EV_revoke, n, n + 1, n + 2, n + 3);
	reader_drain(&r, &sink);
	ck_assert_uint_eq(n, 100);
}
END_TEST

START_TEST(mask_and_modes)
{
	const u64 was = vcpu.trace_written;

	trace_set(BIT(PN_EV_fill), PN_TRACE_DROP);
	TRACE(&vcpu, fill, 1, 2, 3);
	TRACE(&vcpu, flush, 1, 2);
	ck_assert_uint_eq(vcpu.trace_written, was + 1);
	trace_set(~0ull, PN_TRACE_DROP);
	ck_assert_uint_eq(trace_mask, ((u64)1 << PN_EV_MAX) - 1);
	ck_assert(!trace_ring_init(TRACE_MAX_PCPUS, mem.ring, BYTES));
	ck_assert(!trace_ring_init(1, mem.ring, PAGE_SIZE + 63));
	vcpu.pcpu = 5; /* has no ring: nothing happens */
	trace_ring_give(&vcpu);
	write_one(PN_EV_fill, 1);
}
END_TEST

START_TEST(reader_refuses_what_is_no_ring)
{
	struct reader r;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	ck_assert(!reader_open(&r, mem.ring, PAGE_SIZE));
	ck_assert(!reader_open(&r, mem.ring, BYTES - 64)); /* longer than its memory */
	ring->nr_records = 63;
	ck_assert(!reader_open(&r, mem.ring, BYTES));
	ring->nr_records = 0;
	ck_assert(!reader_open(&r, mem.ring, BYTES));
	ring->nr_records = RECORDS;
	ring->version++;
	ck_assert(!reader_open(&r, mem.ring, BYTES));
	ring->version--;
	ring->magic++;
	ck_assert(!reader_open(&r, mem.ring, BYTES));
}
END_TEST

#define HURRY 3000000ull

static void *hurry(void *unused)
{
	for (u64 n = 0; n < HURRY; n++)
		write_one(n % 3 ? PN_EV_trip : PN_EV_fill, n);
	return NULL;
}

/* Writer and reader on two threads: what is read is in order and whole, and read plus lost is all there was, per event.
 */
START_TEST(writer_and_reader_at_once)
{
	struct seen s = { 0 };
	struct reader_sink sink = sink_of(&s);
	struct reader r;
	pthread_t t;

	ck_assert(reader_open(&r, mem.ring, BYTES));
	ck_assert_int_eq(pthread_create(&t, NULL, hurry, NULL), 0);
	while (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) + __atomic_load_n(&ring->lost_total, __ATOMIC_ACQUIRE) < HURRY) {
		u64 was = s.last.payload[0];

		if (reader_drain(&r, &sink) && was)
			ck_assert_uint_gt(s.last.payload[0], was);
	}
	pthread_join(t, NULL);
	reader_drain(&r, &sink);
	reader_finish(&r, &sink);
	ck_assert_uint_eq(s.records + s.lost[PN_EV_trip] + s.lost[PN_EV_fill], HURRY);
	ck_assert_uint_eq(s.lost[PN_EV_fill], ring->lost[PN_EV_fill]);
	ck_assert_uint_eq(s.lost[PN_EV_fill] + ring->written[PN_EV_fill], HURRY / 3);
	ck_assert_uint_eq(s.records, vcpu.trace_written);
}
END_TEST

START_TEST(order_is_by_stamp_then_arrival)
{
	struct order_item a, b;
	struct order o;
	u64 x = 1;

	ck_assert(order_init(&o, 1000));
	for (u64 n = 0; n < 1000; n++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		order_push(&o, &(struct pn_record){ .tsc = x >> 55, .seq = (u32)n }, 0, false);
	}
	ck_assert(order_full(&o));
	ck_assert(order_pop(&o, &a));
	for (unsigned n = 1; n < 1000; n++, a = b) {
		ck_assert(order_pop(&o, &b));
		ck_assert(a.rec.tsc < b.rec.tsc || (a.rec.tsc == b.rec.tsc && a.rec.seq < b.rec.seq));
	}
	ck_assert(!order_pop(&o, &a));
	order_free(&o);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace ring");
	TCase *t = tcase_create("ring");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, record_is_whole);
	tcase_add_test(t, wraps_without_loss);
	tcase_add_test(t, loss_is_counted_and_placed);
	tcase_add_test(t, loss_at_the_end);
	tcase_add_loop_test(t, hostile_tail, 0, 8);
	tcase_add_test(t, hostile_header);
	tcase_add_test(t, flight_recorder_keeps_the_newest);
	tcase_add_test(t, event_now);
	tcase_add_test(t, mask_and_modes);
	tcase_add_test(t, reader_refuses_what_is_no_ring);
	tcase_add_test(t, writer_and_reader_at_once);
	tcase_add_test(t, order_is_by_stamp_then_arrival);
	suite_add_tcase(s, t);
	return suite_run(s);
}
