/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions, repeated or not.
 *
 * After each iteration the architectural registers are those that hardware would show
 * an interrupt handler, so a fault or the end of the allowance may come at any time and
 * running the instruction again goes on where it stopped.
 */
#include "operand.h"

static void step(struct run *x, unsigned reg)
{
	struct emul_state *st = x->st;
	u64 delta = st->rflags & RFLAGS_DF ? -(u64)x->in->opsize : x->in->opsize;

	emul_set_reg(st, reg, x->in->adsize, st->gpr[reg] + delta);
}

/* An element, at the address that a register holds. The destination's segment, ES, cannot be overridden. */
static inline int read_at(struct run *x, unsigned seg, unsigned reg, u64 *value)
{
	int r = reach(x, seg, x->st->gpr[reg], x->in->adsize, x->in->opsize, false);

	return r ? r : mem_read(x, value);
}

static inline __attribute__((always_inline)) int write_destination(struct run *x, u64 value)
{
	int r = reach(x, EMUL_ES, x->st->gpr[RDI], x->in->adsize, x->in->opsize, true);

	return r ? r : mem_write(x, &value);
}

static int movs(struct run *x)
{
	u64 value;
	int r = read_at(x, x->in->seg, RSI, &value);

	if (r == 0)
		r = write_destination(x, value);
	if (r)
		return r;
	step(x, RSI);
	step(x, RDI);
	return 0;
}

static int stos(struct run *x)
{
	int r = write_destination(x, emul_reg(x->st, RAX, x->in->opsize));

	if (r == 0)
		step(x, RDI);
	return r;
}

static int lods(struct run *x)
{
	u64 value;
	int r = read_at(x, x->in->seg, RSI, &value);

	if (r)
		return r;
	emul_set_reg(x->st, RAX, x->in->opsize, value);
	step(x, RSI);
	return 0;
}

static int cmps(struct run *x)
{
	u64 a, b;
	int r = read_at(x, x->in->seg, RSI, &a);

	if (r == 0)
		r = read_at(x, EMUL_ES, RDI, &b);
	if (r)
		return r;
	emul_alu(INSN_CMP, x->in->opsize, a, b, &x->st->rflags);
	step(x, RSI);
	step(x, RDI);
	return 0;
}

static int scas(struct run *x)
{
	u64 b;
	int r = read_at(x, EMUL_ES, RDI, &b);

	if (r)
		return r;
	emul_alu(INSN_CMP, x->in->opsize, emul_reg(x->st, RAX, x->in->opsize), b, &x->st->rflags);
	step(x, RDI);
	return 0;
}

/* The device's bytes are gone once they were read: the read that comes first sees whether there is a place for them. */
static int ins(struct run *x)
{
	int r = reach(x, EMUL_ES, x->st->gpr[RDI], x->in->adsize, x->in->opsize, true);
	u32 value;

	if (r == 0)
		r = x->ops->read(x->ctx, x->linear, &value, x->in->opsize, true);
	if (r)
		return r;
	value = x->ops->port_in(x->ctx, x->in->opsize);
	r = mem_write(x, &value);
	if (r == 0)
		step(x, RDI);
	return r;
}

static int outs(struct run *x)
{
	u64 value;
	int r = read_at(x, x->in->seg, RSI, &value);

	if (r)
		return r;
	x->ops->port_out(x->ctx, x->in->opsize, (u32)value);
	step(x, RSI);
	return 0;
}

static int iteration(struct run *x)
{
	switch (x->in->op) {
	case INSN_MOVS: return movs(x);
	case INSN_STOS: return stos(x);
	case INSN_LODS: return lods(x);
	case INSN_CMPS: return cmps(x);
	case INSN_INS: return ins(x);
	case INSN_OUTS: return outs(x);
	}
	return scas(x);
}

/* REPE and REPNE, where an iteration compares; elsewhere both just repeat. */
static bool ended_by_flags(const struct run *x)
{
	bool zf = x->st->rflags & RFLAGS_ZF;

	if (x->in->op != INSN_CMPS && x->in->op != INSN_SCAS)
		return false;
	return zf == !(x->in->prefix & INSN_P_REP);
}

static int repeated(struct run *x)
{
	struct emul_state *st = x->st;
	unsigned allowance = st->rep_max ? st->rep_max : EMUL_REP_MAX, adsize = x->in->adsize;

	for (u64 count; (count = emul_reg(st, RCX, adsize)) != 0;) {
		int r;

		if (allowance-- == 0)
			return EMUL_AGAIN;
		r = iteration(x);
		if (r)
			return r;
		emul_set_reg(st, RCX, adsize, count - 1);
		if (ended_by_flags(x))
			break;
	}
	return next(x);
}

int emul_string(struct run *x)
{
	int r;

	if (x->in->prefix & (INSN_P_REP | INSN_P_REPNE))
		return repeated(x);
	r = iteration(x);
	return r ? r : next(x);
}

int emul_string_io(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx)
{
	struct run x = { .in = in, .st = st, .ops = ops, .ctx = ctx };
	int r;

	if ((in->op != INSN_INS && in->op != INSN_OUTS) || in->opsize > sizeof(u32))
		return EMUL_UNHANDLEABLE;
	r = emul_string(&x);
	return r > 0 ? emul_refused(&x, r) : r;
}
