/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several vCPUs: the local APIC that each of them reaches by instructions, what they send each other (APM volume 2,
 * chapter 16), and each one's turn on its pCPU. All exits are made by one thread, so that which vCPU comes next is the test's to say.
 */
#include "tests/svm/suites.h"

#include <string.h>

#include "lock.h"
#include "tests/svm/svm_host.h"

enum {
	APIC = HOST_NOWHERE, /* the guest maps its local APIC there */
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	EOI = 0xb0,
	LDR = 0xd0,
	SVR = 0xf0,
	ESR = 0x280,
	ICR_LOW = 0x300,
	ICR_HIGH = 0x310,
	LVT_TIMER = 0x320,
	LVT_LINT0 = 0x350,
	INITIAL = 0x380,

	FIXED = 0,
	LOWEST = 1 << 8,
	SEND_NMI = 4 << 8,
	INIT = 5 << 8,
	STARTUP = 6 << 8, /* of the ICR */
	LOGICAL = 1 << 11,
	ASSERT = 1 << 14,
	LEVEL = 1 << 15,
	SELF = 1 << 18,
	ALL = 2 << 18,
	OTHERS = 3 << 18,
	SVR_ENABLED = 0x1ff,
	MASKED = 1 << 16,

	VECTOR = 0x41,
};

#define MS 1000000ull /* of the machine's TSC */

static const enum host_mode modes[] = { HOST_32, HOST_PAE, HOST_LONG };
#define NR_MODES ((int)ARRAY_SIZE(modes))

static enum host_mode mode;
static struct svm_vcpu *s; /* the first vCPU */
static struct domu *u;

static struct svm_vcpu *vcpu(u32 id)
{
	return to_svm(u->vcpu[id].v);
}

static void map_apic(void)
{
	const u64 e = LAPIC_BASE | PTE_P | PTE_RW | PTE_A | PTE_D;

	memcpy(host_entry(s, APIC), &e, s->v.cr4 & CR4_PAE ? 8 : 4);
}

static void begin_in(enum host_mode m, u32 nr_vcpus)
{
	struct domu_vcpu *c;

	mode = m;
	s = host_guest_smp(m, 0, nr_vcpus);
	c = s->v.owner;
	u = c->u;
	map_apic();
	machine_stuck = NULL;
	host_runs = NULL;
}

/* ---- a vCPU's instructions ---- */

/* That instruction reaches for the local APIC by (%rdi). Whether the vCPU goes on, which one that ends its domain does not. */
static bool reaches(struct svm_vcpu *v, const char *insn, unsigned len, u32 at, u32 access)
{
	v->vmcb.rip = HOST_CODE;
	host_code(v, insn, len);
	host_set_reg(v, RDI, APIC + at);
	return paging_is_nested ? host_vmexit(v, VMEXIT_NPF, PFEC_P | PFEC_U | access, LAPIC_BASE + at) :
				  host_vmexit(v, VMEXIT_EXCP0 + VECTOR_PF, access, APIC + at);
}

/* And is done. */
static void reach(struct svm_vcpu *v, const char *insn, unsigned len, u32 at, u32 access)
{
	ck_assert(reaches(v, insn, len, at, access));
	ck_assert_uint_eq(v->vmcb.rip, HOST_CODE + len);
}

static u32 apic(struct svm_vcpu *v, u32 at)
{
	reach(v, "\x8b\x07", 2, at, 0); /* mov (%rdi),%eax */
	return (u32)v->vmcb.rax;
}

static bool sets(struct svm_vcpu *v, u32 at, u32 val)
{
	v->vmcb.rax = val;
	return reaches(v, "\x89\x07", 2, at, PFEC_W); /* mov %eax,(%rdi) */
}

static void set_apic(struct svm_vcpu *v, u32 at, u32 val)
{
	ck_assert(sets(v, at, val));
	ck_assert_uint_eq(v->vmcb.rip, HOST_CODE + 2);
}

