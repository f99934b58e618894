/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for other pCPUs, and measured regions, hosted: the sources as they are, on a clock of our own and
 * pCPUs that answer late, never, or are themselves asked for something. What waits must come to an end, with the domain whose pCPU
 * does not answer crashed, no figure of a region that was disturbed passed off as one of a quiet one, and dom0 alive.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "tests/suite.h"

/* The clock: it goes on while somebody waits, and while a guest of ours computes. */
static u64 clock_now;
static u64 fake_tsc(void)
{
	return clock_now += 5;
}
#define rdtsc() fake_tsc()
#include "domu.h"
#include "pcpu.h"

static struct pcpu *this_one; /* the pCPU whose code the test runs */
static void others_run(void);
static void fake_relax(void)
{
	clock_now += 3000;
	others_run();
}
#define cpu_relax()           fake_relax()
#define this_pcpu()           this_one
#define pcpu_stand_if_asked() stand_if_asked()
static unsigned interrupts_taken;
#define pcpu_take_interrupts() (void)interrupts_taken++
static void stand_if_asked(void);
#include "hv/host/bare/wait.c"
#include "hv/domain/quiet.c"
#include "lock.h"

#define KHZ   1000000ull
#define MS    KHZ
#define LIMIT (WAIT_LIMIT_MS * MS)

u64 tsc_khz = KHZ, trace_mask;
unsigned nr_pcpus;
struct pcpu *pcpus[MAX_PCPUS];
static struct pcpu cpu[4];

/* A domain of which dom0 wants the whole life, and which has regions of its own, does as life.c does. */
static bool of_a_whole_life;
bool life_gives_way(struct domu *u)
{
	if (!of_a_whole_life)
		return false;
	of_a_whole_life = false;
	quiet_stays(u);
	return true;
}

/* How each of the other pCPUs behaves. */
static struct {
	bool deaf;      /* it answers nothing */
	u64 answers_at; /* the clock at which it does what it was asked last; 0: nothing was asked */
	u64 delay;
	u64 stood, stands_since;
	unsigned nmis, kicks;
} sim[4];
static struct domu dom[2];
static struct vcpu vcpu[2];
static u64 away; /* the waiting pCPU itself loses so many ticks at each stand_if_asked */

void apic_send_nmi(const struct pcpu *p)
{
	sim[p->id].nmis++;
	if (!sim[p->id].answers_at)
		sim[p->id].answers_at = clock_now + sim[p->id].delay + 1;
}

void apic_send_kick(const struct pcpu *p)
{
	sim[p->id].kicks++;
	if (!sim[p->id].answers_at)
		sim[p->id].answers_at = clock_now + sim[p->id].delay + 1;
}

static void answer(unsigned i)
{
	struct pcpu *p = &cpu[i];

	sim[i].answers_at = 0;
	if (p->hold && !p->held)
		sim[i].stands_since = clock_now;
	if (!p->hold && p->held)
		sim[i].stood += clock_now - sim[i].stands_since;
	p->held = p->hold;
}

static void others_run(void)
{
	for (unsigned i = 0; i < nr_pcpus; i++)
		if (&cpu[i] != this_one && !sim[i].deaf && sim[i].answers_at && clock_now >= sim[i].answers_at)
			answer(i);
}

static void stand_if_asked(void)
{
	clock_now += away;
}

void plat_domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	if (d->crashed++)
		return;
	va_start(ap, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
	d->state = PN_CRASHED;
}

static unsigned errors;
void plat_log(enum log_level level, const char *fmt, ...)
{
	(void)fmt;
	errors += level == LOG_ERROR;
}

bool plat_wait(bool (*is_over)(const void *what), const void *what)
{
	return wait_for(&(struct wait){ .is_over = is_over, .what = what });
}

void domu_poll(struct domu_vcpu *c)
{
	(void)c;
}
void trace_now(struct vcpu *v, u64 ev, u64 a, u64 b, u64 c)
{
	(void)v, (void)ev, (void)a, (void)b, (void)c;
}

