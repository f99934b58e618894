/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The turns of vCPUs (hv/domain/turns.h), each vCPU on a pCPU of its own: a thread, of which one at a time has the baton, as QEMU runs
 * pCPUs by one thread. A pCPU that halts passes it to the next that has an interrupt pending. What a vCPU's guest does is a program.
 * host_check() sees at each entry that its vCPU has the turn, and that all have the same TSC.
 */
#include "tests/svm/suites.h"

#include <pthread.h>
#include <string.h>

#include "tests/svm/svm_host.h"

#define MOST    4
#define LOG     4000
#define US      1000ull    /* of the machine's TSC */
#define TURN    (320 * US) /* outside of regions */
#define EXIT    500ull     /* what a guest runs up to each exit here (exit.c) */
#define STARTUP (6u << 8)

static struct domu *u;
static void (*program[MOST])(struct svm_vcpu *s);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t passed = PTHREAD_COND_INITIALIZER;
static u32 baton, n, taken[MACHINE_PCPUS], order[LOG], logged; /* baton: a vCPU's number; taken: of machine_kicks */
static bool asleep[MOST], gone[MOST];
static u64 switch_cost, noise;

/* ---- pCPUs ---- */

static bool is_interrupted(u32 id)
{
	const u32 pcpu = u->vcpu[id].pcpu;

	return machine_kicks[pcpu] != taken[pcpu] || machine_timer[pcpu] <= machine_tsc;
}

static void take_interrupt(u32 id)
{
	const u32 pcpu = u->vcpu[id].pcpu;

	taken[pcpu] = machine_kicks[pcpu];
	if (machine_timer[pcpu] <= machine_tsc)
		machine_timer[pcpu] = ~0ull;
}

/* The next pCPU that can go on; time passes until there is one. */
static u32 next_pcpu(u32 after)
{
	u64 first = ~0ull;

	for (u32 i = 1; i <= n; i++) {
		const u32 id = (after + i) % n;

		if (!gone[id] && (!asleep[id] || is_interrupted(id)))
			return id;
		if (!gone[id] && machine_timer[u->vcpu[id].pcpu] < first)
			first = machine_timer[u->vcpu[id].pcpu];
	}
	ck_assert_msg(first != ~0ull, "all vCPUs wait, and nothing will wake one");
	machine_tsc = first;
	return next_pcpu(after);
}

static void wait_for_baton(u32 id)
{
	while (baton != id)
		pthread_cond_wait(&passed, &mutex);
	machine_pcpu = u->vcpu[id].pcpu;
}

static void pass_baton(u32 to)
{
	baton = to;
	pthread_cond_broadcast(&passed);
}

static u32 running(void)
{
	u32 id = 0;

	while (u->vcpu[id].pcpu != machine_pcpu)
		id++;
	return id;
}

/* A timer that is due ends whatever another pCPU is about. */
static void others_wake(u32 id)
{
	bool wakes = false;

	for (u32 i = 0; i < n; i++)
		wakes = wakes || (i != id && !gone[i] && asleep[i] && is_interrupted(i));
	if (!wakes)
		return;
	pass_baton(next_pcpu(id));
	wait_for_baton(id);
}

/* HLT of the hypervisor's. */
static void halts(void)
{
	const u32 id = running();

	asleep[id] = true;
	machine_tsc += switch_cost;
	pass_baton(next_pcpu(id));
	wait_for_baton(id);
	asleep[id] = false;
	take_interrupt(id);
}

