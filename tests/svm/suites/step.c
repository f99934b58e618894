/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps that the guest makes by itself (hv/svm/step.h): how they begin, and every way in which they end. */
#include "tests/svm/suites.h"

#include "tests/svm/svm_host.h"

#define FNSTCW "\xd9\x3f" /* (%rdi) */
#define FILD   "\xdf\x2f"
#define PF     (VMEXIT_EXCP0 + VECTOR_PF)
#define DB     (VMEXIT_EXCP0 + VECTOR_DB)

/* Modes with paging and CPL 0. */
static const enum host_mode modes[] = { HOST_32, HOST_PAE, HOST_COMPAT, HOST_LONG };

static struct svm_vcpu *guest_at(int i, const char *insn, gva_t va)
{
	struct svm_vcpu *s = host_guest(modes[i], 0);

	host_code(s, insn, 2);
	host_set_reg(s, RDI, va);
	return s;
}

/* The instruction at RIP reaches va by a step. */
static u8 *steps_to(struct svm_vcpu *s, gva_t va, u32 access)
{
	const u64 rip = s->vmcb.rip;
	hpa_t hpa;

	if (paging_is_nested)
		ck_assert(host_vmexit(s, VMEXIT_NPF, PFEC_P | PFEC_U | access, HOST_NO_GPA));
	else
		ck_assert_int_eq(host_touch(s, va, access, &hpa), HOST_DONE);
	ck_assert_int_eq(s->step.on, STEP_INSN);
	ck_assert(s->vmcb.rflags & RFLAGS_TF && s->vmcb.rip == rip);
	return paging_is_nested ? NULL : (u8 *)hpa;
}

/* The processor's #DB behind it. */
static void step_ends(struct svm_vcpu *s, unsigned len)
{
	s->vmcb.rip += len;
	s->vmcb.dr6 |= DR6_BS;
	ck_assert(host_vmexit(s, DB, 0, 0));
	ck_assert_int_eq(s->step.on, STEP_NONE);
	ck_assert_int_eq(host_trip(s), TRIP_step);
}

static void read_only(struct svm_vcpu *s)
{
	host_set_cr(s, s->v.cr0 & ~(u64)CR0_WP, s->v.cr4, s->v.efer);
}

START_TEST(a_read_only_page_without_wp)
{
	struct svm_vcpu *s = guest_at(_i, FNSTCW, HOST_READ_ONLY);
	u8 *p;

	if (paging_is_nested)
		return;
	read_only(s);
	for (unsigned i = 0; i < 3; i++) {
		const u64 dr6 = s->vmcb.dr6, rip = s->vmcb.rip;

		p = steps_to(s, HOST_READ_ONLY, PFEC_W);
		ck_assert_ptr_eq(p, host_at(s, HOST_READ_ONLY));
		step_ends(s, 2);
		ck_assert(host_moved(s, 0) && host_others_kept(s, 0));
		ck_assert(!(s->vmcb.rflags & RFLAGS_TF) && s->vmcb.dr6 == dr6);
		s->vmcb.rip = rip;
	}
	ck_assert(*(u8 *)host_entry(s, HOST_READ_ONLY) & PTE_D);
}
END_TEST

/* Every page of tables: the root that is loaded cannot be unshadowed, the others can. What was written counts. */
START_TEST(tables)
{
	struct svm_vcpu *s = guest_at(_i, FNSTCW, 0);
	hpa_t hpa;

	if (paging_is_nested)
		return;
	for (unsigned i = 0; i < 40; i++) {
		const gva_t va = HOST_TABLES + i % 4 * PAGE_SIZE + 0xf00;

		host_set_reg(s, RDI, va);
		ck_assert_int_eq(host_touch(s, HOST_DATA, 0, &hpa), HOST_DONE);
		ck_assert_int_eq(host_touch(s, va, PFEC_W, &hpa), HOST_DONE);
		ck_assert_ptr_eq((u8 *)hpa, host_at(s, va));
		*(u16 *)hpa = 0x37e;
		if (s->step.on)
			step_ends(s, 2);
		s->vmcb.rip = HOST_CODE;
	}
}
END_TEST

START_TEST(the_loaded_root)
{
	struct svm_vcpu *s = guest_at(_i, FNSTCW, HOST_TABLES + 0xf00);

	if (paging_is_nested || modes[_i] == HOST_PAE) /* its root is four values */
		return;
	*(u16 *)steps_to(s, HOST_TABLES + 0xf00, PFEC_W) = 0x37e;
	step_ends(s, 2);
	ck_assert(host_moved(s, 0));
}
END_TEST

/* Nested paging leaves its registers to the guest: what it has loaded since its last exit is there after the next. */
static void loads_registers_itself(struct svm_vcpu *s)
{
	if (!paging_is_nested)
		return;
	s->vmcb.cr0 ^= CR0_WP;
	s->vmcb.cr4 ^= CR4_PGE;
	s->vmcb.cr3 ^= BIT(3); /* PWT */
}

