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

#define RFLAGS_CF   0x001ull
#define RFLAGS_PF   0x004ull
#define RFLAGS_AF   0x010ull
#define RFLAGS_ZF   0x040ull
#define RFLAGS_SF   0x080ull
#define RFLAGS_DF   0x400ull
#define RFLAGS_OF   0x800ull
#define RFLAGS_IOPL 0x3000ull
#define RFLAGS_RF   0x10000ull
#define RFLAGS_VM   0x20000ull

/* One call of emul_execute(). */
struct run {
	const struct insn *in;
	struct emul_state *st;
	const struct emul_ops *ops;
	void *ctx;
	/* The operand in memory that was last reached for. */
	u64 linear;
	u8 seg, bytes;
};

/* `bytes` is 1, 2, 4 or 8. */
static inline u64 low_bytes(u64 value, unsigned bytes)
{
	return value & (~0ull >> (64 - 8 * bytes));
}

/* An offset that `adsize` bytes hold, in a segment. Outside 64-bit mode linear addresses wrap at 4 GiB. */
static inline u64 to_linear(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize)
{
	if (unlikely(adsize != 8))
		offset = low_bytes(offset, adsize);
	if (likely(st->mode == EMUL_LONG))
		return unlikely(seg >= EMUL_FS) ? offset + st->seg[seg].base : offset;
	return (u32)(offset + st->seg[seg].base);
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

/* Outside 64-bit mode: may these bytes of the segment be accessed? 0, or what the guest must see. */
int emul_check_segment(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize, unsigned bytes, bool write);
/* The rest of reach(), where the segment counts or the offset is cut: seg and bytes are in *x. */
int emul_reach_segment(struct run *x, u64 offset, unsigned adsize, bool write);

bool emul_canonical(const struct emul_state *st, u64 linear);
/* Memory gave this answer, not 0, for what was reached for: what emul_execute() returns. */
int emul_refused(const struct run *x, int answer);

/*
 * An operand in memory is to be reached for. In 64-bit mode an address may turn out not to be canonical; whatever memory
 * answers then, emul_execute() gives what the guest must see.
 */
static inline int reach(struct run *x, unsigned seg, u64 offset, unsigned adsize, unsigned bytes, bool write)
{
	x->linear = offset;
	x->seg = (u8)seg;
	x->bytes = (u8)bytes;
	if (likely(adsize == 8 && seg < EMUL_FS)) /* 64-bit mode alone has such addresses */
		return 0;
	return emul_reach_segment(x, offset, adsize, write);
}

/* The instruction's explicit one. */
static inline int reach_mem(struct run *x, unsigned bytes, bool write)
{
	u64 offset = effective(x->in, x->st);

	if (unlikely(!(x->in->flags & INSN_F_FLAT)))
		return reach(x, x->in->seg, offset, x->in->adsize, bytes, write);
	x->linear = offset;
	x->seg = x->in->seg;
	x->bytes = (u8)bytes;
	return 0;
}

/* The instruction is over. */
static inline int finish(struct emul_state *st, u64 rip)
{
	st->rip = likely(st->mode == EMUL_LONG) ? rip : (u32)rip;
	st->rflags &= ~RFLAGS_RF;
	return EMUL_DONE;
}

static inline int next(struct run *x)
{
	return finish(x->st, x->st->rip + x->in->len);
}

/* What was reached for. */
static inline int mem_read(struct run *x, u64 *value)
{
	*value = 0;
	return x->ops->read(x->ctx, x->linear, value, x->bytes, false);
}

static inline int mem_write(struct run *x, const void *value)
{
	return x->ops->write(x->ctx, x->linear, value, x->bytes);
}

/* The rm operand, in a register or in memory. */
static inline int read_rm(struct run *x, u64 *value, unsigned bytes)
{
	int r;

	if (emul_has_mem(x->in)) {
		r = reach_mem(x, bytes, false);
		return r ? r : mem_read(x, value);
	}
	*value = emul_reg(x->st, x->in->rm, bytes);
	return 0;
}

/*
 * What INSN_ADD to INSN_BTC make of dst and src, `bytes` wide: the new destination (for
 * CMP, TEST and BT to be thrown away), and *rflags updated. Flags that the architecture
 * leaves undefined get what AMD's processors usually give.
 */
u64 emul_alu(unsigned op, unsigned bytes, u64 dst, u64 src, u64 *rflags);

/* Does the condition hold, by its code as encoded in an opcode's low four bits? */
bool emul_condition(unsigned cc, u64 rflags);

/* The stack pointer's size in bytes. A push moves the stack pointer once memory has been reached; a pop leaves that to the caller. */
unsigned emul_stack_size(const struct emul_state *st);
int emul_push_value(struct run *x, u64 value, unsigned bytes);
int emul_pop_value(struct run *x, u64 *value, unsigned bytes);

/* Handlers, for emul_execute()'s table. */
int emul_string(struct run *x);
int emul_sse(struct run *x);
int emul_push(struct run *x);
int emul_pop(struct run *x);
int emul_call(struct run *x);
int emul_jump(struct run *x);
int emul_return(struct run *x);

#endif
