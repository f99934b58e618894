/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's life as its own pCPU leads it: turns, HLT, the console's line, measured regions, and each way in which it ends. */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"

enum { COM1 = 0x3f8, KBD_PULSE = 0xfe };

#define MS            1000000ull       /* of the machine's TSC */
#define CONSOLE_BURST 32768u           /* bytes that come at any speed, */
#define CONSOLE_BYTE  (16 * MS / 1000) /* and the others' time */

static struct svm_vcpu *s;
static struct domu *u;

static void begin(enum host_mode mode)
{
	struct domu_vcpu *c;

	s = host_guest(mode, 0);
	c = s->v.owner;
	u = c->u;
	machine_stuck = NULL;
	host_runs = NULL;
}

static u32 hypercall(u32 nr, u32 ebx, u32 ecx, u32 edx, u32 esi)
{
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x0f\x01\xd9", 3);
	s->vmcb.rax = nr;
	s->v.gpr[RBX] = ebx;
	s->v.gpr[RCX] = ecx;
	s->v.gpr[RDX] = edx;
	s->v.gpr[RSI] = esi;
	ck_assert(host_vmexit(s, VMEXIT_VMMCALL, 0, 0));
	ck_assert(host_moved(s, 3) && host_others_kept(s, BIT(RAX)));
	return (u32)s->vmcb.rax;
}

static bool interrupted(void)
{
	return host_vmexit(s, VMEXIT_INTR, 0, 0);
}

static u64 timer(void)
{
	return machine_timer[s->v.pcpu];
}

/* ---- HLT ---- */

static bool halt(bool interrupts)
{
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\xf4", 1);
	s->vmcb.rflags = 2 | (interrupts ? RFLAGS_IF : 0);
	return host_vmexit(s, VMEXIT_HLT, 0, 0);
}

START_TEST(halts_until_an_interrupt)
{
	u64 armed;

	begin((enum host_mode)_i);
	host_arm_pit(s, 30000);
	armed = machine_tsc;
	if (s->vmcb.cpl) /* only a kernel halts */
		return;
	ck_assert(halt(true));
	ck_assert_uint_eq(s->vmcb.eventinj, EVENT_VALID | HOST_PIC_VECTOR);
	ck_assert_uint_eq(s->vmcb.rip, HOST_CODE + 1);
	ck_assert(machine_tsc > armed + 29 * MS && machine_tsc < armed + 31 * MS);
	ck_assert_int_eq(host_trip(s), TRIP_hlt);
	ck_assert_uint_ge(s->v.trip[TRIP_hlt].ticks, 29 * MS);
}
END_TEST

/* Its time is booked to the last tick, also where it is longer than what a trip may take. */
static void long_after(void)
{
	machine_tsc += 5ull << 32;
	u->stop_req = STOP_NOW;
}

START_TEST(halts_until_it_is_to_stand)
{
	begin(HOST_LONG);
	machine_stuck = long_after;
	ck_assert(!halt(true));
	ck_assert_uint_ge(s->v.trip[TRIP_hlt].ticks, 5ull << 32);
	ck_assert_int_eq(u->d.state, PN_RUNNING); /* until its pCPU has left it */
	domu_stopped(s->v.owner);
	ck_assert_int_eq(u->d.state, PN_PAUSED);
	ck_assert_uint_eq(timer(), ~0ull);
}
END_TEST

START_TEST(halts_for_ever)
{
	begin(HOST_LONG);
	ck_assert(!halt(false));
	ck_assert(host_crashed(s, "halted for ever: HLT with interrupts off"));
}
END_TEST

/* ---- the console's line ---- */

static unsigned waits_of_console(unsigned bytes)
{
	unsigned waits = 0;

	for (unsigned i = 0; i < bytes; i++) {
		ck_assert(host_out(s, COM1, 'x'));
		waits += machine_waits;
		s->vmcb.rip = HOST_CODE;
	}
	return waits;
}

