/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated CPU's instructions, and the judge of trips that do several (stream.h). */
#include "tests/svm/stream.h"

#include <string.h>

#include "svm_code.h"
#include "tests/svm/exit.h"

#define PF            (VMEXIT_EXCP0 + VECTOR_PF)
#define HALF          0x40000u /* of the supervisor's memory, and of the user's, that code may reach */
#define FAULTS        99       /* what the second machine's memory says where the guest must see a fault */
#define MOST_FLUSHES  64
#define PHYSICAL_BITS 40

u64 stream_clusters, stream_saved;

/* ---- the second machine ---- */

static struct {
	u8 memory[2][HALF];
	u64 gpr[NR_GPRS], cr3, pdpte[4];
	struct emul_state st;
	struct vmcb_seg seg[6];
	gva_t flushed[MOST_FLUSHES];
	unsigned nr_flushed;
	bool beyond; /* an access to memory of the guest's that is not in this one */
} ref;
static const struct svm_vcpu *judged;

static void *ref_physical(u64 gpa, unsigned bytes)
{
	const u64 in_half = gpa & ~(u64)HOST_USER;

	if (gpa < HOST_MEMORY && in_half + bytes <= HALF)
		return &ref.memory[gpa >= HOST_USER][in_half];
	ref.beyond |= gpa < HOST_MEMORY;
	return NULL;
}

static u64 ref_entry(u64 table, u64 index, unsigned size)
{
	u64 e = 0;
	const void *p = ref_physical((table & 0xfffffff000ull) + index * size, size);

	if (p)
		memcpy(&e, p, size);
	return e;
}

/* Accessed, and dirty if it is the last. */
static void ref_mark(u64 table, u64 index, unsigned size, bool dirty)
{
	u8 *p = ref_physical((table & 0xfffffff000ull) + index * size, size);

	if (p)
		*p |= (u8)(PTE_A | (dirty ? PTE_D : 0));
}

/* May the supervisor, by the AND of the entries' rights? */
static bool ref_allowed(u64 all, bool no_exec, u32 access)
{
	const struct svm_vcpu *s = judged;

	if (access & PFEC_W && !(all & PTE_RW) && s->v.cr0 & CR0_WP)
		return false;
	if (access & PFEC_I)
		return !no_exec && !(all & PTE_US && s->v.cr4 & CR4_SMEP);
	return !(all & PTE_US && s->v.cr4 & CR4_SMAP && !(s->vmcb.rflags & RFLAGS_AC));
}

/* The byte at va, for such an access of the supervisor's; NULL: a fault, or no memory. */
static u8 *ref_at(gva_t va, u32 access)
{
	const unsigned g = judged->v.guest_levels, size = g == 2 ? 4 : 8, bits = g == 2 ? 10 : 9;
	u64 e = ref.cr3, all = ~0ull, table[5], index[5];
	bool no_exec = false;

	if (g == 4 && (u64)((s64)(va << 16) >> 16) != va)
		return NULL;
	for (unsigned level = g; level; level--) {
		table[level] = e;
		index[level] = va >> (12 + bits * (level - 1)) & (BIT(bits) - 1);
		e = g == 3 && level == 3 ? ref.pdpte[va >> 30 & 3] : ref_entry(e, index[level], size);
		if (!(e & PTE_P))
			return NULL;
		if (g == 3 && level == 3)
			continue;
		all &= e;
		no_exec |= g > 2 && e & PTE_NX;
	}
	if (!ref_allowed(all, no_exec, access))
		return NULL;
	for (unsigned level = g == 3 ? 2 : g; level; level--)
		ref_mark(table[level], index[level], size, level == 1 && access & PFEC_W);
	return ref_physical((e & 0xfffffff000ull) + (va & 0xfff), 1);
}

/* Up to 16 bytes to or from va, all of which are found first. */
static int ref_copy(gva_t va, void *to, const void *from, unsigned bytes, u32 access)
{
	const bool wide = judged->v.guest_levels == 4;
	u8 *p[16];

	for (unsigned i = 0; i < bytes; i++) {
		p[i] = ref_at(wide ? va + i : (u32)(va + i), access);
		if (!p[i])
			return FAULTS;
	}
	for (unsigned i = 0; i < bytes; i++) {
		if (from)
			*p[i] = ((const u8 *)from)[i];
		else
			((u8 *)to)[i] = *p[i];
	}
	return 0;
}

