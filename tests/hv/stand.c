/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lossless trace, hosted, from both of its sides: the ring's writer, the domain that stands, its measured region and the
 * collector's reader are the sources as they are. The clock is ours, and dom0 runs while the domain's pCPU halts, if nobody holds it: it reads
 * all, little, nothing, after a while, or does something else to the domain. No record may be lost, no time of the guest's pass, and
 * nobody hang.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "tests/suite.h"

static u64 clock_now;
static u64 fake_tsc(void)
{
	return clock_now += 5;
}
static void fake_relax(void)
{
	clock_now += 100;
}
static void dom0_runs(void);
#define rdtsc()     fake_tsc()
#define cpu_relax() fake_relax()
#include "domu.h"
#include "lock.h"
#include "pcpu.h"

static struct pcpu cpu[4];
static unsigned interrupts_taken;
#define this_pcpu()            (&cpu[1])
#define pcpu_stand_if_asked()  (void)0
#define pcpu_take_interrupts() (void)interrupts_taken++
#define pcpu_wait()            dom0_runs()
#include "hv/host/bare/wait.c"
#include "hv/trace/ring.c"
#include "hv/domain/quiet.c"
#include "hv/domain/stand.c"
#include "traces/reader.c"

#define KHZ     1000000ull
#define MS      KHZ
#define RECORDS 16384ull
#define BYTES   (PAGE_SIZE + RECORDS * sizeof(struct pn_record))

u64 tsc_khz = KHZ;
unsigned nr_pcpus = 3;
struct pcpu *pcpus[MAX_PCPUS] = { &cpu[0], &cpu[1], &cpu[2] };
bool turns_of_pcpus;

static struct domu dom;
static struct vcpu vcpu, other;
static struct {
	u8 before[PAGE_SIZE];
	u8 ring[BYTES];
	u8 after[PAGE_SIZE];
} mem __attribute__((aligned(4096)));
static struct pn_ring *const ring = (struct pn_ring *)mem.ring;
static struct reader reader;

/* What dom0 does, each time that it runs. */
static enum { READS_ALL, READS_ONE, SCRIBBLES, READS_NOTHING, PAUSES, WANTS_THE_REGIONS_END, CRASHES_IT, ENDS_TRACE } dom0;
static unsigned dom0_sleeps; /* so often before that */
static unsigned dom0_ran, flushes, pokes;
static bool deaf;
static u64 next_record, records, lost, wrong, random_state;

static u64 any(void)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return random_state >> 20;
}

static void see(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	(void)ctx, (void)pcpu;
	records++;
	wrong += rec->domain != 3 || (rec->event == PN_EV_fill && rec->payload[0] != next_record++);
}
static void see_lost(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	(void)ctx, (void)pcpu;
	lost += rec->payload[0];
}
static const struct reader_sink sink = { see, see_lost, NULL };

static void dom0_acts(void)
{
	switch (dom0) {
	case READS_ALL: reader_drain(&reader, &sink); break;
	case READS_ONE: ring->tail++; break;
	case SCRIBBLES: /* and now and then it is right by chance */
		ring->tail = any() % 8 ? any() : vcpu.ring->head + (u64)(vcpu.ring->next - vcpu.ring->mark);
		ring->head = any();
		break;
	case READS_NOTHING: break;
	case PAUSES: dom.stop_req = STOP_NOW; break;
	case WANTS_THE_REGIONS_END: dom.stop_req = STOP_AFTER_REGION; break;
	case CRASHES_IT: dom.d.state = PN_CRASHED; break;
	case ENDS_TRACE: trace_set(0, PN_TRACE_DROP); break;
	}
}

/* The domain's pCPU halts. Its timer wakes it after a millisecond. */
static u64 armed;
static void dom0_runs(void)
{
	if (armed > clock_now + 2 * MS)
		ck_abort_msg("it halts, and nothing wakes it soon");
	clock_now = armed;
	if (cpu[0].held)
		return;
	dom0_ran++;
	if (dom0_sleeps)
		dom0_sleeps--;
	else
		dom0_acts();
}

