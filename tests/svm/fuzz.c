/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile guests against hv/svm: random state, random bytes at RIP, a random exit. Whatever hardware exited for, the bytes
 * are what is found afterwards; so all that may happen is the exit's own operation, a fault for the guest, another try, or the
 * end of the domain. host_check() holds what is true of every exit, tests/svm/fuzz_rules.c what is of each kind.
 *
 *	fuzz_svm_<recipe> [--seed N] [--runs N] [--round N]
 *
 * A run is one exit. A round is one guest and ROUND_EXITS exits; it depends on seed and number alone, so that what fails is
 * repeated by its number (--round). Without --seed it is the day's, from SVM_FUZZ_SEED or the clock.
 */
#include "tests/svm/fuzz.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svm_code.h"
#include "tests/svm/stream.h"

#define ROUND_EXITS 100

static u64 seed, round_now, exits_done;
static unsigned step;
static struct svm_vcpu *fuzzed;

#define PICK(array) ((array)[fuzz_random(ARRAY_SIZE(array))])
#define ONE_IN(n)   (fuzz_random(n) == 0)

static void say_where(void)
{
	fprintf(stderr, "fuzz_svm: seed %llu, round %llu, exit %u; the %lluth in all\n", (unsigned long long)seed,
		(unsigned long long)round_now, step, (unsigned long long)exits_done);
}

/* ---- state ---- */

static u64 page_address(void)
{
	static const u32 pages[] = {
		HOST_DATA,   HOST_DATA + 0x1000,   HOST_ABSENT,          HOST_READ_ONLY,       HOST_NOWHERE,    HOST_CODE,
		HOST_TABLES, HOST_TABLES + 0x1000, HOST_TABLES + 0x2000, HOST_TABLES + 0x3000, HOST_SPARE_TABLE
	};

	return PICK(pages) + (ONE_IN(2) ? HOST_USER : 0);
}

static u64 some_address(void)
{
	static const u32 near_end[] = { 0xff0, 0xff8, 0xffc, 0xffd, 0xffe, 0xfff };

	return page_address() + (ONE_IN(4) ? PICK(near_end) : fuzz_random(ONE_IN(2) ? 512 : 64) * 8);
}

static u64 some_value(void)
{
	switch (fuzz_random(8)) {
	case 0: return fuzz_random(0);
	case 1: return fuzz_random(64);
	case 2: return 1ull << fuzz_random(64);
	case 3: return ~(u64)fuzz_random(0x10000);
	case 4: return 0x8000000000000000ull >> fuzz_random(17);
	}
	return some_address();
}

static void set_state(struct svm_vcpu *s)
{
	for (unsigned n = fuzz_random(4); n--;)
		host_set_reg(s, (unsigned)fuzz_random(NR_GPRS), some_value());
	s->vmcb.rflags = (s->vmcb.rflags & RFLAGS_VM) | 2;
	if (ONE_IN(2))
		s->vmcb.rflags |= fuzz_random(0) & (RFLAGS_TF | RFLAGS_IF | BIT(10) | RFLAGS_RF | RFLAGS_AC | 0x8d5);
	s->vmcb.interrupt_shadow = ONE_IN(8);
	if (ONE_IN(8))
		s->vmcb.ds.base = ONE_IN(2) ? 0 : fuzz_random(0x2000);
	machine_cpu.fs.base = ONE_IN(2) ? 0 : some_value();
	machine_cpu.gs.base = ONE_IN(2) ? 0 : some_value();
}

/* RIP: where code is, and now and then at the end of a page or where none is. */
static void set_rip(struct svm_vcpu *s)
{
	u64 user = s->vmcb.cpl == 3 && !s->vmcb.cs.base ? HOST_USER : 0;

	s->vmcb.rip = HOST_CODE + user + fuzz_random(0xff0);
	if (ONE_IN(8))
		s->vmcb.rip = HOST_CODE + user + 0xff0 + fuzz_random(16);
	if (ONE_IN(64))
		s->vmcb.rip = some_value();
	/* Of an instruction that was executed: canonical, or of 32 bits. */
	s->vmcb.rip = svm_emul_mode(s) == EMUL_LONG ? (u64)((s64)(s->vmcb.rip << 16) >> 16) : (u32)s->vmcb.rip;
}

static u64 linear_rip(const struct svm_vcpu *s)
{
	return svm_emul_mode(s) == EMUL_LONG ? s->vmcb.rip : (u32)(s->vmcb.cs.base + s->vmcb.rip);
}