/* pCPU 0 runs dom0, 1 and 2 a domain each, 3 nothing. The code under test runs on pCPU 1. */
static void begin(void)
{
	memset(sim, 0, sizeof(sim));
	memset(cpu, 0, sizeof(cpu));
	memset(dom, 0, sizeof(dom));
	memset(vcpu, 0, sizeof(vcpu));
	for (unsigned i = 0; i < ARRAY_SIZE(dom); i++)
		dom[i].region_most = 2000 * MS; /* domu.c's usual one */
	clock_now = 1000;
	away = errors = 0;
	owner = NULL;
	nr_pcpus = 4;
	for (unsigned i = 0; i < 4; i++) {
		pcpus[i] = &cpu[i];
		cpu[i].id = i;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct domu *u = &dom[i];

		u->d.id = i;
		u->d.nr_vcpus = 1;
		u->d.domu = u;
		u->d.state = PN_RUNNING;
		u->d.vcpu[0] = &vcpu[i];
		u->vcpu[0] = (struct domu_vcpu){ .u = u, .v = &vcpu[i], .pcpu = i + 1 };
		u->regions = PN_REGIONS_ALL;
		u->started = clock_now;
		vcpu[i].domain = &u->d;
		vcpu[i].owner = &u->vcpu[0];
		vcpu[i].pcpu = i + 1;
		cpu[i + 1].current = &vcpu[i];
	}
	this_one = &cpu[1];
}

static const u32 name[4] = { 'x' };
static u32 region_begins(void)
{
	u32 r = quiet_begin(&dom[0].vcpu[0], name);

	if (!r)
		quiet_begun(&dom[0]);
	return r;
}
static u32 region_ends(void)
{
	return quiet_end(&dom[0].vcpu[0], 1, 1);
}

/* ---- the wait itself ---- */

static bool never(const void *unused)
{
	return (void)unused, false;
}
static unsigned asked;
static void ask_it(const void *unused)
{
	(void)unused;
	asked++;
}
static bool at_time(const void *when)
{
	return clock_now >= *(const u64 *)when;
}

START_TEST(a_wait_has_an_end)
{
	begin();
	asked = 0;
	u64 from = clock_now;
	ck_assert(!wait_for(&(struct wait){ never, ask_it, NULL }));
	ck_assert_uint_ge(clock_now - from, LIMIT);
	ck_assert_uint_le(clock_now - from, LIMIT + MS);
	ck_assert_uint_gt(asked, 10);
	/* Before the clock is known, too. */
	tsc_khz = 0;
	ck_assert(!wait_for(&(struct wait){ never, NULL, NULL }));
	tsc_khz = KHZ;
}
END_TEST

START_TEST(what_comes_late_comes)
{
	begin();
	u64 when = clock_now + LIMIT - MS;
	ck_assert(wait_for(&(struct wait){ at_time, NULL, &when }));
	ck_assert_uint_ge(clock_now, when);
}
END_TEST

/* A busy machine, or a region for which we stood: a minute passes, of which little was ours. */
START_TEST(time_away_does_not_count)
{
	begin();
	away = 20 * MS;
	u64 when = clock_now + 30000 * MS;
	ck_assert(wait_for(&(struct wait){ at_time, NULL, &when }));
	ck_assert(!wait_for(&(struct wait){ never, NULL, NULL }));
}
END_TEST

/* ---- regions ---- */

START_TEST(quiet_while_it_lasts)
{
	begin();
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert(cpu[0].held && cpu[2].held && !cpu[3].held && !cpu[1].held);
	ck_assert_uint_eq(region_begins(), PN_HC_EBUSY);
	ck_assert_uint_eq(region_ends(), 0);
	ck_assert(!cpu[0].held && !cpu[2].held && !cpu[0].hold && !cpu[2].hold);
	ck_assert_uint_eq(dom[0].nr_regions, 1);
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_QUIET);
	ck_assert_uint_eq(region_ends(), PN_HC_EINVAL);
}
END_TEST