void apic_timer_at(u64 tsc)
{
	armed = tsc;
}
void apic_send_nmi(const struct pcpu *p)
{
	if (!deaf)
		cpu[p->id].held = cpu[p->id].hold;
}
void plat_domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
	d->state = PN_CRASHED;
}
void plat_log(enum log_level level, const char *fmt, ...)
{
	(void)level, (void)fmt;
}
bool plat_wait(bool (*is_over)(const void *what), const void *what)
{
	return wait_for(&(struct wait){ .is_over = is_over, .what = what });
}
bool life_gives_way(struct domu *u)
{
	return (void)u, false;
}
void domu_poll(struct domu_vcpu *c)
{
	(void)c;
}
bool domu_is_over(const struct domu *u)
{
	const u32 req = u->stop_req;

	return (req && !(req == STOP_AFTER_REGION && u->holding && !u->d.stands_since)) || u->d.state != PN_RUNNING;
}
void vcpus_poke(struct domu_vcpu *c)
{
	pokes++;
	c->v->request = 1;
}
/* The other vCPU is in the guest until then: time must go on for it. */
void plat_tlb_flush_others(struct domain *d)
{
	ck_assert(!d->stands_since && pokes);
	flushes++;
}

static void setup(void)
{
	memset(&mem, 0xa5, sizeof(mem));
	memset(&dom, 0, sizeof(dom));
	memset(cpu, 0, sizeof(cpu));
	clock_now = 1000;
	owner = NULL;
	dom0 = READS_ALL;
	dom0_sleeps = dom0_ran = flushes = pokes = 0;
	deaf = turns_of_pcpus = false;
	next_record = records = lost = wrong = 0;
	random_state = 1;
	for (unsigned i = 0; i < 3; i++)
		cpu[i].id = i;
	dom.d = (struct domain){ .id = 3, .nr_vcpus = 1, .state = PN_RUNNING, .domu = &dom, .vcpu = { &vcpu, &other } };
	dom.regions = PN_REGIONS_ALL;
	dom.region_most = 2000 * MS;
	dom.vcpu[0] = (struct domu_vcpu){ .u = &dom, .v = &vcpu, .pcpu = 1 };
	dom.vcpu[1] = (struct domu_vcpu){ .u = &dom, .v = &other, .pcpu = 2 };
	vcpu = (struct vcpu){ .domain = &dom.d, .pcpu = 1, .owner = &dom.vcpu[0] };
	other = (struct vcpu){ .domain = &dom.d, .id = 1, .pcpu = 2, .owner = &dom.vcpu[1] };
	cpu[1].current = &vcpu;
	ck_assert(trace_ring_init(1, mem.ring, BYTES));
	trace_ring_give(&vcpu);
	ck_assert(reader_open(&reader, mem.ring, BYTES));
	trace_set(~0ull, PN_TRACE_LOSSLESS);
}

/* What is beside the ring. */
static void teardown(void)
{
	static u8 as_it_was[PAGE_SIZE];

	memset(as_it_was, 0xa5, PAGE_SIZE);
	ck_assert(!memcmp(mem.before, as_it_was, PAGE_SIZE) && !memcmp(mem.after, as_it_was, PAGE_SIZE));
	ck_assert_uint_eq(wrong, 0);
}

static u64 written;

/* A trip of so many records, and what svm_prepare_entry() does of it. False: the vCPU must not enter. */
static bool trip(u64 n)
{
	vcpu.request = 0;
	for (u64 i = 0; i < n; i++)
		TRACE(&vcpu, fill, written++, 2, 3);
	clock_now += 50;
	if (!vcpu.request)
		return true;
	vcpu.request = 0;
	if (trace_is_short(&vcpu))
		domu_stand_for_trace(&dom.vcpu[0]);
	return !domu_is_over(&dom);
}

