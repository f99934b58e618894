/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the emulator share: one execution, registers, addresses, memory.
 *
 * State is changed last: a handler fetches everything and writes memory before it
 * sets a register, the flags or rip. Private to hv/emul.
 */
#ifndef EMUL_OPERAND_H
#define EMUL_OPERAND_H

#include "emul.h"
#include "vcpu.h"

#define RFLAGS_CF 0x001ull
#define RFLAGS_PF 0x004ull
#define RFLAGS_AF 0x010ull
#define RFLAGS_ZF 0x040ull
#define RFLAGS_SF 0x080ull
#define RFLAGS_DF 0x400ull
#define RFLAGS_OF 0x800ull
#define RFLAGS_IOPL 0x3000ull
#define RFLAGS_RF 0x10000ull
#define RFLAGS_VM 0x20000ull

/* One call of emul_execute(). */
struct run {
	const struct insn *in;
	struct emul_state *st;
	const struct emul_ops *ops;
	void *ctx;
};

/* `bytes` is 1, 2, 4 or 8. */
static inline u64 low_bytes(u64 value, unsigned bytes) { return value & (~0ull >> (64 - 8 * bytes)); }

/* An offset that `adsize` bytes hold, in a segment. Outside 64-bit mode linear addresses wrap at 4 GiB. */
static inline u64 to_linear(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize)
{
	if (unlikely(adsize != 8))
		offset = low_bytes(offset, adsize);
	if (likely(st->mode == EMUL_LONG))
		return unlikely(seg >= EMUL_FS) ? offset + st->seg_base[seg] : offset;
	return (u32)(offset + st->seg_base[seg]);
}

/* Offset of the memory operand, not yet cut to the address size. */
static inline u64 effective(const struct insn *in, const struct emul_state *st)
{
	u64 ea = (s64)in->disp;

	if (likely(in->base < NR_GPRS))
		ea += st->gpr[in->base];
	else if (in->base == INSN_R_RIP)
		ea += st->rip + in->len;
	else if (in->base == INSN_R_MOFFS)
		ea = in->imm;
	if (in->index < NR_GPRS)
		ea += st->gpr[in->index] << in->scale;
	return ea;
}

static inline u64 linear_address(const struct insn *in, const struct emul_state *st)
{
	u64 offset = effective(in, st);

	return likely(in->flags & INSN_F_FLAT) ? offset : to_linear(st, in->seg, offset, in->adsize);
}

/* The instruction is over. */
static inline int finish(struct emul_state *st, u64 rip)
{
	st->rip = likely(st->mode == EMUL_LONG) ? rip : (u32)rip;
	st->rflags &= ~RFLAGS_RF;
	return EMUL_DONE;
}

static inline int next(struct run *x) { return finish(x->st, x->st->rip + x->in->len); }

static inline int mem_read(struct run *x, u64 linear, u64 *value, unsigned bytes)
{
	*value = 0;
	return x->ops->read(x->ctx, linear, value, bytes, false);
}

/* The rm operand, in a register or in memory. */
static inline int read_rm(struct run *x, u64 *value, unsigned bytes)
{
	if (emul_has_mem(x->in))
		return mem_read(x, emul_linear(x->in, x->st), value, bytes);
	*value = emul_reg(x->st, x->in->rm, bytes);
	return 0;
}

/*
 * What INSN_ADD to INSN_BTC make of dst and src, `bytes` wide: the new destination (for
 * CMP, TEST and BT to be thrown away), and *rflags updated. Flags that the architecture
 * leaves undefined get what AMD's processors usually give.
 */
u64 emul_alu(unsigned op, unsigned bytes, u64 dst, u64 src, u64 *rflags);

/* Handlers, for emul_execute()'s table. */
int emul_string(struct run *x);
int emul_sse(struct run *x);
int emul_push(struct run *x);
int emul_pop(struct run *x);
int emul_call(struct run *x);

#endif