/* The guest's page of code, and its twin, are from now on those that it did not use, with the same bytes. */
#define MOVED (HOST_CODE ^ 0xd000)
static void move_code(struct svm_vcpu *s)
{
	for (u64 twin = 0; twin <= HOST_USER; twin += HOST_USER) {
		const u64 at = fuzz_code_at(s, HOST_CODE + twin);

		memcpy(host_at(s, at ^ MOVED), host_at(s, at), PAGE_SIZE);
		*(u32 *)host_entry(s, HOST_CODE + twin) ^= MOVED;
	}
}

/* At RIP, but where the code is not now: who still looks there takes whatever is at RIP for a CPUID. */
static void put_cpuid_elsewhere(struct svm_vcpu *s)
{
	const u64 linear = linear_rip(s);

	if (fuzz_moves_code(s) && (linear & ~(u64)(HOST_USER | 0xfff)) == HOST_CODE)
		memcpy(host_at(s, fuzz_code_at(s, linear) ^ MOVED), "\x0f\xa2", 2);
}

static void put_code(struct svm_vcpu *s, const u8 bytes[16])
{
	const u64 at = linear_rip(s);

	if (at < HOST_MEMORY - 16)
		memcpy(host_at(s, fuzz_code_at(s, at)), bytes, 16);
}

static void random_bytes(u8 bytes[16])
{
	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (u8)fuzz_random(0);
}

static void set_code(struct svm_vcpu *s)
{
	u8 bytes[16];

	random_bytes(bytes);
	if (!ONE_IN(4))
		fuzz_instruction(bytes);
	put_code(s, bytes);
}

/* One that can have this exit; or, not `exactly`, as far as its opcode goes. */
static void set_code_for(struct svm_vcpu *s, bool exactly)
{
	struct fuzz_bytes f;
	u8 bytes[16];
	unsigned tries = 100;

	random_bytes(bytes);
	do
		fuzz_instruction(bytes);
	while (!(fuzz_can_exit(bytes, svm_emul_mode(s), s->vmcb.exitcode, &f) && (!exactly || fuzz_is_of(&f, &s->vmcb))) &&
	       --tries);
	put_code(s, bytes);
}

static void set_cut_event(struct svm_vcpu *s)
{
	static const u8 vectors[] = { 0, 1, 3, 4, 6, 8, 8, 10, 11, 12, 13, 14, 14, 14, 17, 0x20, 0x80 };
	static const u8 types[] = { 0, 2, 3, 3, 4 };
	u64 type = PICK(types), vector = type == 2 ? 2 : PICK(vectors);

	if (type == 3)
		vector &= 31;
	s->vmcb.exitintinfo = EVENT_VALID | type << 8 | vector;
	if (type == 3 && (vector == 8 || (vector >= 10 && vector <= 14) || vector == 17) && s->vmcb.cr0 & CR0_PE)
		s->vmcb.exitintinfo |= EVENT_ERROR | fuzz_random(0x10000) << 32;
}

/* ---- exits ---- */

/*
 * An exit for an instruction, which is at RIP most often, or was: of what is there the opcode agrees, or nothing. Events are delivered
 * between instructions, so it cuts none short.
 */
static bool insn_exit(struct svm_vcpu *s, u64 code, u64 info1, u64 info2)
{
	s->vmcb.exitintinfo = 0;
	s->vmcb.exitcode = code;
	s->vmcb.exitinfo1 = info1;
	if (!ONE_IN(4))
		set_code_for(s, !ONE_IN(4));
	fuzz_remember(s);
	return host_vmexit(s, code, info1, info2);
}

/* An access of an event's delivery, if the exits cut one short: which begins again, and touches the same, until it is through. */
static enum host_access_end access_memory(struct svm_vcpu *s, u64 va, u32 access, hpa_t *hpa)
{
	const u64 cut = s->vmcb.exitintinfo;
	enum host_access_end end = host_touch(s, va, access, hpa);

	for (unsigned i = 0; i < 3 && end == HOST_EMULATED && s->vmcb.eventinj && s->vmcb.eventinj == cut && !s->step.on; i++) {
		fuzz_rules(s, true);
		s->vmcb.exitintinfo = cut;
		fuzz_remember(s);
		end = s->v.nested ? HOST_SWITCHED : host_touch(s, va, access, hpa);
	}
	return end;
}