static void read_all(void)
{
	reader_drain(&reader, &sink);
	reader_finish(&reader, &sink);
}

/* As many records as fill the ring twenty times, by trips of any length up to the most. */
START_TEST(nothing_is_lost)
{
	bool on = true;

	written = 0;
	while (on && written < 20 * RECORDS)
		on = trip(any() % 4 ? any() % 20 : any() % (trace_trip_most(0) + 1));
	ck_assert(on);
	read_all();
	ck_assert_uint_eq(next_record, written);
	ck_assert_uint_eq(lost + ring->lost_total + vcpu.trace_lost, 0);
	ck_assert_uint_eq(records, vcpu.trace_written);
	ck_assert_uint_eq(records - written, ring->written[PN_EV_stand]);
	ck_assert_uint_gt(ring->written[PN_EV_stand], 20);
	/* It stands no more often than it must. */
	ck_assert_uint_lt(ring->written[PN_EV_stand], 20 * RECORDS / (RECORDS - 2 * trace_trip_most(0)) + 2);
}
END_TEST

/* A pool so large that a trip could fill most of the ring. */
START_TEST(large_pool)
{
	written = 0;
	dom.d.counter[PN_CNT_pool_pages] = 1000;
	while (written < 10 * RECORDS)
		ck_assert(trip(any() % (trace_trip_most(1000) + 1)));
	dom.d.counter[PN_CNT_pool_pages] = 1u << 30;
	while (written < 20 * RECORDS)
		ck_assert(trip(any() % (RECORDS / 2)));
	read_all();
	ck_assert_uint_eq(next_record, written);
	ck_assert_uint_eq(ring->lost_total, 0);
}
END_TEST

/* Until the domain stands. Returns whether it goes on. */
static bool fill(void)
{
	const u64 stood = dom.d.stood;
	bool on;

	do
		on = trip(10);
	while (on && dom.d.stood == stood);
	return on;
}

/* A guest under a trace that is read slowly sees the same time, and measures the same, as under one that is read at once. */
START_TEST(time_stands_still)
{
	u64 took[2], limit;

	for (unsigned i = 0; i < 2; i++) {
		const u32 name[4] = { 'x' };
		u64 begin, wall;

		setup();
		written = 0;
		dom0_sleeps = i ? 3000 : 0;
		ck_assert_uint_eq(quiet_begin(&dom.vcpu[0], name), 0);
		quiet_begun(&dom);
		limit = dom.region_limit;
		begin = domu_now(&dom);
		wall = clock_now;
		ck_assert(fill());
		ck_assert_uint_eq(dom.region_limit, limit);
		took[i] = domu_now(&dom) - begin;
		ck_assert_uint_ge(clock_now - wall - took[i], i ? 3000 * MS : MS);
		ck_assert_uint_eq(clock_now - wall - took[i], dom.d.stood);
		ck_assert_uint_eq(quiet_end(&dom.vcpu[0], 1, 0), 0);
		ck_assert_uint_eq(dom.region[0].disturbed, PN_QUIET);
		ck_assert_uint_lt(dom.region[0].instructions, took[i] + 1000);
	}
	ck_assert_uint_eq(took[0], took[1]);
}
END_TEST

/* While it stands, the clock that dom0 sees of it does as well. */
static u64 seen_time;
START_TEST(its_clock_stands)
{
	written = 0;
	dom0 = READS_NOTHING;
	dom.d.stands_since = domu_now(&dom);
	seen_time = domu_now(&dom);
	clock_now += 50 * MS;
	ck_assert_uint_eq(domu_now(&dom), seen_time);
}
END_TEST