static int ref_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	return ref_copy(va, buf, NULL, bytes, for_write ? PFEC_W : 0);
}

static int ref_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	return ref_copy(va, NULL, buf, bytes, PFEC_W);
}

static int ref_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	u8 now[16];
	int r = ref_copy(va, now, NULL, bytes, PFEC_W);

	*done = !r && !memcmp(now, old, bytes);
	if (*done)
		return ref_copy(va, NULL, new_, bytes, PFEC_W);
	memcpy(old, now, bytes);
	return r;
}

static const struct emul_ops ref_ops = { .read = ref_read, .write = ref_write, .cmpxchg = ref_cmpxchg };

static void ref_load_pdptes(void)
{
	for (unsigned i = 0; i < 4; i++) {
		const void *p = ref_physical((ref.cr3 & 0xffffffe0) + 8 * i, 8);

		ref.pdpte[i] = 0;
		if (p)
			memcpy(&ref.pdpte[i], p, 8);
	}
}

/* False: #GP. */
static bool ref_load_cr3(u64 val)
{
	if (judged->v.guest_levels == 4 && val >> PHYSICAL_BITS)
		return false;
	ref.cr3 = val;
	if (judged->v.guest_levels == 3)
		ref_load_pdptes();
	return true;
}

/* MOV to and from CR3, and INVLPG. False: another instruction, or a fault. */
static bool ref_privileged(const struct insn *in)
{
	const bool is_cr3 = in->reg == 3 && !(in->prefix & INSN_P_LOCK);

	if (in->op == INSN_INVLPG && ref.nr_flushed < MOST_FLUSHES)
		ref.flushed[ref.nr_flushed++] = emul_linear(in, &ref.st);
	else if (in->op == INSN_MOV_FROM_CR && is_cr3)
		emul_set_reg(&ref.st, in->rm, in->opsize, ref.cr3);
	else if (in->op != INSN_MOV_TO_CR || !is_cr3 || !ref_load_cr3(emul_reg(&ref.st, in->rm, in->opsize)))
		return false;
	ref.st.rip += in->len;
	ref.st.rflags &= ~(u64)RFLAGS_RF;
	return true;
}

/* One instruction of the guest's. NULL, or why its CPU would not have done it so. */
static const char *ref_step(bool first)
{
	u8 bytes[16];
	struct insn in;
	int len, r;
	unsigned n = 0;

	for (; n < 15 && !ref_copy(ref.st.rip + n, bytes + n, NULL, 1, PFEC_I); n++)
		;
	len = emul_decode(&in, bytes, n, ref.st.mode);
	if (len <= 0)
		return "it cannot be fetched or decoded";
	if (ref.st.mode != EMUL_LONG && ref.st.rip + (u64)len - 1 > judged->vmcb.cs.limit)
		return "it is not within the code segment";
	if (ref_privileged(&in))
		return NULL;
	if (in.op > INSN_LAST_EXECUTED || (!first && (in.op == INSN_SSE_LOAD || in.op == INSN_SSE_STORE)))
		return "only the CPU knows it";
	r = emul_execute(&in, &ref.st, &ref_ops, NULL);
	return r == EMUL_DONE || (r == EMUL_AGAIN && emul_is_string(&in)) ? NULL : "it faults";
}

static void ref_begin(const struct svm_vcpu *was)
{
	memcpy(ref.gpr, was->v.gpr, sizeof(ref.gpr));
	ref.gpr[RAX] = was->vmcb.rax;
	ref.gpr[RSP] = was->vmcb.rsp;
	ref.cr3 = was->v.cr3;
	memcpy(ref.pdpte, was->v.pdpte, sizeof(ref.pdpte));
	ref.nr_flushed = 0;
	ref.beyond = false;
	memcpy(ref.seg, &was->vmcb.es, sizeof(ref.seg));
	ref.seg[EMUL_FS] = machine_cpu.fs; /* the VMCB's may be from long ago */
	ref.seg[EMUL_GS] = machine_cpu.gs;
	ref.st = (struct emul_state){ .gpr = ref.gpr,
				      .rip = was->vmcb.rip,
				      .rflags = was->vmcb.rflags,
				      .seg = (const struct emul_segment *)ref.seg,
				      .linear_bits = 48,
				      .mode = (u8)svm_emul_mode(was),
				      .ss_big = true };
}