/* The others stand from the region that is the whole life to the domain's end, through regions and between them, under one limit. */
START_TEST(a_whole_life)
{
	begin();
	ck_assert_uint_eq(region_begins(), 0);
	u64 limit = dom[0].region_limit, stands = sim[0].stands_since;
	of_a_whole_life = true;
	for (unsigned i = 0; i < 3; i++) {
		clock_now += 10 * MS;
		ck_assert_uint_eq(region_begins(), 0);
		ck_assert(cpu[0].held && cpu[2].held && dom[0].in_region);
		ck_assert_uint_eq(dom[0].region_limit, limit);
		ck_assert_uint_eq(region_begins(), PN_HC_EBUSY);
		ck_assert_uint_eq(region_ends(), 0);
		ck_assert(cpu[0].held && cpu[2].held && !dom[0].in_region && dom[0].holding);
		ck_assert_uint_eq(dom[0].region[i].disturbed, PN_QUIET);
	}
	ck_assert_uint_eq(sim[0].stands_since, stands);
	ck_assert_uint_eq(dom[0].nr_regions, 3);
	quiet_abort(&dom[0]);
	ck_assert(!cpu[0].held && !cpu[2].held && !dom[0].holding && !owner);
	/* And what comes then is a region like any other. */
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert(cpu[0].held && dom[0].region_limit != limit);
	ck_assert_uint_eq(region_ends(), 0);
	ck_assert(!cpu[0].held);
}
END_TEST

/* A life that was disturbed from its beginning holds nobody between regions, and each region asks anew. */
START_TEST(a_whole_life_not_granted)
{
	begin();
	dom[0].regions = PN_REGIONS_NONE;
	ck_assert_uint_eq(region_begins(), 0);
	of_a_whole_life = true;
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert(!cpu[0].held && !dom[0].holding);
	ck_assert_uint_eq(region_ends(), 0);
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_DISTURBED_NOT_GRANTED);
	dom[0].regions = PN_REGIONS_ALL;
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert(cpu[0].held);
	ck_assert_uint_eq(region_ends(), 0);
	ck_assert(!cpu[0].held);
}
END_TEST

/* The other domain's pCPU never stands still: its fault. dom0 is let go, and the figures are marked. */
START_TEST(deaf_domain)
{
	begin();
	sim[2].deaf = true;
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert_uint_eq(dom[1].d.state, PN_CRASHED);
	ck_assert_ptr_nonnull(strstr(dom[1].d.reason, "pCPU 2"));
	ck_assert_uint_eq(dom[0].d.state, PN_RUNNING);
	ck_assert(!cpu[0].held && !cpu[0].hold && !owner);
	ck_assert_uint_eq(region_ends(), 0);
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_DISTURBED_LOST);
	/* Nobody waits for it a second time, and no region is quiet, until it has come back. */
	u64 from = clock_now;
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert_uint_lt(clock_now - from, MS);
	region_ends();
	ck_assert_uint_eq(dom[0].region[1].disturbed, PN_DISTURBED_LOST);
	sim[2].deaf = false;
	cpu[2].lost = 0;
	cpu[2].current = NULL;
	region_begins();
	region_ends();
	ck_assert_uint_eq(dom[0].region[2].disturbed, PN_QUIET);
}
END_TEST

START_TEST(deaf_dom0)
{
	begin();
	sim[0].deaf = true;
	ck_assert_uint_eq(region_begins(), 0);
	ck_assert_uint_eq(errors, 1);
	ck_assert(!cpu[0].lost && !cpu[2].hold);
	region_ends();
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_DISTURBED_LOST);
	ck_assert_uint_eq(dom[1].d.state, PN_RUNNING);
	sim[0].deaf = false;
	region_begins();
	region_ends();
	ck_assert_uint_eq(dom[0].region[1].disturbed, PN_QUIET);
}
END_TEST

/* It stands, and does not come back: the region was quiet, its domain is over. */
START_TEST(never_goes_on)
{
	begin();
	region_begins();
	sim[2].deaf = true;
	region_ends();
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_QUIET);
	ck_assert_uint_eq(dom[1].d.state, PN_CRASHED);
	ck_assert(!cpu[0].held && !owner);
}
END_TEST

/* An answer after a second is late, and an answer. */
START_TEST(slow_domain)
{
	begin();
	sim[2].delay = 1000 * MS;
	region_begins();
	region_ends();
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_QUIET);
	ck_assert_uint_eq(dom[1].d.state, PN_RUNNING);
}
END_TEST