START_TEST(region_lends_dom0_alone)
{
	const u32 name[4] = { 'x' };

	written = 0;
	cpu[2].current = &(struct vcpu){ .domain = &(struct domain){ 0 } };
	quiet_begin(&dom.vcpu[0], name);
	ck_assert(cpu[0].held && cpu[2].held);
	dom0_sleeps = 5;
	ck_assert(fill());
	ck_assert_uint_eq(dom0_ran, 6);
	ck_assert(cpu[0].held && cpu[2].held && owner == &dom);
	quiet_end(&dom.vcpu[0], 1, 1);
	ck_assert(!cpu[0].held && !cpu[2].held);
	ck_assert_uint_eq(dom.region[0].disturbed, PN_QUIET);
}
END_TEST

/* dom0's pCPU does not come back: the region says so. */
START_TEST(region_loses_dom0)
{
	const u32 name[4] = { 'x' };

	written = 0;
	quiet_begin(&dom.vcpu[0], name);
	quiet_lend_dom0(&dom);
	deaf = true;
	quiet_take_dom0(&dom);
	ck_assert(!dom.holding && !owner);
	quiet_end(&dom.vcpu[0], 1, 1);
	ck_assert_uint_eq(dom.region[0].disturbed, PN_DISTURBED_LOST);
}
END_TEST

START_TEST(nobody_reads)
{
	u64 from;

	written = 0;
	dom0 = READS_NOTHING;
	from = clock_now;
	ck_assert(!fill());
	ck_assert_uint_eq(dom.d.state, PN_CRASHED);
	ck_assert_ptr_nonnull(strstr(dom.d.reason, "pCPU 1's ring for 10 s"));
	ck_assert_uint_ge(clock_now - from, LIMIT_MS * MS);
	ck_assert_uint_lt(clock_now - from, (LIMIT_MS + 100) * MS);
	ck_assert_uint_eq(dom.d.stands_since, 0);
	ck_assert_uint_eq(ring->lost_total, 0);
}
END_TEST

/* One that reads is not one that is dead, however slow it is. */
START_TEST(slow_reader)
{
	written = 0;
	dom0 = READS_ONE;
	dom0_sleeps = LIMIT_MS / LOOK_MS - 2;
	ck_assert(fill());
	ck_assert_uint_ge(dom0_ran, LIMIT_MS / LOOK_MS + RECORDS / 2);
	ck_assert_uint_eq(ring->lost_total, 0);
}
END_TEST

/* What ends the wait, and how the vCPU goes on. */
START_TEST(other_ends)
{
	static const struct {
		int what;
		bool region, on;
	} ends[] = { { PAUSES, false, false },
		     { PAUSES, true, false },
		     { WANTS_THE_REGIONS_END, false, false },
		     { WANTS_THE_REGIONS_END, true, false },
		     { CRASHES_IT, true, false },
		     { ENDS_TRACE, false, true } };

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		const u32 name[4] = { 'x' };

		setup();
		written = 0;
		if (ends[i].region)
			quiet_begin(&dom.vcpu[0], name);
		dom0 = ends[i].what;
		dom0_sleeps = 7;
		ck_assert_int_eq(fill(), ends[i].on);
		ck_assert_uint_eq(dom0_ran, 8);
		ck_assert_uint_eq(dom.d.stands_since, 0);
		ck_assert_uint_eq(ring->lost_total, 0);
		/* It goes on later, if it may: it stands again, until its trace was read. */
		dom.stop_req = STOP_NOT;
		dom0 = READS_ALL;
		if (dom.d.state == PN_RUNNING && trace_lossless) {
			if (trace_is_short(&vcpu))
				domu_stand_for_trace(&dom.vcpu[0]);
			ck_assert(trip(5));
			read_all();
			ck_assert_uint_eq(next_record, written);
		}
		quiet_abort(&dom);
	}
}
END_TEST

/* The ring was written in another mode: what was left of its room then is not what is left now. */
START_TEST(mode_begins_late)
{
	written = 0;
	trace_set(~0ull, PN_TRACE_DROP);
	while (ring->head < RECORDS - trace_trip_most(0) / 2)
		trace_now(&vcpu, PN_EV_fill, written++, 0, 0);
	trace_set(~0ull, PN_TRACE_LOSSLESS);
	vcpu.request = 1;
	ck_assert(trace_is_short(&vcpu));
	domu_stand_for_trace(&dom.vcpu[0]);
	for (unsigned i = 0; i < 50; i++)
		ck_assert(trip(trace_trip_most(0)));
	read_all();
	ck_assert_uint_eq(next_record, written);
	ck_assert_uint_eq(ring->lost_total, 0);
}
END_TEST