/* ---- the judge ---- */

static u8 kept[2][HALF];
static struct seen {
	u64 insns, saved;
} seen;

static void remember(const struct svm_vcpu *s)
{
	for (unsigned half = 0; half < 2; half++)
		memcpy(kept[half], host_at(s, half * HOST_USER), HALF);
	seen.insns = s->v.domain->counter[PN_CNT_cluster_insns];
	seen.saved = s->v.domain->counter[PN_CNT_cluster_saved];
}

/* NULL, or what the second machine has otherwise. */
static const char *difference(const struct svm_vcpu *s)
{
	if (s->vmcb.rip != ref.st.rip)
		return "RIP";
	if ((s->vmcb.rflags ^ ref.st.rflags) & ~(u64)RFLAGS_RF)
		return "RFLAGS";
	if (s->v.cr3 != ref.cr3)
		return "CR3";
	for (unsigned r = 0; r < NR_GPRS; r++)
		if (host_reg(s, r) != ref.gpr[r])
			return "a register";
	for (unsigned half = 0; half < 2; half++)
		if (memcmp(ref.memory[half], host_at(s, half * HOST_USER), HALF))
			return "memory";
	return NULL;
}

static const char *run_both(const struct svm_vcpu *s, const struct svm_vcpu *was, u64 insns)
{
	const char *why;

	memcpy(ref.memory, kept, sizeof(kept));
	ref_begin(was);
	for (u64 i = 0; i < insns; i++) {
		why = ref_step(i == 0);
		if (why)
			return why;
	}
	return difference(s);
}

/* Pages that the trip's instructions flushed: the processor reaches what the guest's tables say now, or faults. */
static void check_flushed(struct svm_vcpu *s)
{
	hpa_t hpa;

	for (unsigned i = 0; i < ref.nr_flushed; i++) {
		const gva_t va = ref.flushed[i];
		const u8 *p = ref_at(va, 0);

		if (host_cpu_reaches(s, va, &hpa) && p) {
			const u64 gpa = (u64)(p - ref.memory[0]);

			if (hpa != (hpa_t)host_at(s, gpa < HALF ? gpa : gpa - HALF + HOST_USER))
				host_fail(s, "a page was flushed, and the old one is reached: %llx", (unsigned long long)va);
		}
	}
}

/* What must not be so where a trip does more than its own instruction. */
static const char *forbidden(const struct svm_vcpu *was)
{
	if (was->vmcb.cpl)
		return "in user mode";
	if (was->vmcb.rflags & RFLAGS_TF)
		return "in a single step";
	if (was->vmcb.dr7 & 0xff)
		return "past breakpoints";
	if (was->v.request || was->vmcb.v_irq & 1)
		return "while an event waits";
	if (svm_emul_mode(was) != EMUL_LONG && (svm_emul_mode(was) != EMUL_PROT32 || was->vmcb.cs.base))
		return "in code of another kind";
	return NULL;
}

static void judge(struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();
	const u64 insns = s->v.domain->counter[PN_CNT_cluster_insns] - seen.insns;
	const char *why;

	if (!insns)
		return;
	judged = was;
	why = forbidden(was);
	if (why)
		host_fail(s, "a trip goes on %s", why);
	if (insns > paging_cluster_most)
		host_fail(s, "a trip does %llu instructions", (unsigned long long)insns);
	why = run_both(s, was, 1 + insns);
	if (why && was->v.guest_levels == 3 && !run_both(s, was, 2 + insns)) /* the first had another half (short_store.c) */
		why = NULL;
	if (ref.beyond)
		return;
	if (why)
		host_fail(s, "a trip did %llu instructions more, and the guest's CPU would not: %s (rip %llx)",
			  (unsigned long long)insns, why, (unsigned long long)ref.st.rip);
	check_flushed(s);
	stream_clusters++;
	stream_saved += s->v.domain->counter[PN_CNT_cluster_saved] - seen.saved;
}

/* ---- the simulated CPU ---- */

static struct svm_vcpu *runs;
static bool exited, stopped; /* the instruction has not been done: an exit was; and that ends the program */