/* Where no memory is: ones, and they are there again after a store. */
START_TEST(no_memory)
{
	struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);

	loads_registers_itself(s);
	const struct vmcb was = s->vmcb;

	for (unsigned i = 0; i < 3; i++) {
		u8 *p = steps_to(s, HOST_NOWHERE, i ? PFEC_W : 0);

		if (p) {
			ck_assert_uint_eq(*(u64 *)(p + 8), ~0ull);
			if (i)
				*(u64 *)(p + 8) = i;
		}
		step_ends(s, 2);
		ck_assert(host_moved(s, 0));
		ck_assert(s->vmcb.cr0 == was.cr0 && s->vmcb.cr4 == was.cr4 && s->vmcb.cr3 == was.cr3 && s->vmcb.efer == was.efer);
		s->vmcb.rip = HOST_CODE;
	}
}
END_TEST

/* The guest steps, too, or has a data breakpoint there: it sees what its own processor would tell it. */
START_TEST(the_guests_own_debug_events)
{
	struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);

	s->vmcb.rflags |= RFLAGS_TF;
	steps_to(s, HOST_NOWHERE, 0);
	step_ends(s, 2);
	ck_assert(host_injected(s, 1, ~0u));
	ck_assert(s->vmcb.rflags & RFLAGS_TF && s->vmcb.dr6 & DR6_BS);
	/* Breakpoint 1 is enabled, 2 is not, whatever DR6 says. */
	s->vmcb.rip = HOST_CODE;
	s->vmcb.rflags &= ~(u64)RFLAGS_TF;
	s->vmcb.dr6 = 0xffff0ff0;
	s->vmcb.dr7 = 0x404 | 3ull << 20;
	steps_to(s, HOST_NOWHERE, 0);
	s->vmcb.dr6 |= 2 | 4;
	step_ends(s, 2);
	ck_assert(host_injected(s, 1, ~0u));
	ck_assert_uint_eq(s->vmcb.dr6, 0xffff0ff2);
	ck_assert(!(s->vmcb.rflags & RFLAGS_TF));
}
END_TEST

/* An exception of the instruction is the guest's, whose handler must not see our TF. */
START_TEST(exceptions)
{
	static const struct {
		u8 vector;
		bool error;
	} some[] = { { 0, false }, { 6, false },  { 7, false }, { 12, true },
		     { 13, true }, { 16, false }, { 17, true }, { 19, false } };

	for (unsigned i = 0; i < ARRAY_SIZE(some); i++) {
		struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);

		steps_to(s, HOST_NOWHERE, 0);
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + some[i].vector, some[i].error ? 0x18 : 0, 0));
		ck_assert(host_injected(s, some[i].vector, some[i].error ? 0x18 : ~0u));
		ck_assert_int_eq(s->step.on, STEP_NONE);
		ck_assert(!(s->vmcb.rflags & RFLAGS_TF));
	}
}
END_TEST

/* Whatever else comes ends it, and the guest makes it again. */
START_TEST(interrupted)
{
	struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);

	for (unsigned i = 0; i < 200; i++) { /* more often than it may get nowhere */
		steps_to(s, HOST_NOWHERE, 0);
		ck_assert(host_vmexit(s, VMEXIT_INTR, 0, 0));
		ck_assert_int_eq(s->step.on, STEP_NONE);
		ck_assert(!(s->vmcb.rflags & RFLAGS_TF) && !(s->vmcb.eventinj & EVENT_VALID) && s->vmcb.rip == HOST_CODE);
	}
	steps_to(s, HOST_NOWHERE, 0);
	step_ends(s, 2);
}
END_TEST

/* POPF brings a TF of its own, if it came so far. */
START_TEST(popf)
{
	struct svm_vcpu *s = guest_at(_i, "\x9d\x90", HOST_NOWHERE);

	steps_to(s, HOST_NOWHERE, 0);
	step_ends(s, 1);
	ck_assert(s->vmcb.rflags & RFLAGS_TF);
	s = guest_at(_i, "\x9d\x90", HOST_NOWHERE);
	steps_to(s, HOST_NOWHERE, 0);
	ck_assert(host_vmexit(s, VMEXIT_INTR, 0, 0));
	ck_assert(!(s->vmcb.rflags & RFLAGS_TF));
}
END_TEST

/* ---- events ---- */

static void cut(struct svm_vcpu *s, u64 event)
{
	s->vmcb.exitintinfo = event;
	if (paging_is_nested)
		ck_assert(host_vmexit(s, VMEXIT_NPF, PFEC_P | PFEC_U | PFEC_W, HOST_NO_GPA));
	else
		ck_assert(host_vmexit(s, PF, PFEC_P | PFEC_W, HOST_NOWHERE));
}