static void send_to(struct svm_vcpu *from, u32 destination, u32 message)
{
	set_apic(from, ICR_HIGH, destination << 24);
	set_apic(from, ICR_LOW, message);
}

/* An interrupt of the host's, as a kick is. */
static bool interrupted(struct svm_vcpu *v)
{
	return host_vmexit(v, VMEXIT_INTR, 0, 0);
}

/* The interrupt that it enters the guest with; -1: none. */
static int delivered(const struct svm_vcpu *v)
{
	return (v->vmcb.eventinj & ~0xffull) == EVENT_VALID ? (int)(v->vmcb.eventinj & 0xff) : -1;
}

static u32 kicks(u32 id)
{
	return machine_kicks[u->vcpu[id].pcpu];
}

static bool is_kicked(u32 id, u32 before)
{
	return kicks(id) != before;
}

/* Its pCPU's turn: until it must stop. */
static void run(u32 id)
{
	const u32 was = machine_pcpu;

	machine_pcpu = u->vcpu[id].pcpu;
	vcpus_run(&u->vcpu[id]);
	machine_pcpu = was;
}

/* Another one, started by the first; it has come out of svm_run(), and makes its exits at the test's word, in that one's mode. */
static struct svm_vcpu *start(u32 id)
{
	send_to(s, id, STARTUP | HOST_CODE >> 12);
	run(id);
	u->stopped = 0;
	host_set_mode(vcpu(id), mode, 0);
	map_apic();
	set_apic(vcpu(id), SVR, SVR_ENABLED);
	return vcpu(id);
}

/* ---- the local APIC's registers ---- */

START_TEST(each_has_its_own)
{
	begin_in(modes[_i], 3);
	start(1);
	start(2);
	for (u32 id = 0; id < 3; id++) {
		ck_assert_uint_eq(apic(vcpu(id), ID), id << 24);
		set_apic(vcpu(id), LDR, BIT(id) << 24);
	}
	for (u32 id = 0; id < 3; id++)
		ck_assert_uint_eq(apic(vcpu(id), LDR), BIT(id) << 24);
}
END_TEST

/* Parts of a register can be read and not be written; nothing is there between two registers. */
START_TEST(parts_of_registers)
{
	begin_in(modes[_i], 2);
	set_apic(s, LDR, 0x5a000000);
	reach(s, "\x8a\x07", 2, LDR + 3, 0); /* mov (%rdi),%al */
	ck_assert_uint_eq(s->vmcb.rax & 0xff, 0x5a);
	reach(s, "\x66\x8b\x07", 3, LDR + 2, 0); /* mov (%rdi),%ax */
	ck_assert_uint_eq(s->vmcb.rax & 0xffff, 0x5a00);
	ck_assert_uint_eq(apic(s, LDR + 2), ~0u);
	ck_assert_uint_eq(apic(s, LDR + 8), ~0u);
	s->vmcb.rax = 0;
	reach(s, "\x88\x07", 2, LDR + 3, PFEC_W);     /* mov %al,(%rdi) */
	reach(s, "\x66\x89\x07", 3, LDR + 2, PFEC_W); /* mov %ax,(%rdi) */
	reach(s, "\x89\x07", 2, LDR + 4, PFEC_W);
	ck_assert_uint_eq(apic(s, LDR), 0x5a000000);
}
END_TEST

START_TEST(wide_and_atomic_accesses)
{
	begin_in(HOST_LONG, 2);
	reach(s, "\x48\x8b\x07", 3, ID, 0); /* mov (%rdi),%rax */
	ck_assert_uint_eq(s->vmcb.rax, ~0ull);
	set_apic(s, TPR, 0x30);
	s->vmcb.rax = 0x20;
	s->v.gpr[RCX] = 0x50;
	reach(s, "\xf0\x0f\xb1\x0f", 4, TPR, PFEC_W); /* lock cmpxchg %ecx,(%rdi): something else is there */
	ck_assert_uint_eq(s->vmcb.rax, 0x30);
	ck_assert(!(s->vmcb.rflags & BIT(6)));
	ck_assert_uint_eq(apic(s, TPR), 0x30);
	s->vmcb.rax = 0x30;
	reach(s, "\xf0\x0f\xb1\x0f", 4, TPR, PFEC_W);
	ck_assert(s->vmcb.rflags & BIT(6));
	ck_assert_uint_eq(apic(s, TPR), 0x50);
	ck_assert_uint_eq(s->vmcb.v_tpr & 15, 5); /* and CR8 says so */
}
END_TEST