/* The guest's CPU touches memory; where it may write, it does. */
static bool touch(struct svm_vcpu *s)
{
	u64 va = ONE_IN(16) ? some_value() : some_address();
	u32 access = ONE_IN(4) ? 0 : ONE_IN(8) ? PFEC_I : PFEC_W;
	hpa_t hpa;

	if (svm_emul_mode(s) != EMUL_LONG)
		va = (u32)va;
	if (s->v.nested && s->v.probed && s->vmcb.cr0 & CR0_PG) /* counted, and the guest's own affair all the same */
		return host_vmexit(s, VMEXIT_EXCP0 + VECTOR_PF, access | (s->vmcb.cpl == 3 ? PFEC_U : 0), va);
	if (s->v.nested || (va + (1ull << 47)) >> 48)
		return true; /* the guest's own affair; not canonical: #GP */
	enum host_access_end end = access_memory(s, va, access, &hpa);
	if (end == HOST_DONE)
		fuzz_reached(s, va, access, hpa);
	/* A table's entry among them, as a guest's own store might leave it. */
	if (!fuzz_tame && !s->step.on && end == HOST_DONE && access & PFEC_W && (hpa & 0xfff) <= 0xff8)
		*(u64 *)(hpa & ~7ull) = ONE_IN(2) ? (some_value() & ~0xfffull) | (fuzz_random(0) & 0xfff) : some_address() | 7;
	return end != HOST_ENDED;
}

static u64 io_info(void)
{
	static const u16 ports[] = { 0x20,  0x21,  0xa0,  0xa1, 0x40,  0x41,  0x42,  0x43,  0x61,
				     0x60,  0x64,  0x70,  0x71, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc,
				     0x3fd, 0x3fe, 0x3ff, 0x80, 0x4d0, 0x4d1, 0xcf8, 0xcfc, 0x6f };
	u64 port = ONE_IN(8) ? fuzz_random(0x10000) : PICK(ports);

	return port << 16 | BIT(fuzz_random(3) + 7) | BIT(fuzz_random(3) + 4) | fuzz_random(2) |
	       (ONE_IN(2) ? BIT(2) | fuzz_random(2) << 3 : 0);
}

static bool io(struct svm_vcpu *s)
{
	return insn_exit(s, VMEXIT_IOIO, io_info(), s->vmcb.rip + 1 + fuzz_random(4));
}

/* Instructions that are for kernels fault before they are intercepted. */
static bool privileged(const struct svm_vcpu *s)
{
	return s->vmcb.cpl == 0;
}

static bool msr(struct svm_vcpu *s)
{
	static const u32 numbers[] = { MSR_TSC,         MSR_APIC_BASE, MSR_TSC_AUX, MSR_MTRR_CAP,
				       MSR_PAT,         MSR_EFER,      MSR_EFER,    MSR_VM_CR,
				       MSR_VM_HSAVE_PA, 0x8b,          0x179,       0xc0000104,
				       0xc0010000,      0xc0010004,    0xc1,        0x186 };

	if (!privileged(s))
		return true;
	host_set_reg(s, RCX, ONE_IN(8) ? some_value() : PICK(numbers));
	host_set_reg(s, RDX, ONE_IN(2) ? 0 : some_value());
	host_set_reg(s, RAX, ONE_IN(2) ? fuzz_random(0x10000) : some_value());
	if (ONE_IN(2)) { /* EFER with one bit changed */
		static const u8 bits[] = { 0, 8, 10, 11, 12, 13, 14 };

		host_set_reg(s, RAX, s->v.efer ^ BIT(PICK(bits)));
	}
	return insn_exit(s, VMEXIT_MSR, fuzz_random(2), 0);
}

static bool cpuid_exit(struct svm_vcpu *s)
{
	static const u32 leaves[] = { 0,          1,          7,          0xd,       0xb, PN_CPUID_BASE, PN_CPUID_BASE + 1,
				      0x80000000, 0x80000001, 0x80000008, 0x8000000a };

	host_set_reg(s, RAX, ONE_IN(8) ? some_value() : PICK(leaves));
	put_cpuid_elsewhere(s);
	return insn_exit(s, VMEXIT_CPUID, 0, 0);
}