START_TEST(an_events_frame)
{
	const u64 event = EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_GP | 0x50ull << 32;
	struct svm_vcpu *s = guest_at(_i, "\x90\x90", 0);
	const u32 kicks = machine_kicks[s->v.pcpu];

	cut(s, event);
	ck_assert_int_eq(s->step.on, STEP_EVENT);
	ck_assert_uint_eq(s->vmcb.eventinj, event);
	ck_assert_uint_eq(machine_kicks[s->v.pcpu], kicks + 1);
	ck_assert(!(s->vmcb.rflags & RFLAGS_TF));
	s->vmcb.rip = HOST_CODE + 0x100; /* its handler */
	ck_assert(host_vmexit(s, VMEXIT_INTR, 0, 0));
	ck_assert_int_eq(s->step.on, STEP_NONE);
	ck_assert(host_moved(s, 0));
}
END_TEST

/* INT n pushes the address behind it, and is made again if its frame cannot be pushed. */
START_TEST(a_soft_interrupt)
{
	const u64 event = EVENT_VALID | EVENT_SOFT | 0x20;
	struct svm_vcpu *s = guest_at(_i, "\xcd\x20", 0);

	cut(s, event);
	ck_assert_int_eq(s->step.on, STEP_EVENT);
	ck_assert_uint_eq(s->vmcb.eventinj, event);
	ck_assert_uint_eq(s->vmcb.rip, HOST_CODE + 2);
	cut(s, event);
	ck_assert_int_eq(s->step.on, STEP_EVENT);
	ck_assert_uint_eq(s->vmcb.rip, HOST_CODE + 2);
	if (!paging_is_nested) {
		s->vmcb.exitintinfo = event;
		ck_assert(host_vmexit(s, PF, PFEC_W, HOST_ABSENT));
		ck_assert_uint_eq((u32)s->vmcb.eventinj, (u32)(EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_PF));
		ck_assert_uint_eq(s->vmcb.rip, HOST_CODE);
	}
	ck_assert_int_eq(s->v.domain->state, PN_RUNNING);
}
END_TEST

/* A processor that faults at a page that is lent to it: the domain ends, and nothing else. */
START_TEST(getting_nowhere)
{
	struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);
	unsigned n = 0;

	if (paging_is_nested)
		return;
	while (host_vmexit(s, PF, 0, HOST_NOWHERE))
		ck_assert_uint_lt(++n, 100);
	ck_assert(host_crashed(s, "gets nowhere"));
}
END_TEST

/*
 * An instruction that needs two pages, of which the first is mapped no more when the second is to be lent: there is no step, and what
 * was lent in vain is taken back before the guest goes on, which will see the fault (host_check() looks at it).
 */
START_TEST(a_page_that_goes_meanwhile)
{
	struct svm_vcpu *s = guest_at(_i, FILD, HOST_NOWHERE);

	if (paging_is_nested)
		return;
	steps_to(s, HOST_NOWHERE, 0);
	*(u32 *)host_entry(s, HOST_NOWHERE) &= ~(u32)PTE_P;
	ck_assert(host_vmexit(s, PF, 0, HOST_NOWHERE + HOST_USER));
	ck_assert_int_eq(s->step.on, STEP_NONE);
	ck_assert(host_moved(s, 0) && !(s->vmcb.rflags & RFLAGS_TF));
}
END_TEST

/* Of several vCPUs: the lock is kept, and given back. */
START_TEST(alone)
{
	struct svm_vcpu *s = host_guest_smp(modes[_i], 0, 2);
	const struct domain *d = s->v.domain;

	host_code(s, FILD, 2);
	host_set_reg(s, RDI, HOST_NOWHERE);
	for (unsigned i = 0; i < 3; i++) {
		steps_to(s, HOST_NOWHERE, 0);
		ck_assert(d->alone && d->lock.next == d->lock.serving + 1);
		step_ends(s, 2);
		ck_assert(!d->alone && d->lock.next == d->lock.serving);
		s->vmcb.rip = HOST_CODE;
	}
}
END_TEST

Suite *svm_step_suite(void)
{
	Suite *suite = suite_create("hv/svm: steps");
	const int n = ARRAY_SIZE(modes);

	svm_case(suite, "read-only pages", a_read_only_page_without_wp, n);
	svm_case(suite, "tables", tables, n);
	svm_case(suite, "the loaded root", the_loaded_root, n);
	svm_case(suite, "no memory", no_memory, n);
	svm_case(suite, "debug events", the_guests_own_debug_events, n);
	svm_case(suite, "exceptions", exceptions, n);
	svm_case(suite, "interrupted", interrupted, n);
	svm_case(suite, "POPF", popf, n);
	svm_case(suite, "an event's frame", an_events_frame, n);
	svm_case(suite, "a soft interrupt", a_soft_interrupt, n);
	svm_case(suite, "getting nowhere", getting_nowhere, n);
	svm_case(suite, "a page that goes meanwhile", a_page_that_goes_meanwhile, n);
	svm_case(suite, "alone", alone, n);
	return suite;
}