/* Where a vCPU is alone there is no local APIC, nor anything else. */
START_TEST(none_where_one_is_alone)
{
	begin_in(modes[_i], 1);
	ck_assert_uint_eq(apic(s, ID), ~0u);
	ck_assert_uint_eq(apic(s, VERSION), ~0u);
	set_apic(s, TPR, 0);
	ck_assert_uint_eq(apic(s, TPR), ~0u);
}
END_TEST

/* ---- from one to another ---- */

START_TEST(an_interrupt_for_another)
{
	struct svm_vcpu *other;
	u32 before;

	begin_in(modes[_i], 2);
	other = start(1);
	before = kicks(1);
	send_to(s, 1, FIXED | VECTOR);
	ck_assert(is_kicked(1, before)); /* it may be in the guest */
	ck_assert_int_eq(delivered(s), -1);
	ck_assert(interrupted(other));
	ck_assert_int_eq(delivered(other), -1); /* RFLAGS.IF is clear: when that changes, there is an exit */
	ck_assert(other->vmcb.v_irq & 1);
	other->vmcb.rflags |= RFLAGS_IF;
	ck_assert(host_vmexit(other, VMEXIT_VINTR, 0, 0));
	ck_assert_int_eq(delivered(other), VECTOR);
	ck_assert(!(other->vmcb.v_irq & 1));
}
END_TEST

START_TEST(destinations)
{
	static const struct {
		u32 destination, message;
		u32 comes; /* to these, a bit each */
	} sent[] = {
		{ 0, FIXED, 1 },
		{ 2, FIXED, 4 },
		{ 7, FIXED, 0 },
		{ 0xff, FIXED, 7 },
		{ 0, FIXED | SELF, 1 },
		{ 0, FIXED | ALL, 7 },
		{ 0, FIXED | OTHERS, 6 },
		{ 6, FIXED | LOGICAL, 6 },
		{ 6, LOWEST | LOGICAL, 2 },  /* one of them: there is no arbitration */
		{ 0, SEND_NMI | OTHERS, 0 }, /* not offered */
	};

	begin_in(HOST_LONG, 3);
	for (u32 id = 0; id < 3; id++) {
		if (id)
			start(id);
		set_apic(vcpu(id), LDR, BIT(id) << 24);
		vcpu(id)->vmcb.rflags |= RFLAGS_IF;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sent); i++) {
		u32 came = 0;

		send_to(s, sent[i].destination, sent[i].message | VECTOR);
		for (u32 id = 0; id < 3; id++) {
			if (id || delivered(s) < 0) /* its own comes at once */
				ck_assert(interrupted(vcpu(id)));
			came |= delivered(vcpu(id)) == VECTOR ? BIT(id) : 0;
			set_apic(vcpu(id), EOI, 0);
		}
		ck_assert_msg(came == sent[i].comes, "message %u came to %x", i, came);
	}
}
END_TEST