/* An exit, and whether the program goes on. */
static void leave(struct svm_vcpu *s, u64 code, u64 info1, u64 info2)
{
	remember(s);
	exited = true;
	stopped = !host_vmexit(s, code, info1, info2) || s->vmcb.eventinj & EVENT_VALID || s->step.on;
	judge(s);
}

/* An access of the instruction's: 0, or it exits or faults. */
static int cpu_reach(gva_t va, u32 access, hpa_t *hpa)
{
	struct svm_vcpu *s = runs;
	u32 pfec = 0;

	if (svm_emul_mode(s) != EMUL_LONG)
		va = (u32)va;
	else if ((u64)((s64)(va << 16) >> 16) != va)
		stopped = exited = true; /* #GP */
	access |= s->vmcb.cpl == 3 ? PFEC_U : 0;
	if (stopped || host_cpu_try(s, va, access, hpa, &pfec))
		return stopped ? FAULTS : 0;
	leave(s, PF, pfec, va);
	return FAULTS;
}

static int cpu_copy(gva_t va, void *to, const void *from, unsigned bytes, u32 access)
{
	hpa_t hpa[16];

	for (unsigned i = 0; i < bytes; i++)
		if (cpu_reach(va + i, access, &hpa[i]))
			return FAULTS;
	for (unsigned i = 0; i < bytes; i++) {
		if (from)
			*(u8 *)hpa[i] = ((const u8 *)from)[i];
		else
			((u8 *)to)[i] = *(const u8 *)hpa[i];
	}
	return 0;
}

static int cpu_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	return cpu_copy(va, buf, NULL, bytes, for_write ? PFEC_W : 0);
}

static int cpu_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	return cpu_copy(va, NULL, buf, bytes, PFEC_W);
}

static int cpu_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	u8 now[16];
	int r = cpu_copy(va, now, NULL, bytes, PFEC_W);

	*done = !r && !memcmp(now, old, bytes);
	if (*done)
		return cpu_copy(va, NULL, new_, bytes, PFEC_W);
	memcpy(old, now, bytes);
	return r;
}

static const struct emul_ops cpu_ops = { .read = cpu_read, .write = cpu_write, .cmpxchg = cpu_cmpxchg };

static bool cpu_fetch(struct svm_vcpu *s, struct insn *in)
{
	u8 bytes[16];

	for (unsigned n = 1; n <= 15; n++) {
		int len;

		if (cpu_copy(s->vmcb.rip + n - 1, bytes + n - 1, NULL, 1, PFEC_I))
			return false;
		len = emul_decode(in, bytes, n, svm_emul_mode(s));
		if (len > 0)
			return svm_emul_mode(s) == EMUL_LONG || s->vmcb.rip + (u64)len - 1 <= s->vmcb.cs.limit;
		if (len != EMUL_TRUNCATED)
			return false;
	}
	return false;
}

/* Those that exit by what they are. False: another one. */
static bool cpu_privileged(struct svm_vcpu *s, const struct insn *in)
{
	const bool is_invlpg = in->op == INSN_INVLPG;

	if (s->vmcb.cpl || (!is_invlpg && in->op != INSN_MOV_FROM_CR && in->op != INSN_MOV_TO_CR))
		return false;
	if (is_invlpg ? !(s->vmcb.intercept1 & INTERCEPT_INVLPG) : in->reg != 3 || in->prefix & INSN_P_LOCK)
		return false;
	leave(s, is_invlpg ? VMEXIT_INVLPG : in->op == INSN_MOV_FROM_CR ? VMEXIT_CR0_READ + 3 : VMEXIT_CR0_WRITE + 3, 0, 0);
	return true;
}

/* What only a real CPU knows does nothing here. */
static bool cpu_unknown(const struct insn *in)
{
	return in->op > INSN_LAST_EXECUTED || in->op == INSN_SSE_LOAD || in->op == INSN_SSE_STORE;
}

static void cpu_done(struct svm_vcpu *s, u64 rip, u64 rflags)
{
	s->vmcb.rip = rip;
	s->vmcb.rflags = rflags;
	s->vmcb.interrupt_shadow = 0;
}

