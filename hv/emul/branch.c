/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Near calls, jumps and returns: calls whose stack lies in page-table pages, and all of them between instructions that are done in
 * one trip (svm/cluster.h).
 *
 * RIP moves last: where the target lies outside the code segment, or is not canonical, nothing has happened.
 */
#include "operand.h"

/* May it go on at that offset in the code segment? */
static int check_target(const struct emul_state *st, u64 target)
{
	if (st->mode == EMUL_LONG)
		return emul_canonical(st, target) ? 0 : EMUL_GP;
	return target <= st->seg[EMUL_CS].limit ? 0 : EMUL_GP;
}

/* Where a call or jump leads, relative or indirect, of the operand's size. */
static int find_target(struct run *x, u64 *target)
{
	const struct insn *in = x->in;
	int r = 0;

	*target = x->st->rip + in->len + in->imm;
	if (in->src != INSN_IMM)
		r = read_rm(x, target, in->opsize);
	*target = low_bytes(*target, in->opsize);
	return r ? r : check_target(x->st, *target);
}

int emul_call(struct run *x)
{
	const u64 after = x->st->rip + x->in->len;
	u64 target;
	int r = find_target(x, &target);

	if (r == 0)
		r = emul_push_value(x, after, x->in->opsize);
	return r ? r : finish(x->st, target);
}

int emul_jump(struct run *x)
{
	u64 target;
	int r;

	if (x->in->op == INSN_JCC && !emul_condition(x->in->opcode, x->st->rflags))
		return next(x);
	r = find_target(x, &target);
	return r ? r : finish(x->st, target);
}

int emul_return(struct run *x)
{
	struct emul_state *st = x->st;
	const unsigned bytes = x->in->opsize;
	u64 target;
	int r = emul_pop_value(x, &target, bytes);

	if (r == 0)
		r = check_target(st, target);
	if (r)
		return r;
	emul_set_reg(st, RSP, emul_stack_size(st), st->gpr[RSP] + bytes);
	return finish(st, target);
}