static bool hypercall(struct svm_vcpu *s)
{
	host_set_reg(s, RAX, fuzz_tame && privileged(s) ? PN_HC_NOP : fuzz_random(12));
	host_set_reg(s, RBX, ONE_IN(2) ? some_address() : some_value());
	host_set_reg(s, RCX, ONE_IN(2) ? 0 : some_value());
	host_set_reg(s, RDX, ONE_IN(2) ? fuzz_random(600) : some_value());
	return insn_exit(s, VMEXIT_VMMCALL, 0, 0);
}

/* Values that lead somewhere: registers as they are with one bit changed. */
static void set_cr_values(struct svm_vcpu *s, u64 cr)
{
	static const u8 cr0_bits[] = { 0, 1, 2, 3, 5, 16, 18, 29, 30, 31 },
			cr4_bits[] = { 0, 3, 4, 5, 7, 9, 11, 16, 18, 20, 21, 12 };
	u64 base = (cr == 3) ^ ONE_IN(8) ? HOST_TABLES :
		   cr == 0               ? s->v.cr0 ^ BIT(PICK(cr0_bits)) :
					   s->v.cr4 ^ BIT(PICK(cr4_bits));

	for (unsigned r = 0; r < NR_GPRS; r++)
		if (!ONE_IN(4))
			host_set_reg(s, r, ONE_IN(16) ? base | some_value() : base);
}

static bool control_register(struct svm_vcpu *s)
{
	static const u8 numbers[] = { 0, 3, 4 };
	u64 cr = PICK(numbers), code = (ONE_IN(2) ? VMEXIT_CR0_READ : VMEXIT_CR0_WRITE) + cr;
	u16 stopped = code < VMEXIT_CR0_WRITE ? s->vmcb.cr_read : s->vmcb.cr_write;

	if (fuzz_tame && code >= VMEXIT_CR0_WRITE)
		return true;
	if (!(stopped & BIT(cr)) || (!privileged(s) && code != VMEXIT_CR0_READ)) /* SMSW is for all */
		return true;
	set_cr_values(s, cr);
	return insn_exit(s, code, 0, 0);
}

static bool invlpg_exit(struct svm_vcpu *s)
{
	return !privileged(s) || !(s->vmcb.intercept1 & INTERCEPT_INVLPG) || insn_exit(s, VMEXIT_INVLPG, some_address(), 0);
}

static bool interrupt(struct svm_vcpu *s)
{
	static const u8 codes[] = { VMEXIT_INTR, VMEXIT_NMI, VMEXIT_INIT, VMEXIT_VINTR };

	return host_vmexit(s, PICK(codes), 0, 0);
}

static bool simple(struct svm_vcpu *s)
{
	static const u8 codes[] = { VMEXIT_RDPMC,     VMEXIT_INVD,      VMEXIT_HLT,       VMEXIT_INVLPGA,    VMEXIT_VMRUN,
				    VMEXIT_VMRUN + 2, VMEXIT_VMRUN + 3, VMEXIT_VMRUN + 4, VMEXIT_VMRUN + 5,  VMEXIT_SKINIT,
				    VMEXIT_WBINVD,    VMEXIT_MONITOR,   VMEXIT_MWAIT,     VMEXIT_MWAIT_ARMED };

	return !privileged(s) || insn_exit(s, PICK(codes), 0, 0);
}

/* From user mode, too. Others may want their turn, and never give it back. */
static bool pause_exit(struct svm_vcpu *s)
{
	return !(s->vmcb.intercept1 & INTERCEPT_PAUSE) || insn_exit(s, VMEXIT_PAUSE, 0, 0);
}

static bool xsetbv(struct svm_vcpu *s)
{
	if (!privileged(s))
		return true;
	host_set_reg(s, RCX, ONE_IN(8));
	host_set_reg(s, RDX, ONE_IN(8) ? some_value() : 0);
	host_set_reg(s, RAX, ONE_IN(8) ? some_value() : fuzz_random(8));
	return insn_exit(s, VMEXIT_XSETBV, 0, 0);
}

/* Not 0x403, which guests with encrypted state alone have: the quick handler for its low byte is that of CR3's read (entry.S). */
static bool the_end(struct svm_vcpu *s)
{
	static const u32 codes[] = { VMEXIT_SHUTDOWN, VMEXIT_INVALID, VMEXIT_SMI, 0x6b, 0xa3, 0x402 };

	return !ONE_IN(32) || host_vmexit(s, PICK(codes), fuzz_random(0), fuzz_random(0));
}