START_TEST(not_granted)
{
	begin();
	dom[0].regions = PN_REGIONS_NONE;
	region_begins();
	ck_assert(!cpu[0].hold && !cpu[2].hold && !sim[0].nmis);
	ck_assert(dom[0].in_region && !dom[0].holding);
	region_ends();
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_DISTURBED_NOT_GRANTED);
	ck_assert_uint_eq(dom[0].nr_regions, 1);
}
END_TEST

START_TEST(another_owns)
{
	begin();
	owner = &dom[1];
	region_begins();
	region_ends();
	ck_assert_uint_eq(dom[0].region[0].disturbed, PN_DISTURBED_OTHER);
	ck_assert_ptr_eq(owner, &dom[1]);
}
END_TEST

/* A guest that begins one region after the other for 12 G ticks: what is left to dom0. `each` ticks a region; its limit ends it. */
static u64 dom0_had(enum pn_regions granted, u64 each)
{
	u64 from;

	begin();
	dom[0].regions = granted;
	for (from = clock_now; clock_now - from < 12000 * MS;) {
		region_begins();
		clock_now += 20000; /* what the guest and its exits need at least */
		u64 left = dom[0].region_limit > clock_now ? dom[0].region_limit - clock_now : 0;
		clock_now += left < each ? left : each;
		if (left < each)
			quiet_abort(&dom[0]);
		else
			region_ends();
	}
	return clock_now - from - sim[0].stood;
}

START_TEST(again_and_again)
{
	const u64 each[] = { 1000, MS / 100, MS, 10 * MS, 500 * MS, 10000 * MS };

	for (unsigned i = 0; i < ARRAY_SIZE(each); i++) {
		u64 all = dom0_had(PN_REGIONS_ALL, each[i]), share = dom0_had(PN_REGIONS_SHARE, each[i]);

		printf("regions of %9llu ticks, 12 G ticks: dom0 had %5llu M without a limit, %5llu M with it\n",
		       (unsigned long long)each[i], (unsigned long long)(all / MS), (unsigned long long)(share / MS));
		ck_assert_uint_ge(share, 12000 * MS / SHARE * (SHARE - 1) - 2 * SHARE_FIRST_MS * MS);
	}
	ck_assert_uint_lt(dom0_had(PN_REGIONS_ALL, 500 * MS), 100 * MS);
	ck_assert_uint_ge(dom0_had(PN_REGIONS_NONE, 500 * MS), 12000 * MS);
}
END_TEST

/* A domain that measures within its share is never refused. */
START_TEST(within_its_share)
{
	begin();
	dom[0].regions = PN_REGIONS_SHARE;
	for (unsigned i = 0; i < PN_MAX_REGIONS; i++) {
		region_begins();
		clock_now += 50 * MS;
		region_ends();
		ck_assert_uint_eq(dom[0].region[i].disturbed, PN_QUIET);
		clock_now += 151 * MS;
	}
}
END_TEST

/* ---- the lock ---- */

START_TEST(broken_lock)
{
	begin();
	ck_assert(paging_lock(&vcpu[0]));
	paging_unlock(&vcpu[0]);
	ck_assert(paging_lock(&vcpu[0])); /* and it is never given back */
	ck_assert(!paging_lock(&vcpu[0]));
	ck_assert_uint_eq(dom[0].d.state, PN_CRASHED);
	u64 from = clock_now;
	ck_assert(!paging_lock(&vcpu[0]));
	ck_assert_uint_lt(clock_now - from, MS);
	paging_unlock(&vcpu[0]); /* whoever had it comes at last */
	ck_assert(!paging_lock(&vcpu[0]));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quiet");
	TCase *c = tcase_create("waits");

	tcase_add_test(c, a_wait_has_an_end);
	tcase_add_test(c, what_comes_late_comes);
	tcase_add_test(c, time_away_does_not_count);
	tcase_add_test(c, quiet_while_it_lasts);
	tcase_add_test(c, a_whole_life);
	tcase_add_test(c, a_whole_life_not_granted);
	tcase_add_test(c, deaf_domain);
	tcase_add_test(c, deaf_dom0);
	tcase_add_test(c, never_goes_on);
	tcase_add_test(c, slow_domain);
	tcase_add_test(c, not_granted);
	tcase_add_test(c, another_owns);
	tcase_add_test(c, again_and_again);
	tcase_add_test(c, within_its_share);
	tcase_add_test(c, broken_lock);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return suite_run(s);
}