static void *pcpu(void *vcpu)
{
	struct domu_vcpu *c = vcpu;
	const u32 id = c->v->id;
	bool all = true;

	pthread_mutex_lock(&mutex);
	wait_for_baton(id);
	vcpus_run(c);
	gone[id] = true;
	for (u32 i = 0; i < n; i++)
		all = all && gone[i];
	pass_baton(all ? MOST : next_pcpu(id));
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void guest(struct svm_vcpu *s)
{
	program[s->v.id](s);
}

static void begin(u32 nr_vcpus, void (*first)(struct svm_vcpu *), void (*others)(struct svm_vcpu *))
{
	struct svm_vcpu *s;

	host_runs = NULL;
	host_guest(HOST_LONG, 0); /* the CPU has been looked at: which would say that pCPUs run at once */
	turns_of_pcpus = true;
	s = host_guest_smp(HOST_LONG, 0, nr_vcpus);
	u = ((struct domu_vcpu *)s->v.owner)->u;
	n = nr_vcpus;
	for (u32 i = 0; i < n; i++)
		program[i] = i ? others : first;
	logged = 0;
	switch_cost = 300;
	noise = 0;
	memset(gone, 0, sizeof(gone));
	memset(asleep, 0, sizeof(asleep));
	host_runs = guest;
	machine_halts = halts;
}

/* From the first one's turn until all have left. */
static void run(void)
{
	pthread_t thread[MOST];

	turns_take(&u->vcpu[0]);
	for (u32 i = 1; i < n; i++) {
		domu_mmio_write(&u->vcpu[0], LAPIC_BASE + 0x310, &(u32){ i << 24 }, 4);
		domu_mmio_write(&u->vcpu[0], LAPIC_BASE + 0x300, &(u32){ STARTUP | HOST_CODE >> 12 }, 4);
	}
	memcpy(taken, machine_kicks, sizeof(taken));
	pthread_mutex_lock(&mutex);
	baton = 0;
	for (u32 i = 0; i < n; i++)
		ck_assert(!pthread_create(&thread[i], NULL, pcpu, &u->vcpu[i]));
	pthread_mutex_unlock(&mutex);
	for (u32 i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(u->turns.holder, 0);
	ck_assert_uint_eq(u->turns.wants, 0);
	machine_pcpu = 0;
	machine_halts = NULL;
	host_runs = NULL;
	turns_of_pcpus = false;
}

/* ---- a guest's instructions ---- */

static bool exits(struct svm_vcpu *s, const char *insn, unsigned len, u64 code, u64 info)
{
	s->vmcb.rip = s->vmcb.cs.base ? 0 : HOST_CODE;
	host_code(s, insn, len);
	return host_vmexit(s, code, info, s->vmcb.rip + len);
}

/* Of vCPU i, which is in a mode of its own after its start. */
static bool pauses(struct svm_vcpu *s)
{
	const bool on = exits(s, "\xf3\x90", 2, VMEXIT_PAUSE, 0);

	if (on)
		ck_assert_uint_eq(s->vmcb.rip, (s->vmcb.cs.base ? 0 : HOST_CODE) + 2);
	return on;
}

static void note(const struct svm_vcpu *s)
{
	ck_assert_uint_lt(logged, LOG);
	order[logged++] = s->v.id;
}

/* For so many ticks of its own: others of the machine may take some, outside of the domain. */
static bool computes(struct svm_vcpu *s, u64 ticks)
{
	static u64 rng = 1;
	bool on = true;

	for (u64 t = 0; on && t < ticks; t += US) {
		machine_tsc += US;
		if (noise) {
			rng = rng * 6364136223846793005ull + 1442695040888963407ull;
			machine_tsc += (rng >> 40) % 8 ? 0 : (rng >> 33) % noise;
		}
		others_wake(s->v.id);
		if (!is_interrupted(s->v.id))
			continue;
		take_interrupt(s->v.id);
		on = host_vmexit(s, VMEXIT_INTR, 0, 0);
	}
	return on;
}

/* ---- what they do ---- */

static void pauses_a_lot(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < 50; i++) {
		note(s);
		ck_assert(pauses(s));
	}
}

/* While all run, each of n in a row is another. */
START_TEST(pause_goes_round)
{
	const u32 nr = 2 + (u32)_i;

	begin(nr, pauses_a_lot, pauses_a_lot);
	run();
	ck_assert_uint_eq(logged, 50 * nr);
	for (u32 i = nr; i < logged; i++)
		ck_assert_msg(order[i] == (order[i - 1] + 1) % nr, "vCPU %u comes %uth, behind %u", order[i], i, order[i - 1]);
}
END_TEST

static u64 progress[MOST], share;

static void computes_long(struct svm_vcpu *s)
{
	progress[s->v.id] = 0;
	for (unsigned i = 0; i < 400; i++) {
		ck_assert(computes(s, 5 * US));
		progress[s->v.id]++;
	}
	if (s->v.id)
		return;
	for (u32 id = 1; id < n; id++)
		share = progress[id] < share ? progress[id] : share;
}

/* None of them ever waits, and each has done its share when the first is done. */
START_TEST(who_computes_starves_nobody)
{
	begin(2 + (u32)_i, computes_long, computes_long);
	share = 400;
	run();
	ck_assert_uint_ge(share, 400 - 2 * TURN / (5 * US) - 1);
}
END_TEST

static u64 waited_most;

static void waits_and_watches(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < 20; i++) {
		const u64 since = machine_tsc;

		ck_assert(pauses(s));
		waited_most = machine_tsc - since > waited_most ? machine_tsc - since : waited_most;
	}
}