static bool nested_fault(struct svm_vcpu *s)
{
	u64 gpa = ONE_IN(2) ? HOST_NO_GPA + fuzz_random(0x2000) :
		  ONE_IN(2) ? 0xfee00000 + fuzz_random(0x1000) :
			      HOST_MEMORY + fuzz_random(1ull << 40);

	return !s->vmcb.np_enable || !s->v.nested || host_vmexit(s, VMEXIT_NPF, BIT(32) | 4 | fuzz_random(2) << 1, gpa);
}

/* A single step of the guest's is on: most often it ends as it should. */
static bool end_step(struct svm_vcpu *s)
{
	if (ONE_IN(4))
		return interrupt(s);
	s->vmcb.dr6 |= BIT(14);
	s->vmcb.rip += fuzz_random(8);
	return host_vmexit(s, VMEXIT_EXCP0 + 1, 0, 0);
}

/* ---- several instructions a trip ---- */

#define STREAM_STEPS 400

/* What was learned of instructions at random places does not matter: programs are judged, other exits have rules of their own. */
static void forget_hints(struct svm_vcpu *s)
{
	memset(s->cluster.hint, 0, sizeof(s->cluster.hint));
	s->cluster.last = CLUSTER_NONE;
}

/* Now and then something that no cluster may go on with. */
static void set_obstacle(struct svm_vcpu *s)
{
	s->vmcb.dr7 = 0x400;
	switch (fuzz_random(128)) {
	case 0: s->vmcb.rflags |= RFLAGS_TF; break;
	case 1: s->vmcb.dr7 = 0x402; break;
	case 2: s->v.request = 1; break;
	case 3: s->vmcb.cs.limit = (u32)(s->vmcb.rip + 8 + fuzz_random(32)); break; /* which counts in 32-bit code */
	}
}

/* A program, which tests/svm/stream.c judges; its user mode reaches a supervisor's pages. */
static void stream_round(void)
{
	static const enum host_mode modes[] = { HOST_32, HOST_PAE, HOST_LONG };
	struct svm_vcpu *s = host_guest(PICK(modes), 0);
	const u64 had = host_exits;
	hpa_t hpa;

	fuzzed = s;
	stream_program(s, fuzz_random, 4 + (unsigned)fuzz_random(12), ONE_IN(2));
	if (ONE_IN(16))
		stream_to_user_mode(s);
	host_touch(s, HOST_DATA, 0, &hpa);
	for (step = 0; step < STREAM_STEPS; step++) {
		set_obstacle(s);
		if (!stream_step(s))
			break;
	}
	exits_done += host_exits - had;
}

static bool one_exit(struct svm_vcpu *s)
{
	static bool (*const kinds[])(struct svm_vcpu *) = { touch,
							    touch,
							    touch,
							    io,
							    io,
							    msr,
							    cpuid_exit,
							    hypercall,
							    control_register,
							    control_register,
							    control_register,
							    invlpg_exit,
							    simple,
							    xsetbv,
							    pause_exit,
							    interrupt,
							    the_end,
							    nested_fault };

	if (paging_cluster_most)
		forget_hints(s);
	return s->step.on ? end_step(s) : PICK(kinds)(s);
}

/* ---- a round ---- */

/* Nothing will end this HLT: dom0 loses patience. */
static void nobody_comes(void)
{
	struct domu_vcpu *c = fuzzed->v.owner;

	c->u->stop_req = STOP_NOW;
}