START_TEST(a_guest_that_prints_for_ever)
{
	u64 begun;

	begin(HOST_LONG);
	begun = machine_tsc;
	ck_assert_uint_eq(waits_of_console(CONSOLE_BURST), 0);
	ck_assert_uint_gt(waits_of_console(5000), 0);
	ck_assert_uint_ge(machine_tsc - begun, 5000 * CONSOLE_BYTE - 2 * MS);
	ck_assert_uint_le(machine_tsc - begun, (CONSOLE_BURST + 5000) * CONSOLE_BYTE);
	machine_tsc += CONSOLE_BURST * CONSOLE_BYTE; /* it is silent for a while */
	ck_assert_uint_eq(waits_of_console(CONSOLE_BURST - 100), 0);
}
END_TEST

/* What is measured is not paced. */
START_TEST(a_region_that_prints)
{
	begin(HOST_LONG);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'r', 0, 0, 0), 0);
	ck_assert_uint_eq(waits_of_console(CONSOLE_BURST + 2000), 0);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 0, 0, 0, 0), 0);
	ck_assert_uint_gt(waits_of_console(1), 0);
}
END_TEST

/* ---- measured regions, and turns ---- */

START_TEST(a_region)
{
	begin(HOST_LONG);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 0, 0, 0, 0), PN_HC_EINVAL);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'a' | 'b' << 8, 0, 0, 0), 0);
	ck_assert(pcpus[0]->hold && pcpus[0]->held); /* dom0's stands; its own does not, nor one that has nothing to run */
	ck_assert(!pcpus[s->v.pcpu]->hold && !pcpus[MACHINE_PCPUS - 1]->hold);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'c', 0, 0, 0), PN_HC_EBUSY);
	ck_assert_uint_eq(hypercall(PN_HC_NOP, 0, 0, 0, 0), 0);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 7, 0x89abcdef, 0x1234567, 0), 0);
	ck_assert(!pcpus[0]->hold);
	ck_assert_uint_eq(u->nr_regions, 1);
	ck_assert_str_eq(u->region[0].phase, "ab");
	ck_assert_uint_eq(u->region[0].ops, 7);
	ck_assert_uint_eq(u->region[0].instructions, 0x123456789abcdef);
	ck_assert_uint_eq(u->region[0].trips, 2); /* the second begin and the NOP */
	ck_assert_int_eq(u->region[0].disturbed, PN_QUIET);
	ck_assert_uint_eq(u->region[0].guest_levels, 4);
}
END_TEST

/* A guest that is not granted others' time measures all the same, and the region says so. */
START_TEST(a_region_that_holds_nobody)
{
	begin(HOST_LONG);
	u->regions = PN_REGIONS_NONE;
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'r', 0, 0, 0), 0);
	ck_assert(!pcpus[0]->hold);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 1, 0, 0, 0), 0);
	ck_assert_int_eq(u->region[0].disturbed, PN_DISTURBED_NOT_GRANTED);
}
END_TEST

/* Others stand for two seconds at most, however the guest spends them; then there is no region. */
START_TEST(a_region_that_never_ends)
{
	begin(HOST_LONG);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'r', 0, 0, 0), 0);
	ck_assert(timer() > machine_tsc + 1900 * MS && timer() <= machine_tsc + 2000 * MS);
	machine_tsc = timer();
	ck_assert(interrupted());
	ck_assert(!pcpus[0]->hold);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 1, 0, 0, 0), PN_HC_EINVAL);
	ck_assert_uint_eq(u->nr_regions, 0);
}
END_TEST

/* What is about to stand ends its region; what is to stand after a region is let finish it. */
START_TEST(a_region_and_a_pause)
{
	begin(HOST_LONG);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'r', 0, 0, 0), 0);
	u->stop_req = STOP_AFTER_REGION;
	ck_assert(interrupted());
	u->stop_req = STOP_NOW;
	ck_assert(!interrupted());
	domu_stopped(s->v.owner);
	ck_assert(!pcpus[0]->hold && !u->in_region);
	ck_assert_uint_eq(u->nr_regions, 0);
}
END_TEST

/* A busy guest comes out for others every 10 ms, and is not made to where it measures. */
START_TEST(turns)
{
	begin(HOST_LONG);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(interrupted());
		ck_assert(timer() > machine_tsc && timer() <= machine_tsc + 10 * MS);
		machine_tsc = timer();
	}
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 'r', 0, 0, 0), 0);
	ck_assert_uint_gt(timer(), machine_tsc + 1000 * MS);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 0, 0, 0, 0), 0);
	ck_assert_uint_le(timer(), machine_tsc + 10 * MS);
}
END_TEST