/* One of a priority not above CR8 waits, and so does one behind one that is being served. */
START_TEST(priorities)
{
	begin_in(HOST_LONG, 2);
	s->vmcb.rflags |= RFLAGS_IF;
	s->vmcb.v_tpr = VECTOR >> 4; /* MOV to CR8 does not exit */
	set_apic(s, ICR_LOW, FIXED | SELF | VECTOR);
	ck_assert_int_eq(delivered(s), -1);
	s->vmcb.v_tpr = 0;
	ck_assert(interrupted(s));
	ck_assert_int_eq(delivered(s), VECTOR);
	set_apic(s, ICR_LOW, FIXED | SELF | (VECTOR + 1));
	ck_assert_int_eq(delivered(s), -1);
	set_apic(s, EOI, 0);
	ck_assert_int_eq(delivered(s), VECTOR + 1);
	set_apic(s, EOI, 0);
	set_apic(s, ICR_LOW, FIXED | SELF | 3); /* no vector of an interrupt's */
	ck_assert_int_eq(delivered(s), -1);
	set_apic(s, ESR, 0);
	ck_assert_uint_eq(apic(s, ESR), BIT(5));
}
END_TEST

/* ---- INIT and SIPI ---- */

static void starts_here(struct svm_vcpu *v)
{
	ck_assert_uint_eq(v->vmcb.cs.base + v->vmcb.rip, HOST_CODE);
	ck_assert_uint_eq(v->vmcb.cs.selector, HOST_CODE >> 4);
	ck_assert(!(v->v.cr0 & (CR0_PE | CR0_PG)) && !v->v.cr4 && !(v->v.efer & EFER_LMA));
	ck_assert(!v->vmcb.cpl && !(v->vmcb.rflags & RFLAGS_IF));
}

static unsigned times_run;

static void first_look(struct svm_vcpu *v)
{
	times_run++;
	starts_here(v);
}

static void send_sipi(void)
{
	const u32 was = machine_pcpu;

	send_to(s, 1, STARTUP | HOST_CODE >> 12);
	machine_pcpu = was; /* no exit waits for this one, but a pCPU does */
}

START_TEST(waits_for_sipi)
{
	begin_in(modes[_i], 2);
	times_run = 0;
	host_runs = first_look;
	machine_stuck = send_sipi; /* once it waits */
	run(1);
	ck_assert_uint_eq(times_run, 1);
	ck_assert(!u->vcpu[1].waits_sipi);
	/* Whoever runs is not started anew, and one who was never started leaves if the domain is to stand. */
	host_set_mode(vcpu(1), mode, 0);
	map_apic();
	send_to(s, 1, STARTUP | 0x55);
	ck_assert(interrupted(vcpu(1)));
	ck_assert_uint_eq(vcpu(1)->vmcb.rip, HOST_CODE);
	ck_assert_uint_eq(vcpu(1)->vmcb.cs.base, 0);
}
END_TEST

static void stop_all(void)
{
	u->stop_req = STOP_NOW;
}

START_TEST(stands_before_sipi)
{
	begin_in(HOST_LONG, 2);
	times_run = 0;
	host_runs = first_look;
	machine_stuck = stop_all;
	run(1);
	ck_assert_uint_eq(times_run, 0);
	ck_assert_int_eq(u->d.state, PN_RUNNING); /* the first one has not stopped */
	ck_assert(!interrupted(s));
	machine_pcpu = u->vcpu[0].pcpu;
	domu_stopped(&u->vcpu[0]);
	ck_assert_int_eq(u->d.state, PN_PAUSED);
}
END_TEST

/* The second time that it runs is the first after INIT. */
static void reset_by_first(struct svm_vcpu *v)
{
	starts_here(v);
	if (times_run++)
		return;
	v->v.gpr[RBX] = 0x123;
	send_to(s, 1, INIT | LEVEL); /* de-assert: nothing */
	ck_assert(interrupted(v));
	send_to(s, 1, INIT | LEVEL | ASSERT);
	ck_assert(!interrupted(v));
}

START_TEST(init_while_it_runs)
{
	begin_in(modes[_i], 2);
	times_run = 0;
	host_runs = reset_by_first;
	machine_stuck = send_sipi;
	send_sipi();
	run(1);
	ck_assert_uint_eq(times_run, 2);
	ck_assert_uint_eq(vcpu(1)->v.gpr[RBX], 0);
	ck_assert_uint_eq(lapic_read(&u->vcpu[1].lapic, SVR, machine_tsc), 0xff); /* its APIC is off, as after a reset */
}
END_TEST