/* Interrupts at vector 0x20, some hundred times a round, if the guest lets them in. */
static void start_timer(struct svm_vcpu *s)
{
	static const u8 writes[][2] = { { 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 },
					{ 0x21, 0xee }, { 0x43, 0x34 }, { 0x40, 2 }, { 0x40, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
		domu_out(s->v.owner, writes[i][0], 1, writes[i][1]);
}

/* It is its turn; sometimes another one wants one, too. */
static void start_turns(struct svm_vcpu *s)
{
	struct domu_vcpu *c = s->v.owner;

	if (!domu_takes_turns(c->u))
		return;
	turns_take(c);
	if (ONE_IN(2))
		turns_want(c + 1);
}

static struct svm_vcpu *new_guest(void)
{
	struct svm_vcpu *s;

	machine_has_nrip = svm_has_nrip = ONE_IN(4);
	turns_of_pcpus = ONE_IN(2);
	s = host_guest_smp((enum host_mode)fuzz_random(HOST_MODES), ONE_IN(2) ? 3 : 0, ONE_IN(8) ? 2 : 1);
	start_turns(s);
	fuzz_tame = ONE_IN(2);
	fuzz_remember_tables(s);
	start_timer(s);
	if (ONE_IN(3) && s->v.cr0 & CR0_PG)
		host_set_cr(s, s->v.cr0, s->v.cr4 | (CR4_SMAP & (ONE_IN(2) ? ~0ull : 0)) | CR4_PGE, s->v.efer);
	else if (ONE_IN(3) && !(s->v.cr0 & CR0_PG)) /* half-way to long mode */
		host_set_cr(s, s->v.cr0, s->v.cr4 ^ (CR4_PAE & (ONE_IN(2) ? ~0ull : 0)), s->v.efer | EFER_LME);
	return s;
}

/* Nested paging lets the guest change its tables and load its registers without an exit. */
static void load_registers(struct svm_vcpu *s)
{
	if (!s->v.nested || !ONE_IN(4))
		return;
	s->vmcb.cr0 ^= CR0_WP;
	s->vmcb.cr4 = (s->vmcb.cr4 & ~CR4_PCIDE) ^ (CR4_PGE | CR4_OSXSAVE | (ONE_IN(16) ? CR4_PCIDE /* not offered */ : 0));
	if (fuzz_moves_code(s))
		move_code(s);
}

static struct plat_pmu pmu = { .region = 1, .world_switch = 1000 };

/* The counter goes on, or stops, and time with it: by what it says paging goes over to the other kind, where the recipe switches. */
static void count(void)
{
	if (!paging_switches || !ONE_IN(8))
		return;
	pmu.region = ONE_IN(16) ? 0 : ONE_IN(16) ? 2 : 1;
	pmu.cycles += fuzz_random(20000000);
	pmu.walks += fuzz_random(10000);
	pmu.nested += ONE_IN(2) ? fuzz_random(4000000) : 0;
	machine_tsc += ONE_IN(4) ? 60000000 : 0;
}

static void next_state(struct svm_vcpu *s)
{
	if (s->step.on)
		return;
	count();
	load_registers(s);
	set_state(s);
	set_rip(s);
	set_code(s);
	s->vmcb.nrip = s->vmcb.rip + 1 + fuzz_random(15);
	if (ONE_IN(4))
		set_cut_event(s);
}

static void one_round(u64 number, u64 exits)
{
	struct svm_vcpu *s;
	bool on = true;

	round_now = number;
	/* Not by what each draw adds (fuzz_random): the rounds would all draw the same numbers, each from the next one on. */
	fuzz_draw_from((seed * 0x2545f4914f6cdd1dull + number) * 0xd1342543de82ef95ull);
	if (paging_cluster_most && ONE_IN(2)) {
		machine_stuck = nobody_comes;
		stream_round();
		return;
	}
	fuzzed = s = new_guest();
	machine_stuck = nobody_comes;
	for (step = 0; step < exits && on; step++) {
		u64 had = host_exits;

		next_state(s);
		fuzz_remember(s);
		on = one_exit(s);
		exits_done += host_exits - had;
		if (host_exits != had)
			fuzz_rules(s, on);
		if (on || !paging_switches) /* a CPU that leaves has loaded nothing of another kind of paging */
			fuzz_probe(s, some_address());
	}
	if (on && s->step.on) /* no domain ends while its guest runs */
		interrupt(s);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", 1, NULL, 's' }, { "runs", 1, NULL, 'r' }, { "round", 1, NULL, 'n' }, { NULL, 0, NULL, 0 }
	};
	u64 runs = 100000, only = ~0ull;
	int c;

	seed = fuzz_day();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 's' && c != 'r' && c != 'n') {
			fprintf(stderr, "usage: %s [--seed N] [--runs N] [--round N]\n", argv[0]);
			return EXIT_FAILURE;
		}
		*(c == 's' ? &seed : c == 'r' ? &runs : &only) = strtoull(optarg, NULL, 0);
	}
	machine_quiet = true;
	host_pmu = &pmu;
	host_failing = say_where;
	fuzz_begin(say_where);
	if (only != ~0ull)
		one_round(only, ROUND_EXITS);
	else
		for (u64 n = 0; exits_done < runs; n++)
			one_round(n, ROUND_EXITS);
	host_end();
	printf("%s: seed %llu: %llu exits, no fault\n", paging_recipe_name, (unsigned long long)seed,
	       (unsigned long long)exits_done);
	return EXIT_SUCCESS;
}