bool stream_step(struct svm_vcpu *s)
{
	struct emul_state st;
	struct insn in;
	int r;

	runs = s;
	exited = stopped = false;
	if (!cpu_fetch(s, &in))
		return exited && !stopped;
	if (in.op == INSN_HLT)
		return false;
	if (cpu_privileged(s, &in))
		return !stopped;
	if (cpu_unknown(&in)) {
		cpu_done(s, s->vmcb.rip + in.len, s->vmcb.rflags);
		return true;
	}
	svm_emul_begin(s, &st, &in);
	r = emul_execute(&in, &st, &cpu_ops, NULL);
	if (exited) /* what a string had done before is done again: its iterations are idempotent here */
		return !stopped;
	if (r != EMUL_DONE && r != EMUL_AGAIN)
		return false;
	s->vmcb.rax = s->v.gpr[RAX];
	s->vmcb.rsp = s->v.gpr[RSP];
	cpu_done(s, st.rip, st.rflags);
	return true;
}

/* ---- programs ---- */

#define VICTIMS      0x30000              /* pages whose entries the program stores; it does not touch them */
#define RETURNS      (HOST_STACK - 0x400) /* a function that does nothing else */
#define NOT_EXECUTED (HOST_DATA + 0x3000) /* and one in a page that may not be executed, where there are such */
#define PROGRAM_MOST 0x200
#define LOOPS        12

/* Pieces of code: what they do with the registers that stream_program() sets. `wide`: 64-bit code alone. */
struct piece {
	const char *bytes;
	u8 len;
	bool wide;
};
#define PIECE(text)                                                                                                              \
	{                                                                                                                        \
		text, sizeof(text) - 1, false                                                                                    \
	}
#define WIDE(text)                                                                                                               \
	{                                                                                                                        \
		text, sizeof(text) - 1, true                                                                                     \
	}
/* clang-format off */
static const struct piece tame[] = {
	PIECE("\x89\x07"), PIECE("\x89\x47\x08"), PIECE("\x89\x4f\x04"), PIECE("\xc7\x07\x67\x00\x03\x00"), /* mov to (%edi), 8(%edi), 4(%edi) */
	PIECE("\x87\x07"), PIECE("\xf0\x21\x07"), PIECE("\x01\x07"), PIECE("\xf0\x0f\xb1\x0f"),             /* xchg, and, add, cmpxchg */
	PIECE("\xab"), PIECE("\x0f\x01\x3a"), PIECE("\x0f\x20\xd9\x0f\x22\xd9"),                            /* stos; invlpg (%edx); cr3 by ecx */
	PIECE("\x8b\x06"), PIECE("\x89\x06"), PIECE("\x03\x46\x10"), PIECE("\x0d\x67\x00\x00\x00"),         /* data; or $0x67,%eax */
	PIECE("\x83\xc7\x08"), PIECE("\xf7\xd0"), PIECE("\xd1\xe8"), PIECE("\x8d\x04\x0e"), PIECE("\x0f\x44\xc1"),
	PIECE("\x39\xc8"), PIECE("\x90"), PIECE("\x0f\x1f\x00"), PIECE("\x50\x59"), PIECE("\xeb\x01\xf4"),
	PIECE("\x74\x02\x89\x07"), PIECE("\x0f\x82\x02\x00\x00\x00\x89\x06"), PIECE("\xe8\x01\x00\x00\x00\xf4\x59"), /* jumps over HLT and stores */
	PIECE("\xe8\x02\x00\x00\x00\xeb\x01\xc3"),                                                          /* a call, and its return */
	WIDE("\x48\x89\x07"), WIDE("\x48\xc7\x07\x67\x00\x00\x00"), WIDE("\x48\x0f\xba\x37\x05"), WIDE("\x48\xab"),
	WIDE("\x48\x8b\x06"), WIDE("\x48\x83\xc7\x08"), WIDE("\x41\x89\xc0"), WIDE("\x4c\x89\x46\x20"), WIDE("\xff\xd5"),
};
/* ebp: a pointer that leads astray; r9, and in 32-bit code ebp, to a byte of the program's own. */
static const struct piece hostile_ones[] = {
	PIECE("\x8b\x45\x00"), PIECE("\x89\x45\x00"), PIECE("\xff\x65\x00"), PIECE("\x87\x45\x00"), PIECE("\x0f\xa2"), PIECE("\x0f\x0b"),
	PIECE("\x0f\x10\x06"), PIECE("\x0f\x11\x07"), PIECE("\xf0\x0f\x20\xd8"), PIECE("\x0f\x22\xdd"), PIECE("\xcf"), PIECE("\xfb"),
	PIECE("\x0f\x38\xf1\x06"), PIECE("\x66\xeb\x00"), PIECE("\xf3\xab"), PIECE("\xff\xe5"), PIECE("\xc7\x45\xfe\x01\x02\x03\x04"),
	PIECE("\x0f\x20\xc0"), PIECE("\xf0\x0f\x20\xc0"), PIECE("\xff\xd5"),
	/* call the function that returns, but near the end the one in a page that is not executed */
	WIDE("\xbd\x00\x6c\x00\x00\x83\xfb\x02\x49\x0f\x44\xea\xff\xd5"), PIECE("\x80\x75\x00\x07"), PIECE("\xfe\x45\x00"),
};
/* clang-format on */

