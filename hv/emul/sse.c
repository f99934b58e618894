/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSE moves between memory and an XMM register. Registers are bytes here: the
 * hypervisor itself is compiled without SSE, and the callbacks know where the guest's
 * registers are.
 */
#include "operand.h"

int emul_sse(struct run *x)
{
	const struct insn *in = x->in;
	unsigned at = in->flags & INSN_F_HIGH ? 8 : 0;
	u8 xmm[16] = { 0 };
	int r;

	if (!x->ops->xmm_read || !x->ops->xmm_write)
		return EMUL_UNHANDLEABLE;
	r = reach_mem(x, in->opsize, in->op == INSN_SSE_STORE);
	if (r)
		return r;
	if (in->flags & INSN_F_ALIGNED && x->linear & 15)
		return EMUL_GP;
	if (in->op == INSN_SSE_STORE || in->flags & INSN_F_MERGE)
		r = x->ops->xmm_read(x->ctx, in->reg, xmm);
	if (r == 0 && in->op == INSN_SSE_STORE)
		r = mem_write(x, xmm + at);
	else if (r == 0)
		r = x->ops->read(x->ctx, x->linear, xmm + at, in->opsize, false);
	if (r == 0 && in->op == INSN_SSE_LOAD)
		r = x->ops->xmm_write(x->ctx, in->reg, xmm);
	return r ? r : next(x);
}