/* ---- ends ---- */

START_TEST(exits)
{
	begin((enum host_mode)_i);
	ck_assert(!host_out(s, PN_DEBUG_EXIT_PORT, 3));
	ck_assert_int_eq(u->d.state, PN_EXITED);
	ck_assert_uint_eq(u->d.exit_code, 3);
	domu_stopped(s->v.owner);
	ck_assert_int_eq(u->d.state, PN_EXITED);
}
END_TEST

START_TEST(asks_for_a_reset)
{
	begin(HOST_LONG);
	ck_assert(!host_out(s, 0x64, KBD_PULSE)); /* the keyboard controller's pulse */
	ck_assert(host_crashed(s, "the guest asked for a reset"));
	domu_stopped(s->v.owner);
	ck_assert_int_eq(u->d.state, PN_CRASHED);
}
END_TEST

/* Who found it at fault first is right: no later end takes its place. */
START_TEST(exits_when_it_has_crashed)
{
	begin(HOST_LONG);
	plat_domain_crash(&u->d, "first");
	host_out(s, PN_DEBUG_EXIT_PORT, 3);
	plat_domain_crash(&u->d, "second");
	ck_assert_int_eq(u->d.state, PN_CRASHED);
	ck_assert_str_eq(u->d.reason, "first");
}
END_TEST

START_TEST(has_flags_that_no_cpu_has)
{
	const u64 flag = 1ull << _i;
	const bool there_is = flag & 0x3f7fd7;

	begin(HOST_LONG);
	s->vmcb.rflags = 2 | flag;
	ck_assert_int_eq(interrupted(), there_is);
	ck_assert_int_eq(host_crashed(s, "QEMU before 8.0"), !there_is);
	ck_assert_uint_lt(strlen(u->d.reason), PN_REASON - 1); /* and is whole */
}
END_TEST

/* ---- its pCPU between two guests ---- */

static unsigned times_run;

static void stops(struct svm_vcpu *v)
{
	times_run++;
	ck_assert_ptr_eq(pcpus[machine_pcpu]->current, &v->v);
	u->stop_req = STOP_NOW;
	ck_assert(!host_vmexit(v, VMEXIT_INTR, 0, 0));
}

/* Takes what it is given, lets it go, and waits for the next: which in this machine ends it. */
static void idle(void)
{
	jmp_buf panic;

	host_panic = &panic;
	if (!setjmp(panic))
		pcpu_idle();
	host_panic = NULL;
	ck_assert_ptr_nonnull(strstr(host_panic_text, "waits for an interrupt that nothing will send"));
}

START_TEST(a_pcpu_with_nothing_to_do)
{
	struct pcpu *p;

	s = host_guest_smp(HOST_LONG, 0, _i ? 2 : 1);
	u = domu_by_id(s->v.domain->id);
	machine_stuck = NULL;
	host_runs = stops;
	times_run = 0;
	p = pcpus[s->v.pcpu];
	p->lost = 1; /* it was waited for in vain; when it comes back it is one like the others */
	p->current = NULL;
	p->next = &s->v;
	idle();
	ck_assert_uint_eq(times_run, 1);
	ck_assert(!p->next && !p->current && !p->lost);
	ck_assert_uint_eq(u->running, _i ? 1 : 0);
	ck_assert_int_eq(u->d.state, _i ? PN_RUNNING : PN_PAUSED); /* the other one runs on */
}
END_TEST

/* It was asked to stand before it entered. */
START_TEST(a_domain_that_is_over_when_it_begins)
{
	begin(HOST_LONG);
	host_runs = stops;
	times_run = 0;
	u->stop_req = STOP_NOW;
	pcpus[s->v.pcpu]->next = &s->v;
	idle();
	ck_assert_uint_eq(times_run, 0);
	ck_assert_int_eq(u->d.state, PN_PAUSED);
}
END_TEST

/* ---- guests that mark no regions ---- */