static bool fits(const struct piece *p, bool wide)
{
	return wide || !p->wide;
}

static const struct piece *draw(u64 (*pick)(u64), bool wide, bool hostile)
{
	const struct piece *p;

	hostile = hostile && pick(6) == 0;
	do
		p = hostile ? &hostile_ones[pick(ARRAY_SIZE(hostile_ones))] : &tame[pick(ARRAY_SIZE(tame))];
	while (!fits(p, wide));
	return p;
}

/* Where a hostile program's pointer leads: nowhere good, to tables, or to its own code. */
static u64 astray(u64 (*pick)(u64), u64 begin, unsigned len, bool wide)
{
	static const u32 pages[] = { HOST_ABSENT,       HOST_READ_ONLY, HOST_NOWHERE,
				     HOST_DATA + 0xffe, HOST_TABLES,    HOST_USER + HOST_DATA };

	switch (pick(4)) {
	case 0: return wide ? 0x800000000000ull + pick(64) : 0xfffffffeull;
	case 1: return begin + pick(len);
	}
	return pages[pick(ARRAY_SIZE(pages))] + pick(3);
}

static void set_stream_registers(struct svm_vcpu *s, u64 (*pick)(u64), u64 begin, unsigned len, bool hostile)
{
	const bool wide = svm_emul_mode(s) == EMUL_LONG;

	host_set_reg(s, RAX, 0x67 + (pick(64) << 12));
	host_set_reg(s, RCX, pick(2) ? 3 : 0x67 + (pick(64) << 12));
	host_set_reg(s, RDX, VICTIMS + (pick(16) << 12));
	host_set_reg(s, RBX, LOOPS);
	host_set_reg(s, RSI, HOST_DATA + 0x100);
	host_set_reg(s, RDI, (u64)((u8 *)host_entry(s, VICTIMS) - (u8 *)host_at(s, 0)));
	host_set_reg(s, RSP, HOST_STACK - 0x100);
	host_set_reg(s, RBP, hostile ? astray(pick, begin, len, wide) : RETURNS);
	host_set_reg(s, R10, NOT_EXECUTED);
	*(u8 *)host_at(s, RETURNS) = *(u8 *)host_at(s, NOT_EXECUTED) = 0xc3;
}

void stream_program(struct svm_vcpu *s, u64 (*pick)(u64), unsigned pieces, bool hostile)
{
	const bool wide = svm_emul_mode(s) == EMUL_LONG;
	u8 code[PROGRAM_MOST];
	unsigned n = 0;
	u64 begin = HOST_CODE + (pick(4) ? pick(0x400) : 0xfff - pick(64)), back;

	while (pieces-- && n < PROGRAM_MOST - 32) {
		const struct piece *p = draw(pick, wide, hostile);

		memcpy(code + n, p->bytes, p->len);
		n += p->len;
	}
	memcpy(code + n, "\xff\xcb\x0f\x85", 4); /* dec %ebx; jnz to the beginning; hlt */
	back = (u64) - (s64)(n + 8);
	memcpy(code + n + 4, &back, 4);
	code[n + 8] = 0xf4;
	n += 9;
	if (wide)
		*(u64 *)host_entry(s, NOT_EXECUTED) |= PTE_NX;
	memcpy(host_at(s, begin), code, n);
	s->vmcb.rip = begin;
	set_stream_registers(s, pick, begin, n, hostile);
}

void stream_to_user_mode(struct svm_vcpu *s)
{
	for (gva_t va = 0; va < HOST_USER; va += PAGE_SIZE)
		*(u8 *)host_entry(s, va) |= PTE_US;
	s->vmcb.cpl = 3;
}
