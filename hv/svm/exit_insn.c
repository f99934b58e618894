/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to the instruction that it is for: bytes are decoded, and must agree with what hardware says in exit code and
 * EXITINFO1. exit_insn.h says what must hold.
 */
#include "exit_insn.h"

#include "lib.h"
#include "plat.h"
#include "short_forms.h"
#include "svm_code.h"

/* Entries at one RIP at which the bytes never agreed with the exit, before the domain is crashed: no race lasts that long. */
#define MISMATCHES_MOST 1000

/* Which exit codes an operation can have: from `first` to before `end`. The rest of the agreement is agrees(). */
#define ONE(code)                                                                                                                \
	{                                                                                                                        \
		code, (code) + 1                                                                                                 \
	}
static const struct {
	u8 first, end;
} codes[INSN_OTHER + 1] = {
	[INSN_MOV_FROM_CR] = { VMEXIT_CR0_READ, VMEXIT_CR0_READ + 16 },
	[INSN_SMSW] = ONE(VMEXIT_CR0_READ),
	[INSN_MOV_TO_CR] = { VMEXIT_CR0_WRITE, VMEXIT_CR0_WRITE + 16 },
	[INSN_LMSW] = ONE(VMEXIT_CR0_WRITE),
	[INSN_CLTS] = ONE(VMEXIT_CR0_WRITE),
	[INSN_CPUID] = ONE(VMEXIT_CPUID),
	[INSN_INVD] = ONE(VMEXIT_INVD),
	[INSN_PAUSE] = ONE(VMEXIT_PAUSE),
	[INSN_HLT] = ONE(VMEXIT_HLT),
	[INSN_INVLPG] = ONE(VMEXIT_INVLPG),
	[INSN_INS] = ONE(VMEXIT_IOIO),
	[INSN_OUTS] = ONE(VMEXIT_IOIO),
	[INSN_RDMSR] = ONE(VMEXIT_MSR),
	[INSN_WRMSR] = ONE(VMEXIT_MSR),
	[INSN_VMMCALL] = ONE(VMEXIT_VMMCALL),
	[INSN_WBINVD] = ONE(VMEXIT_WBINVD),
	[INSN_XSETBV] = ONE(VMEXIT_XSETBV),
};

/* LOCK before MOV of CR0 means CR8, which all that have SVM know (APM volume 3, MOV CRn). */
static unsigned control_register(const struct insn *in)
{
	return in->prefix & INSN_P_LOCK ? 8 : in->reg;
}

/*
 * QEMU from 9.1 on checks a read of any control register against the intercept of CR0's and reports that one's code. Whoever
 * may read CR0 may read the others: SMSW alone comes from user mode.
 */
static bool agrees_cr_read(const struct svm_vcpu *s, unsigned cr)
{
	unsigned code = (u32)s->vmcb.exitcode - VMEXIT_CR0_READ;

	return s->vmcb.cpl == 0 && (code == cr || (code == 0 && (cr == 2 || cr == 3 || cr == 4 || cr == 8)));
}

/* A write's exit code tells the register, under every emulator too. */
static bool agrees_cr_write(const struct svm_vcpu *s, unsigned cr)
{
	return (u32)s->vmcb.exitcode - VMEXIT_CR0_WRITE == cr;
}

/* EXITINFO1 says direction, size and REP of INS and OUTS (APM volume 2, section 15.10.2): what moves data must be just that. */
static bool agrees_string_io(const struct svm_vcpu *s, const struct insn *in)
{
	u64 info = s->vmcb.exitinfo1;
	bool rep = in->prefix & (INSN_P_REP | INSN_P_REPNE);

	return (info & IOIO_STRING) && (in->op == INSN_INS) == !!(info & IOIO_IN) && in->opsize == IOIO_BYTES(info) &&
	       rep == !!(info & IOIO_REP);
}

/* What hardware tells besides the exit code must be true of the instruction. Of operations not named here it tells no more. */
static bool agrees(const struct svm_vcpu *s, const struct insn *in)
{
	switch (in->op) {
	case INSN_MOV_FROM_CR: return agrees_cr_read(s, control_register(in));
	case INSN_MOV_TO_CR: return agrees_cr_write(s, control_register(in));
	case INSN_INS:
	case INSN_OUTS: return agrees_string_io(s, in);
	case INSN_RDMSR:
	case INSN_WRMSR: return (in->op == INSN_WRMSR) == (s->vmcb.exitinfo1 & 1);
	}
	return true;
}

/* Can this exit be for that instruction? INSN_OTHER, whose range of codes is empty, is never one. */
static bool is_for_exit(const struct svm_vcpu *s, const struct insn *in)
{
	u32 code = (u32)s->vmcb.exitcode;

	return codes[in->op].first <= code && code < codes[in->op].end && agrees(s, in);
}

/* The bytes are others than hardware executed. The translations of their pages are forgotten, as a TLB may do at any time. */
static void mismatch(struct svm_vcpu *s)
{
	gva_t va = svm_linear_rip(s);

	s->mismatches = s->mismatch_rip == s->vmcb.rip ? s->mismatches + 1 : 1;
	s->mismatch_rip = s->vmcb.rip;
	if (s->mismatches > MISMATCHES_MOST)
		plat_domain_crash(s->v.domain, "the instruction at rip %lx is never the one that exit %lx is for", s->vmcb.rip,
				  s->vmcb.exitcode);
	paging_invlpg(&s->v, va);
	paging_invlpg(&s->v, va + FETCH_BYTES - 1);
	s->v.tlb_flush = 1;
}