START_TEST(who_waits_waits_a_turn_of_each)
{
	begin(MOST, computes_long, computes_long);
	program[2] = waits_and_watches;
	waited_most = 0;
	run();
	ck_assert_uint_ge(waited_most, TURN);
	ck_assert_uint_le(waited_most, (MOST - 1) * (TURN + 10 * US));
}
END_TEST

static void leaves(struct svm_vcpu *s)
{
	(void)s;
}

static void pauses_alone(struct svm_vcpu *s)
{
	ck_assert(pauses(s)); /* and the other one is gone */
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(pauses(s));
		ck_assert_int_eq(host_trip(s), TRIP_emulator);
		ck_assert(u->vcpu[0].turn.ends == TURN_NEVER);
	}
	ck_assert_uint_eq(logged, 0);
}

START_TEST(who_is_alone_keeps_it)
{
	begin(2, pauses_alone, leaves);
	run();
}
END_TEST

/* The other one sleeps until its own timer's interrupt, while the first computes: it has its turn soon after. */
static u64 due, came;

static void sleeps(struct svm_vcpu *s)
{
	struct domu_vcpu *c = s->v.owner;

	domu_mmio_write(c, LAPIC_BASE + 0xf0, &(u32){ 0x1ff }, 4);
	domu_mmio_write(c, LAPIC_BASE + 0x320, &(u32){ 0x41 }, 4);
	domu_mmio_write(c, LAPIC_BASE + 0x380, &(u32){ 500 * US }, 4);
	due = lapic_deadline(&c->lapic);
	s->vmcb.rflags |= RFLAGS_IF;
	ck_assert(exits(s, "\xf4", 1, VMEXIT_HLT, 0));
	came = machine_tsc;
	ck_assert_uint_eq(s->vmcb.eventinj, EVENT_VALID | 0x41);
}

START_TEST(who_sleeps_is_woken)
{
	begin(2, computes_long, sleeps);
	run();
	ck_assert_uint_ge(came, due);
	ck_assert_uint_le(came, due + TURN + 10 * US);
}
END_TEST

/* ---- regions ---- */

static u64 guest_tsc(const struct svm_vcpu *s)
{
	return machine_tsc + s->vmcb.tsc_offset;
}

static bool calls(struct svm_vcpu *s, u32 nr)
{
	s->vmcb.rax = nr;
	return exits(s, "\x0f\x01\xd9", 3, VMEXIT_VMMCALL, 0) && !s->vmcb.rax;
}

/* The region is vCPU 0's; the others pause as often, and see the same time. */
static u64 region_ticks, region_began;

static void measures(struct svm_vcpu *s)
{
	ck_assert(pauses(s)); /* all are on their way */
	ck_assert(calls(s, PN_HC_QUIET_BEGIN));
	ck_assert_int_eq(u->now.disturbed, PN_QUIET);
	region_began = guest_tsc(s);
	for (unsigned i = 0; i < 20; i++)
		ck_assert(pauses(s));
	region_ticks = guest_tsc(s) - region_began;
	ck_assert(calls(s, PN_HC_QUIET_END));
}

static void keeps_time(struct svm_vcpu *s)
{
	u64 last = 0;

	for (unsigned i = 0; i < 40; i++) {
		ck_assert(pauses(s));
		ck_assert_uint_gt(guest_tsc(s), last);
		last = guest_tsc(s);
	}
}