/* There is no firmware to start the first one again. */
START_TEST(init_of_the_first)
{
	begin_in(HOST_LONG, 2);
	start(1);
	set_apic(vcpu(1), ICR_HIGH, 0);
	ck_assert(!sets(vcpu(1), ICR_LOW, INIT | ASSERT));
	ck_assert(host_crashed(s, "INIT was sent to the vCPU that booted"));
	ck_assert(!interrupted(s));
}
END_TEST

/* ---- devices and time ---- */

/* Devices interrupt the first vCPU, whoever set them up: it is called to arm its timer, and to take the interrupt. */
START_TEST(devices_interrupt_the_first)
{
	struct svm_vcpu *other;
	u32 before;

	begin_in(modes[_i], 2);
	other = start(1);
	s->vmcb.rflags |= RFLAGS_IF;
	other->vmcb.rflags |= RFLAGS_IF;
	ck_assert(interrupted(s));
	before = kicks(0);
	host_arm_pit(other, 500);
	ck_assert(is_kicked(0, before));
	ck_assert(interrupted(s));
	ck_assert_uint_le(machine_timer[u->vcpu[0].pcpu], machine_tsc + MS / 2);
	machine_tsc += MS;
	before = kicks(0);
	ck_assert(interrupted(other));
	ck_assert_int_eq(delivered(other), -1);
	ck_assert(is_kicked(0, before));
	before = kicks(0);
	ck_assert(interrupted(other));
	ck_assert(!is_kicked(0, before)); /* it knows */
	ck_assert(interrupted(s));
	ck_assert_int_eq(delivered(s), HOST_PIC_VECTOR);
}
END_TEST

/* Not where its local APIC is closed to them. */
START_TEST(closed_to_the_devices)
{
	begin_in(HOST_LONG, 2);
	s->vmcb.rflags |= RFLAGS_IF;
	set_apic(s, LVT_LINT0, MASKED | 7 << 8);
	host_arm_pit(s, 100);
	machine_tsc += MS;
	ck_assert(interrupted(s));
	ck_assert_int_eq(delivered(s), -1);
	set_apic(s, LVT_LINT0, 7 << 8);
	ck_assert_int_eq(delivered(s), HOST_PIC_VECTOR);
}
END_TEST

/* HLT of each until its own timer's interrupt: of another one's it hears nothing. */
START_TEST(timers_end_halts)
{
	begin_in(modes[_i], 2);
	start(1);
	for (u32 id = 0; id < 2; id++) {
		struct svm_vcpu *v = vcpu(id);
		u64 begin;

		set_apic(v, SVR, SVR_ENABLED);
		set_apic(v, LVT_TIMER, VECTOR + id);
		set_apic(v, INITIAL, 3 * (u32)MS / 2); /* of two ticks each */
		begin = machine_tsc;
		v->vmcb.rip = HOST_CODE;
		v->vmcb.rflags |= RFLAGS_IF;
		host_code(v, "\xf4", 1);
		ck_assert(host_vmexit(v, VMEXIT_HLT, 0, 0));
		ck_assert_int_eq(delivered(v), (int)(VECTOR + id));
		ck_assert_uint_eq(v->vmcb.rip, HOST_CODE + 1);
		ck_assert(machine_tsc - begin > 2 * MS && machine_tsc - begin < 4 * MS);
	}
}
END_TEST

static void send_init(void)
{
	send_to(s, 1, INIT | ASSERT);
}

static bool halts_for_good(struct svm_vcpu *v)
{
	v->vmcb.rip = HOST_CODE;
	v->vmcb.rflags &= ~(u64)RFLAGS_IF;
	host_code(v, "\xf4", 1);
	return !host_vmexit(v, VMEXIT_HLT, 0, 0);
}