static enum pn_error watch(const char *from, const char *to)
{
	u8 texts[2 * PN_LIFE_TEXT] = { 0 };
	enum pn_error e;

	memcpy(texts, from, strlen(from));
	memcpy(texts + strlen(from), to, strlen(to));
	u->d.state = PN_LOADED;
	e = life_watch(u, texts, strlen(from), strlen(to), 0);
	u->d.state = PN_RUNNING;
	return e;
}

/* Does the guest go on? */
static bool print(const char *text)
{
	bool on = true;

	for (; *text && on; text++) {
		s->vmcb.rip = HOST_CODE;
		on = host_out(s, COM1, (u8)*text);
	}
	return on;
}

static void life_is_region(u64 nr)
{
	domu_stopped(s->v.owner);
	ck_assert_uint_eq(u->nr_regions, nr);
	ck_assert_str_eq(u->region[nr - 1].phase, "life");
	ck_assert_uint_eq(u->region[nr - 1].ops, 1);
	ck_assert_uint_gt(u->region[nr - 1].instructions, 0);
	ck_assert(!u->in_region && !u->holding);
}

START_TEST(a_life_from_start_to_end)
{
	begin(HOST_LONG);
	ck_assert_int_eq(life_watch(u, (const u8 *)"", 0, 0, 0), PN_ERR_state); /* it runs already */
	u->d.state = PN_LOADED;
	ck_assert_int_eq(life_watch(u, (const u8 *)"", PN_LIFE_TEXT + 1, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(life_watch(u, (const u8 *)"", 0, ~0ull, 0), PN_ERR_inval);
	ck_assert_int_eq(watch("", ""), PN_ERR_ok);
	life_starts(s->v.owner);
	ck_assert(u->in_region);
	ck_assert(interrupted() && print("hello"));
	ck_assert(!halt(false)); /* which is an end */
	ck_assert_int_eq(u->d.state, PN_EXITED);
	life_is_region(1);
	ck_assert_uint_eq(u->region[0].trip_count[TRIP_io], 5);
}
END_TEST

START_TEST(a_life_between_two_texts)
{
	begin(HOST_LONG);
	ck_assert_int_eq(watch("login: ", "bye"), PN_ERR_ok);
	life_starts(s->v.owner);
	ck_assert(!u->in_region && print("bye login:") && !u->in_region);
	ck_assert(print(" ") && u->in_region && print("by") && print("bby") && u->life.state == PN_LIFE_RUNS);
	ck_assert(!print("e"));
	ck_assert(u->d.state == PN_EXITED && u->d.exit_code == 0 && u->life.state == PN_LIFE_ENDS);
	life_is_region(1);
}
END_TEST

START_TEST(a_life_gives_way)
{
	begin(HOST_LONG);
	ck_assert_int_eq(watch("", ""), PN_ERR_ok);
	life_starts(s->v.owner);
	ck_assert(interrupted());
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 0x6e776f, 0, 0, 0), 0);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 0x6e776f, 0, 0, 0), PN_HC_EBUSY);
	ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 7, 100, 0, 0), 0);
	ck_assert(u->nr_regions == 1 && u->region[0].ops == 7);
	ck_assert_str_eq(u->region[0].phase, "own");
	ck_assert_int_eq(u->life.state, PN_LIFE_NONE);
	domu_stopped(s->v.owner);
	ck_assert_uint_eq(u->nr_regions, 1);
}
END_TEST

