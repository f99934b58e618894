/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pushing and popping: for stacks that lie in page-table pages, and for POP to memory.
 *
 * The stack pointer moves only once the memory has been reached.
 */
#include "operand.h"

unsigned emul_stack_size(const struct emul_state *st)
{
	if (st->mode == EMUL_LONG)
		return 8;
	return st->ss_big ? 4 : 2;
}

int emul_push_value(struct run *x, u64 value, unsigned bytes)
{
	struct emul_state *st = x->st;
	unsigned size = emul_stack_size(st);
	u64 rsp = st->gpr[RSP] - bytes;
	int r = reach(x, EMUL_SS, rsp, size, bytes, true);

	if (r == 0)
		r = mem_write(x, &value);
	if (r == 0)
		emul_set_reg(st, RSP, size, rsp);
	return r;
}

/* Virtual-8086 mode below IOPL 3 has rules of its own: left to the guest. */
static int flags_image(struct run *x, u64 *value)
{
	u64 f = x->st->rflags;

	if (f & RFLAGS_VM && (f & RFLAGS_IOPL) != RFLAGS_IOPL)
		return EMUL_UNHANDLEABLE;
	*value = f & ~(RFLAGS_RF | RFLAGS_VM);
	return 0;
}

int emul_push(struct run *x)
{
	const struct insn *in = x->in;
	u64 value = in->imm;
	int r = 0;

	if (in->op == INSN_PUSHF)
		r = flags_image(x, &value);
	else if (in->src != INSN_IMM)
		r = read_rm(x, &value, in->opsize);
	if (r == 0)
		r = emul_push_value(x, value, in->opsize);
	return r ? r : next(x);
}

/* An address that is relative to the stack pointer uses its new value. */
static int pop_to_memory(struct run *x, u64 value, u64 new_rsp)
{
	struct emul_state *st = x->st;
	u64 old_rsp = st->gpr[RSP];
	int r;

	emul_set_reg(st, RSP, emul_stack_size(st), new_rsp);
	r = reach_mem(x, x->in->opsize, true);
	if (r == 0)
		r = mem_write(x, &value);
	if (r)
		st->gpr[RSP] = old_rsp;
	return r ? r : next(x);
}

int emul_pop_value(struct run *x, u64 *value, unsigned bytes)
{
	struct emul_state *st = x->st;
	int r = reach(x, EMUL_SS, st->gpr[RSP], emul_stack_size(st), bytes, false);

	return r ? r : mem_read(x, value);
}

int emul_pop(struct run *x)
{
	const struct insn *in = x->in;
	struct emul_state *st = x->st;
	u64 value, new_rsp = st->gpr[RSP] + in->opsize;
	int r = emul_pop_value(x, &value, in->opsize);

	if (r)
		return r;
	if (emul_has_mem(in))
		return pop_to_memory(x, value, new_rsp);
	emul_set_reg(st, RSP, emul_stack_size(st), new_rsp);
	emul_set_reg(st, in->rm, in->opsize, value);
	return next(x);
}