/* dom0 cannot stand for itself. */
START_TEST(dom0s_own)
{
	vcpu.owner = NULL;
	for (u64 i = 0; i < RECORDS + 7; i++)
		trace_now(&vcpu, PN_EV_fill, i, 0, 0);
	ck_assert(!vcpu.request);
	ck_assert_uint_eq(vcpu.trace_written, RECORDS);
	ck_assert_uint_eq(vcpu.trace_lost, 7);
}
END_TEST

/* A tail that is anything costs dom0 its records or the domain its life, and nothing else. */
START_TEST(hostile_reader)
{
	for (unsigned i = 0; i < 40; i++) {
		setup();
		random_state = i;
		written = 0;
		dom0 = SCRIBBLES;
		for (unsigned k = 0; k < 20 && dom.d.state == PN_RUNNING; k++) {
			memset(PN_RING_RECORDS(ring), (int)i, BYTES - PAGE_SIZE);
			for (unsigned m = 0; m < 200 && dom.d.state == PN_RUNNING; m++)
				trip(any() % trace_trip_most(0));
			dom0 = any() % 3 ? SCRIBBLES : READS_NOTHING;
		}
		ck_assert(vcpu.ring->next >= PN_RING_RECORDS(ring) && vcpu.ring->next <= PN_RING_RECORDS(ring) + RECORDS);
		teardown();
	}
}
END_TEST

/* All vCPUs leave the guest before time stands still; where they take turns none but this one is there. */
START_TEST(several_vcpus)
{
	written = 0;
	dom.d.nr_vcpus = 2;
	dom0_sleeps = 4000; /* longer than anybody waits for the lock otherwise */
	ck_assert(fill());
	ck_assert(flushes == 1 && pokes == 1 && other.request);
	turns_of_pcpus = true;
	dom.turns.since = clock_now - 20;
	const u64 since = dom.turns.since, stood = dom.d.stood;
	ck_assert(fill());
	ck_assert(flushes == 1 && pokes == 1);
	ck_assert_uint_eq(dom.turns.since - since, dom.d.stood - stood);
}
END_TEST

/* A vCPU that wants the lock waits for as long as the one that has it stands, and not longer. */
START_TEST(lock_waits_on)
{
	struct lock_turn t = { &dom.d, 1 };
	const u64 from = clock_now;

	dom.d.lock.next = 1; /* another has it */
	dom.d.stands_since = 1;
	ck_assert(!plat_wait(lock_is_over, &t)); /* longer than a wait */
	ck_assert(!dom.d.lock.broken);
	dom.d.stands_since = 0;
	ck_assert(!paging_lock(&vcpu));
	ck_assert_uint_ge(clock_now - from, 2 * WAIT_LIMIT_MS * MS);
	ck_assert_uint_eq(dom.d.state, PN_CRASHED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stand");
	TCase *c = tcase_create("lossless");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, nothing_is_lost);
	tcase_add_test(c, large_pool);
	tcase_add_test(c, time_stands_still);
	tcase_add_test(c, its_clock_stands);
	tcase_add_test(c, region_lends_dom0_alone);
	tcase_add_test(c, region_loses_dom0);
	tcase_add_test(c, nobody_reads);
	tcase_add_test(c, slow_reader);
	tcase_add_test(c, other_ends);
	tcase_add_test(c, mode_begins_late);
	tcase_add_test(c, dom0s_own);
	tcase_add_test(c, hostile_reader);
	tcase_add_test(c, several_vcpus);
	tcase_add_test(c, lock_waits_on);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return suite_run(s);
}