/* Passing the turn takes the guests' time of a region by nothing, whatever it costs. */
START_TEST(regions_do_not_count_it)
{
	u64 ticks = 0;

	for (unsigned cost = 0; cost < 3000; cost += 1000) {
		begin(3, measures, keeps_time);
		switch_cost = cost;
		run();
		ck_assert_uint_eq(u->nr_regions, 1);
		ck_assert_uint_eq(u->region[0].trip_count[TRIP_emulator], 60);
		ck_assert_uint_eq(u->region[0].trips, 0);
		if (cost)
			ck_assert_uint_eq(region_ticks, ticks);
		ck_assert_uint_le(region_ticks, 60 * EXIT);
		ticks = region_ticks;
	}
}
END_TEST

/* ---- whatever goes on outside ---- */

static void works_and_waits(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < 300; i++) {
		note(s);
		ck_assert(computes(s, 2 * US));
		ck_assert(pauses(s));
	}
}

/* What dom0 and other domains take ends nobody's turn that would have ended by itself. */
START_TEST(the_same_order_whatever_others_take)
{
	u32 quiet[LOG], nr;

	begin(3, works_and_waits, works_and_waits);
	run();
	nr = logged;
	memcpy(quiet, order, sizeof(quiet));
	begin(3, works_and_waits, works_and_waits);
	noise = 60 * US;
	run();
	ck_assert_uint_eq(logged, nr);
	ck_assert(!memcmp(order, quiet, nr * sizeof(*order)));
}
END_TEST

/* ---- ends ---- */

static void pauses_until_the_end(struct svm_vcpu *s)
{
	for (unsigned i = 0; pauses(s); i++)
		ck_assert_uint_lt(i, 1000);
}

static void ends_it(struct svm_vcpu *s)
{
	ck_assert(pauses(s));
	s->vmcb.rax = 9;
	ck_assert(!host_vmexit(s, VMEXIT_IOIO, (u64)PN_DEBUG_EXIT_PORT << 16 | BIT(6), s->vmcb.rip + 2));
}

START_TEST(the_end_waits_for_nobody)
{
	begin(MOST, ends_it, pauses_until_the_end);
	run();
	ck_assert_int_eq(u->d.state, PN_EXITED);
	ck_assert_uint_eq(u->d.exit_code, 9);
}
END_TEST

static void stands(struct svm_vcpu *s)
{
	ck_assert(pauses(s));
	u->stop_req = STOP_NOW;
	for (u32 i = 0; i < n; i++)
		machine_kicks[u->vcpu[i].pcpu]++;
	ck_assert(!pauses(s));
}

START_TEST(all_stand_and_go_on)
{
	begin(3, stands, pauses_until_the_end);
	run();
	ck_assert_int_eq(u->d.state, PN_PAUSED);
}
END_TEST

/* PAUSE is nobody's business where pCPUs run at once. */
START_TEST(none_where_pcpus_run_at_once)
{
	ck_assert(!(host_guest_smp(HOST_LONG, 0, 2)->vmcb.intercept1 & INTERCEPT_PAUSE));
	turns_of_pcpus = true;
	ck_assert(host_guest_smp(HOST_LONG, 0, 2)->vmcb.intercept1 & INTERCEPT_PAUSE);
	ck_assert(!(host_guest_smp(HOST_LONG, 0, 1)->vmcb.intercept1 & INTERCEPT_PAUSE));
	turns_of_pcpus = false;
}
END_TEST

Suite *svm_turns_suite(void)
{
	Suite *suite = suite_create("hv/svm: turns");

	svm_case(suite, "PAUSE goes round", pause_goes_round, MOST - 1);
	svm_case(suite, "who computes starves nobody", who_computes_starves_nobody, MOST - 1);
	svm_case(suite, "who waits waits a turn of each", who_waits_waits_a_turn_of_each, 1);
	svm_case(suite, "who is alone keeps it", who_is_alone_keeps_it, 1);
	svm_case(suite, "who sleeps is woken", who_sleeps_is_woken, 1);
	svm_case(suite, "regions do not count it", regions_do_not_count_it, 1);
	svm_case(suite, "the same order whatever others take", the_same_order_whatever_others_take, 1);
	svm_case(suite, "the end waits for nobody", the_end_waits_for_nobody, 1);
	svm_case(suite, "all stand and go on", all_stand_and_go_on, 1);
	svm_case(suite, "none where pCPUs run at once", none_where_pcpus_run_at_once, 1);
	return suite;
}