/* `n` of the bytes at RIP are decoded. False: they are not the instruction that the exit is for, and mismatch() has seen to it. */
static bool decode_bytes(struct svm_vcpu *s, const u8 *bytes, unsigned n, struct insn *in)
{
	if (likely(n && emul_decode(in, bytes, n < MAX_INSN_BYTES ? n : MAX_INSN_BYTES, svm_emul_mode(s)) > 0) &&
	    likely(is_for_exit(s, in)))
		return true;
	mismatch(s);
	return false;
}

bool svm_exit_decode(struct svm_vcpu *s, struct insn *in)
{
	u8 bytes[FETCH_BYTES];

	return decode_bytes(s, bytes, svm_fetch(s, bytes), in);
}

/*
 * Any instruction, by the decoder. An operand in memory is only located: its handler reads it, if it wants it at all. Apart, so
 * that what is told without the decoder needs less of a stack.
 */
static __attribute__((noinline)) bool decoded(struct svm_vcpu *s, const u8 *bytes, unsigned n, struct exit_insn *x)
{
	struct emul_state st;
	struct insn in;

	if (!decode_bytes(s, bytes, n, &in))
		return false;
	*x = (struct exit_insn){ in.op, in.len, in.opsize, .in_memory = emul_has_mem(&in), .decoded = in };
	if (x->in_memory) {
		svm_emul_begin(s, &st, &in);
		x->va = emul_linear(&in, &st);
	} else {
		x->gpr = gpr_nr(in.rm);
	}
	if (in.op == INSN_MOV_FROM_CR || in.op == INSN_MOV_TO_CR)
		x->cr = (u8)control_register(&in);
	return true;
}

/* MOV to and from control registers without a prefix, which is how kernels write them. */
static inline bool is_short_move(const struct svm_vcpu *s, const u8 *p, struct exit_insn *x)
{
	unsigned cr, reg;
	bool to;

	if (unlikely(!short_move_cr(p, &to, &cr, &reg)))
		return false;
	x->op = to ? INSN_MOV_TO_CR : INSN_MOV_FROM_CR;
	x->len = 3;
	x->opsize = svm_emul_mode(s) == EMUL_LONG ? 8 : 4;
	x->cr = (u8)cr;
	x->in_memory = false;
	x->gpr = gpr_nr(reg);
	return likely(to ? agrees_cr_write(s, cr) : agrees_cr_read(s, cr));
}

bool svm_exit_insn(struct svm_vcpu *s, struct exit_insn *x)
{
	u8 bytes[FETCH_BYTES];
	unsigned n = svm_fetch(s, bytes);

	return (likely(n == FETCH_BYTES) && likely(is_short_move(s, bytes, x))) || decoded(s, bytes, n, x);
}

/*
 * NextRIP is believed only where it gives a length that an instruction can have: hardware does not save it at every exit (APM
 * volume 2, section 15.7.1).
 */
unsigned svm_find_length(struct svm_vcpu *s, u32 opcode, u32 mask, unsigned short_len)
{
	u8 bytes[FETCH_BYTES];
	struct insn in;
	unsigned n;

	if (svm_has_nrip && s->vmcb.nrip - s->vmcb.rip - 1 < MAX_INSN_BYTES) {
		svm_sync_nested(s);
		return (unsigned)(s->vmcb.nrip - s->vmcb.rip);
	}
	n = svm_fetch(s, bytes);
	if (likely(n == FETCH_BYTES) && likely(!((short_word(bytes) ^ opcode) & mask)))
		return short_len;
	return decode_bytes(s, bytes, n, &in) ? in.len : 0;
}

u64 svm_gpr(const struct svm_vcpu *s, gpr_nr_t reg, unsigned bytes)
{
	u64 val = reg.n == RAX ? s->vmcb.rax : reg.n == RSP ? s->vmcb.rsp : s->v.gpr[reg.n];

	return bytes == 8 ? val : bytes == 4 ? (u32)val : (u16)val;
}

void svm_set_gpr(struct svm_vcpu *s, gpr_nr_t reg, unsigned bytes, u64 val)
{
	u64 *place = reg.n == RAX ? &s->vmcb.rax : reg.n == RSP ? &s->vmcb.rsp : &s->v.gpr[reg.n];

	*place = bytes == 8 ? val : bytes == 4 ? (u32)val : (*place & ~0xffffull) | (u16)val;
}

/* An access to the operand: true if made; otherwise the fault is the guest's by now, or it tries again. */
static bool operand_done(struct svm_vcpu *s, int r)
{
	if (r != EMUL_DONE)
		svm_emulated(s, r, TRIP_other);
	return r == EMUL_DONE;
}

bool svm_read_operand(struct svm_vcpu *s, const struct exit_insn *x, u16 *val)
{
	struct emul_state st;

	svm_emul_begin(s, &st, &x->decoded);
	return operand_done(s, emul_read_operand(&x->decoded, &st, s->ops, s, val, sizeof(*val)));
}

bool svm_write_operand(struct svm_vcpu *s, const struct exit_insn *x, u16 val)
{
	struct emul_state st;

	svm_emul_begin(s, &st, &x->decoded);
	return operand_done(s, emul_write_operand(&x->decoded, &st, s->ops, s, &val, sizeof(val)));
}
