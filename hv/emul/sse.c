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
	u64 linear = emul_linear(in, x->st);
	unsigned at = in->flags & INSN_F_HIGH ? 8 : 0;
	u8 xmm[16] = { 0 };
	int r = 0;

	if (!x->ops->xmm_read || !x->ops->xmm_write)
		return EMUL_UNHANDLEABLE;
	if (in->flags & INSN_F_ALIGNED && linear & 15)
		return EMUL_GP;
	if (in->op == INSN_SSE_STORE || in->flags & INSN_F_MERGE)
		r = x->ops->xmm_read(x->ctx, in->reg, xmm);
	if (r == 0 && in->op == INSN_SSE_STORE)
		r = x->ops->write(x->ctx, linear, xmm + at, in->opsize);
	else if (r == 0)
		r = x->ops->read(x->ctx, linear, xmm + at, in->opsize, false);
	if (r == 0 && in->op == INSN_SSE_LOAD)
		r = x->ops->xmm_write(x->ctx, in->reg, xmm);
	return r ? r : next(x);
}