/* It has regions of its own; all else stands from its start to its end, and its time begins with it, on its TSC and its devices. */
START_TEST(a_life_alone)
{
	begin(HOST_LONG);
	u->d.state = PN_LOADED;
	ck_assert_int_eq(life_watch(u, (const u8 *)"", 0, 0, 2), PN_ERR_inval);
	ck_assert_int_eq(life_watch(u, (const u8 *)"a", 1, 0, 1), PN_ERR_inval);
	ck_assert_int_eq(life_watch(u, (const u8 *)"", 0, 0, 1), PN_ERR_ok);
	u->d.state = PN_RUNNING;
	domu_starts(s->v.owner);
	ck_assert(u->holding && !u->in_region);
	ck_assert_uint_eq(s->vmcb.tsc_offset, -u->born);
	ck_assert_uint_eq(u->vdev.start, u->born);
	u64 limit = u->region_limit, offset = s->vmcb.tsc_offset;
	for (unsigned i = 1; i <= 2; i++) {
		ck_assert_uint_eq(hypercall(PN_HC_QUIET_BEGIN, 0x6e776f, 0, 0, 0), 0);
		ck_assert(u->in_region && u->holding);
		ck_assert_uint_eq(hypercall(PN_HC_QUIET_END, 7, 100, 0, 0), 0);
		ck_assert(u->holding && !u->in_region && u->nr_regions == i && u->region[i - 1].disturbed == PN_QUIET);
	}
	ck_assert_uint_eq(u->region_limit, limit);
	domu_stopped(s->v.owner);
	ck_assert(!u->holding && u->nr_regions == 2);
	/* It goes on, and its time does as well. */
	u->d.state = PN_RUNNING;
	domu_starts(s->v.owner);
	ck_assert(u->holding && s->vmcb.tsc_offset == offset);
	domu_stopped(s->v.owner);
}
END_TEST

/* As long as one region may hold the others, and no longer. */
START_TEST(a_life_alone_has_a_limit)
{
	begin(HOST_LONG);
	u->d.state = PN_LOADED;
	ck_assert_int_eq(life_watch(u, (const u8 *)"", 0, 0, 1), PN_ERR_ok);
	u->d.state = PN_RUNNING;
	domu_starts(s->v.owner);
	ck_assert(u->holding);
	machine_tsc = u->region_limit;
	ck_assert(interrupted());
	ck_assert(!u->holding);
	domu_stopped(s->v.owner);
}
END_TEST

/* It is made to stand in the middle of it: there is no such region. */
START_TEST(a_life_cut_short)
{
	begin(HOST_LONG);
	ck_assert_int_eq(watch("", "never"), PN_ERR_ok);
	life_starts(s->v.owner);
	ck_assert(interrupted());
	u->stop_req = STOP_NOW;
	ck_assert(!interrupted());
	domu_stopped(s->v.owner);
	ck_assert(u->nr_regions == 0 && u->d.state == PN_PAUSED && !u->in_region);
}
END_TEST

Suite *svm_life_suite(void)
{
	Suite *suite = suite_create("hv/svm: a domain's life");

	svm_case(suite, "halts until an interrupt", halts_until_an_interrupt, HOST_MODES);
	svm_case(suite, "halts until it is to stand", halts_until_it_is_to_stand, 1);
	svm_case(suite, "halts for ever", halts_for_ever, 1);
	svm_case(suite, "a guest that prints for ever", a_guest_that_prints_for_ever, 1);
	svm_case(suite, "a region that prints", a_region_that_prints, 1);
	svm_case(suite, "a region", a_region, 1);
	svm_case(suite, "a region that holds nobody", a_region_that_holds_nobody, 1);
	svm_case(suite, "a region that never ends", a_region_that_never_ends, 1);
	svm_case(suite, "a region and a pause", a_region_and_a_pause, 1);
	svm_case(suite, "turns", turns, 1);
	svm_case(suite, "exits", exits, HOST_MODES);
	svm_case(suite, "asks for a reset", asks_for_a_reset, 1);
	svm_case(suite, "exits when it has crashed", exits_when_it_has_crashed, 1);
	svm_case(suite, "has flags that no CPU has", has_flags_that_no_cpu_has, 64);
	svm_case(suite, "a pCPU with nothing to do", a_pcpu_with_nothing_to_do, 2);
	svm_case(suite, "a domain that is over when it begins", a_domain_that_is_over_when_it_begins, 1);
	svm_case(suite, "a life from start to end", a_life_from_start_to_end, 1);
	svm_case(suite, "a life between two texts", a_life_between_two_texts, 1);
	svm_case(suite, "a life gives way", a_life_gives_way, 1);
	svm_case(suite, "a life cut short", a_life_cut_short, 1);
	svm_case(suite, "a life alone", a_life_alone, 1);
	svm_case(suite, "a life alone has a limit", a_life_alone_has_a_limit, 1);
	return suite;
}