/* With interrupts off one halts until INIT; if nobody is left who could send it, the domain is over. */
START_TEST(halts_with_interrupts_off)
{
	begin_in(modes[_i], 3);
	start(1);
	machine_stuck = send_init;
	ck_assert(halts_for_good(vcpu(1)));
	ck_assert_int_eq(u->d.state, PN_RUNNING);
	ck_assert(u->vcpu[1].waits_sipi && !u->vcpu[1].dead);
	ck_assert(halts_for_good(s)); /* the others wait for it */
	ck_assert(host_crashed(s, "halted for ever"));
}
END_TEST

static void halt_the_first(void)
{
	machine_stuck = NULL;
	ck_assert(halts_for_good(s));
}

START_TEST(all_halt_with_interrupts_off)
{
	begin_in(HOST_LONG, 2);
	start(1);
	machine_stuck = halt_the_first;
	ck_assert(halts_for_good(vcpu(1)));
	ck_assert(host_crashed(s, "halted for ever"));
}
END_TEST

/* ---- ends ---- */

START_TEST(one_ends_all)
{
	u32 before;

	begin_in(modes[_i], 2);
	start(1);
	before = kicks(0);
	vcpu(1)->vmcb.rax = 9;
	ck_assert(!host_vmexit(vcpu(1), VMEXIT_IOIO, (u64)PN_DEBUG_EXIT_PORT << 16 | BIT(6), vcpu(1)->vmcb.rip + 2));
	ck_assert(is_kicked(0, before));
	ck_assert(!interrupted(s));
	ck_assert_int_eq(u->d.state, PN_EXITED);
	ck_assert_uint_eq(u->d.exit_code, 9);
	for (u32 id = 0; id < 2; id++)
		run(id); /* nobody runs on, or waits */
	ck_assert_int_eq(u->d.state, PN_EXITED);
}
END_TEST

/* A lock that is never given back: who waits for it says so, and nobody comes to what it guards. */
START_TEST(a_lock_held_for_ever)
{
	begin_in(HOST_LONG, 2);
	start(1);
	machine_pause = 16000;
	ck_assert(paging_lock(&s->v)); /* the first one's pCPU hangs */
	ck_assert(!interrupted(vcpu(1)));
	ck_assert(host_crashed(s, "held the domain's lock for too long"));
	paging_unlock(&s->v);
	ck_assert(!interrupted(s));
	for (u32 id = 0; id < 2; id++)
		run(id);
	ck_assert_uint_eq(u->stopped, 2);
}
END_TEST

Suite *svm_smp_suite(void)
{
	Suite *suite = suite_create("hv/svm: several vCPUs");

	svm_case(suite, "each has its own", each_has_its_own, NR_MODES);
	svm_case(suite, "parts of registers", parts_of_registers, NR_MODES);
	svm_case(suite, "wide and atomic accesses", wide_and_atomic_accesses, 1);
	svm_case(suite, "none where one is alone", none_where_one_is_alone, NR_MODES);
	svm_case(suite, "an interrupt for another", an_interrupt_for_another, NR_MODES);
	svm_case(suite, "destinations", destinations, 1);
	svm_case(suite, "priorities", priorities, 1);
	svm_case(suite, "waits for SIPI", waits_for_sipi, NR_MODES);
	svm_case(suite, "stands before SIPI", stands_before_sipi, 1);
	svm_case(suite, "INIT while it runs", init_while_it_runs, NR_MODES);
	svm_case(suite, "INIT of the first", init_of_the_first, 1);
	svm_case(suite, "devices interrupt the first", devices_interrupt_the_first, NR_MODES);
	svm_case(suite, "closed to the devices", closed_to_the_devices, 1);
	svm_case(suite, "timers end halts", timers_end_halts, NR_MODES);
	svm_case(suite, "halts with interrupts off", halts_with_interrupts_off, NR_MODES);
	svm_case(suite, "all halt with interrupts off", all_halt_with_interrupts_off, 1);
	svm_case(suite, "one ends all", one_ends_all, NR_MODES);
	svm_case(suite, "a lock held for ever", a_lock_held_for_ever, 1);
	return suite;
}
