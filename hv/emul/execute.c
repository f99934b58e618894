/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator's main line: plain stores at once, everything else through a table of
 * handlers by operation; moves, read-modify-write, compare-and-exchange.
 */
#include "operand.h"

/* Tries at an atomic update that other vCPUs keep spoiling, before the guest gets its turn. */
#define ATOMIC_TRIES 8

u64 emul_reg(const struct emul_state *st, unsigned reg, unsigned bytes)
{
	if (reg >= INSN_R_AH)
		return (st->gpr[(reg - INSN_R_AH) & 3] >> 8) & 0xff;
	return low_bytes(st->gpr[reg], bytes);
}

void emul_set_reg(struct emul_state *st, unsigned reg, unsigned bytes, u64 value)
{
	u64 keep;

	if (reg >= INSN_R_AH) {
		reg = (reg - INSN_R_AH) & 3;
		st->gpr[reg] = (st->gpr[reg] & ~0xff00ull) | (value & 0xff) << 8;
		return;
	}
	keep = bytes >= 4 ? 0 : ~low_bytes(~0ull, bytes);
	st->gpr[reg] = (st->gpr[reg] & keep) | low_bytes(value, bytes);
}

u64 emul_linear(const struct insn *in, const struct emul_state *st)
{
	u64 offset = effective(in, st);

	return likely(in->flags & INSN_F_FLAT) ? offset : to_linear(st, in->seg, offset, in->adsize);
}

unsigned emul_mem_bytes(const struct insn *in)
{
	switch (in->op) {
	case INSN_MOVZX8:
	case INSN_MOVSX8: return 1;
	case INSN_MOVZX16:
	case INSN_MOVSX16:
	case INSN_LMSW:
	case INSN_SMSW: return 2;
	case INSN_MOVSXD: return 4; /* with a 16-bit destination too, on AMD's processors */
	case INSN_CMPXCHG8B: return 2 * in->opsize;
	case INSN_INVPCID: return 16;
	}
	return in->op > INSN_LAST_EXECUTED || in->op == INSN_LEA || in->op == INSN_NOP ? 0 : in->opsize;
}

/* Condition codes as encoded: the low bit negates. */
bool emul_condition(unsigned cc, u64 f)
{
	bool sign = !(f & RFLAGS_SF) != !(f & RFLAGS_OF);
	bool r = false;

	switch ((cc >> 1) & 7) {
	case 0: r = f & RFLAGS_OF; break;
	case 1: r = f & RFLAGS_CF; break;
	case 2: r = f & RFLAGS_ZF; break;
	case 3: r = f & (RFLAGS_CF | RFLAGS_ZF); break;
	case 4: r = f & RFLAGS_SF; break;
	case 5: r = f & RFLAGS_PF; break;
	case 6: r = sign; break;
	case 7: r = sign || f & RFLAGS_ZF; break;
	}
	return r != (cc & 1);
}

static u64 byte_swap(u64 value, unsigned bytes)
{
	return __builtin_bswap64(value) >> (64 - 8 * bytes);
}

/* What the destination of a move gets, from its source. */
static u64 moved(const struct run *x, u64 value)
{
	switch (x->in->op) {
	case INSN_MOVSX8: return (s64)(s8)value;
	case INSN_MOVSX16: return (s64)(s16)value;
	case INSN_MOVSXD: return (s64)(s32)value;
	case INSN_MOVBE: return byte_swap(value, x->in->opsize);
	case INSN_SETCC: return emul_condition(x->in->opcode, x->st->rflags);
	}
	return value;
}

static int read_source(struct run *x, u64 *value)
{
	const struct insn *in = x->in;

	switch (in->src) {
	case INSN_REG: *value = emul_reg(x->st, in->reg, in->opsize); return 0;
	case INSN_IMM: *value = low_bytes(in->imm, in->opsize); return 0;
	case INSN_RM: return read_rm(x, value, emul_mem_bytes(in));
	}
	*value = 0;
	return 0;
}

static int move(struct run *x)
{
	const struct insn *in = x->in;
	u64 value;
	int r = read_source(x, &value);

	if (r)
		return r;
	value = moved(x, value);
	if (in->dst == INSN_RM && emul_has_mem(in)) {
		r = reach_mem(x, in->opsize, true);
		if (r == 0)
			r = mem_write(x, &value);
		if (r)
			return r;
	} else {
		emul_set_reg(x->st, in->dst == INSN_RM ? in->rm : in->reg, in->opsize, value);
	}
	return next(x);
}

/* The source is read whatever the condition; 32-bit destinations lose their upper half whatever it is. */
static int cmov(struct run *x)
{
	const struct insn *in = x->in;
	u64 value;
	int r = read_rm(x, &value, in->opsize);

	if (r)
		return r;
	if (!emul_condition(in->opcode, x->st->rflags))
		value = emul_reg(x->st, in->reg, in->opsize);
	emul_set_reg(x->st, in->reg, in->opsize, value);
	return next(x);
}

static int lea(struct run *x)
{
	u64 offset = low_bytes(effective(x->in, x->st), x->in->adsize);

	emul_set_reg(x->st, x->in->reg, x->in->opsize, offset);
	return next(x);
}

static int nop(struct run *x)
{
	return next(x);
}

static bool writes_back(unsigned op)
{
	return op != INSN_CMP && op != INSN_TEST && op != INSN_BT;
}

/* Registers and flags after a read-modify-write; the exchanging ones also give the old value to a register. */
static int rmw_commit(struct run *x, u64 old, u64 rflags)
{
	if (x->in->op == INSN_XCHG || x->in->op == INSN_XADD)
		emul_set_reg(x->st, x->in->reg, x->in->opsize, old);
	x->st->rflags = rflags;
	return next(x);
}

/* Read, compute and, where the operation has a result, write back the operand in memory. */
static int rmw_memory(struct run *x, u64 src)
{
	const struct insn *in = x->in;
	bool write = writes_back(in->op), done = false;
	u64 old = 0, result, rflags;
	int r = x->ops->read(x->ctx, x->linear, &old, in->opsize, write);

	for (unsigned i = 0; r == 0 && !done; i++) {
		if (i == ATOMIC_TRIES)
			return EMUL_AGAIN;
		rflags = x->st->rflags;
		result = emul_alu(in->op, in->opsize, old, src, &rflags);
		if (write && (in->prefix & INSN_P_LOCK || in->op == INSN_XCHG)) {
			r = x->ops->cmpxchg(x->ctx, x->linear, &old, &result, in->opsize, &done);
			continue;
		}
		done = true;
		if (write)
			r = mem_write(x, &result);
	}
	return r ? r : rmw_commit(x, old, rflags);
}

static int rmw_explicit(struct run *x, u64 src)
{
	int r = reach_mem(x, x->in->opsize, writes_back(x->in->op));

	return r ? r : rmw_memory(x, src);
}

/* XADD and XCHG of a register with itself: rm, written last, wins. */
static int rmw_register(struct run *x, unsigned reg, u64 src)
{
	const struct insn *in = x->in;
	u64 old = emul_reg(x->st, reg, in->opsize), rflags = x->st->rflags;
	u64 result = emul_alu(in->op, in->opsize, old, src, &rflags);

	rmw_commit(x, old, rflags);
	if (writes_back(in->op))
		emul_set_reg(x->st, reg, in->opsize, result);
	return EMUL_DONE;
}

static int rmw(struct run *x)
{
	const struct insn *in = x->in;
	u64 src;
	int r = read_source(x, &src);

	if (r)
		return r;
	if (in->dst == INSN_RM && emul_has_mem(in))
		return rmw_explicit(x, src);
	return rmw_register(x, in->dst == INSN_RM ? in->rm : in->reg, src);
}

static int shift_rmw(struct run *x)
{
	const struct insn *in = x->in;
	u64 count = in->src == INSN_IMM ? in->imm : x->st->gpr[RCX];

	if (emul_has_mem(in))
		return rmw_explicit(x, count);
	return rmw_register(x, in->rm, count);
}

/*
 * A bit number in a register reaches beyond the operand: it is a signed number of bits
 * from the operand's address, of which the operand-sized unit that holds it is touched.
 */
static int bit_rmw(struct run *x)
{
	const struct insn *in = x->in;
	unsigned bytes = in->opsize, shift = bytes == 8 ? 6 : bytes == 4 ? 5 : 4;
	u64 src = in->imm, offset;
	s64 bit;
	int r;

	if (in->src == INSN_REG)
		src = emul_reg(x->st, in->reg, bytes);
	if (!emul_has_mem(in))
		return rmw_register(x, in->rm, src & (8 * bytes - 1));
	bit = (s64)(src << (64 - 8 * bytes)) >> (64 - 8 * bytes);
	offset = effective(in, x->st);
	if (in->src == INSN_REG)
		offset += (u64)((bit >> shift) * (s64)bytes);
	r = reach(x, in->seg, offset, in->adsize, bytes, writes_back(in->op));
	return r ? r : rmw_memory(x, src & (8 * bytes - 1));
}

/*
 * The memory half of a compare-and-exchange of up to 16 bytes, which were reached for. *old: expected in, found
 * out. Without LOCK hardware writes too, the old value if it was not the expected one.
 */
static int exchange(struct run *x, u64 old[2], const u64 new_[2], bool *done)
{
	u64 found[2] = { 0, 0 };
	int r;

	*done = false;
	for (unsigned i = 0; x->in->prefix & INSN_P_LOCK; i++) {
		if (i == ATOMIC_TRIES)
			return EMUL_AGAIN;
		found[0] = old[0];
		found[1] = old[1];
		r = x->ops->cmpxchg(x->ctx, x->linear, found, new_, x->bytes, done);
		if (r == 0 && !*done && found[0] == old[0] && found[1] == old[1])
			continue; /* it changed and changed back */
		old[0] = found[0];
		old[1] = found[1];
		return r;
	}
	r = x->ops->read(x->ctx, x->linear, found, x->bytes, true);
	if (r)
		return r;
	*done = found[0] == old[0] && found[1] == old[1];
	old[0] = found[0];
	old[1] = found[1];
	return mem_write(x, *done ? new_ : found);
}

static int cmpxchg(struct run *x)
{
	const struct insn *in = x->in;
	u64 acc = emul_reg(x->st, RAX, in->opsize);
	u64 old[2] = { acc, 0 }, new_[2] = { emul_reg(x->st, in->reg, in->opsize), 0 };
	bool done;
	int r;

	if (emul_has_mem(in)) {
		r = reach_mem(x, in->opsize, true);
		if (r == 0)
			r = exchange(x, old, new_, &done);
		if (r)
			return r;
	} else {
		old[0] = emul_reg(x->st, in->rm, in->opsize);
		done = old[0] == acc;
		if (done) /* else not even the upper half is cleared, on AMD's processors */
			emul_set_reg(x->st, in->rm, in->opsize, new_[0]);
	}
	emul_alu(INSN_CMP, in->opsize, acc, old[0], &x->st->rflags);
	if (!done)
		emul_set_reg(x->st, RAX, in->opsize, old[0]);
	return next(x);
}

/* CMPXCHG8B and CMPXCHG16B; the latter insists on alignment. */
static int cmpxchg8b(struct run *x)
{
	const struct insn *in = x->in;
	unsigned half = in->opsize;
	u64 *gpr = x->st->gpr;
	u64 old[2] = { gpr[RAX], gpr[RDX] }, new_[2] = { gpr[RBX], gpr[RCX] };
	bool done;
	int r = reach_mem(x, 2 * half, true);

	if (r)
		return r;
	if (half == 8 && x->linear & 15)
		return EMUL_GP;
	if (half == 4) {
		old[0] = (u32)gpr[RAX] | gpr[RDX] << 32;
		new_[0] = (u32)gpr[RBX] | gpr[RCX] << 32;
		old[1] = new_[1] = 0;
	}
	r = exchange(x, old, new_, &done);
	if (r)
		return r;
	x->st->rflags = (x->st->rflags & ~RFLAGS_ZF) | (done ? RFLAGS_ZF : 0);
	if (!done) {
		gpr[RAX] = half == 8 ? old[0] : (u32)old[0];
		gpr[RDX] = half == 8 ? old[1] : old[0] >> 32;
	}
	return next(x);
}

/* clang-format off */
static int (*const handlers[])(struct run *) = {
	[INSN_ADD ... INSN_CMP] = rmw,
	[INSN_ROL ... INSN_SAR] = shift_rmw,
	[INSN_TEST ... INSN_XCHG] = rmw,
	[INSN_BT ... INSN_BTC] = bit_rmw,
	[INSN_MOV ... INSN_MOVBE] = move,
	[INSN_LEA] = lea,
	[INSN_NOP] = nop,
	[INSN_SETCC] = move,
	[INSN_CMOVCC] = cmov,
	[INSN_CMPXCHG] = cmpxchg,
	[INSN_CMPXCHG8B] = cmpxchg8b,
	[INSN_PUSH] = emul_push,
	[INSN_POP] = emul_pop,
	[INSN_PUSHF] = emul_push,
	[INSN_CALL] = emul_call,
	[INSN_JCC ... INSN_JMP] = emul_jump,
	[INSN_RET] = emul_return,
	[INSN_MOVS ... INSN_SCAS] = emul_string,
	[INSN_SSE_LOAD ... INSN_SSE_STORE] = emul_sse,
};
/* clang-format on */

static int store(struct run *x)
{
	u64 value = emul_store_value(x->in, x->st);
	int r = reach_mem(x, x->in->opsize, true);

	if (r == 0)
		r = mem_write(x, &value);
	return r ? r : next(x);
}

static __attribute__((noinline)) int execute_other(const struct insn *in, struct emul_state *st, const struct emul_ops *ops,
						   void *ctx)
{
	struct run x;
	int r;

	if (in->op > INSN_LAST_EXECUTED)
		return EMUL_UNHANDLEABLE;
	x.in = in;
	x.st = st;
	x.ops = ops;
	x.ctx = ctx; /* the rest is set by who reaches for memory */
	r = emul_is_store(in) ? store(&x) : handlers[in->op](&x);
	return likely(r <= 0) ? r : emul_refused(&x, r);
}

static __attribute__((noinline, cold)) int plain_refused(const struct insn *in, struct emul_state *st, int answer)
{
	struct run x = { .in = in, .st = st };

	reach_mem(&x, in->opsize, true);
	return emul_refused(&x, answer);
}

/* A plain store in 64-bit mode that needs no segment is done here, with everything in registers. */
int emul_execute(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx)
{
	const u8 plain = INSN_F_STORE | INSN_F_FLAT;
	u64 value;
	int r;

	if (unlikely((in->flags & plain) != plain))
		return execute_other(in, st, ops, ctx);
	value = emul_store_value(in, st);
	r = ops->write(ctx, effective(in, st), &value, in->opsize);
	if (unlikely(r))
		return plain_refused(in, st, r);
	st->rip += in->len;
	st->rflags &= ~RFLAGS_RF;
	return EMUL_DONE;
}

int emul_read_operand(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx, void *val,
		      unsigned bytes)
{
	struct run x = { .in = in, .st = st, .ops = ops, .ctx = ctx };
	int r = reach_mem(&x, bytes, false);

	if (r == 0)
		r = ops->read(ctx, x.linear, val, bytes, false);
	return r > 0 ? emul_refused(&x, r) : r;
}

int emul_write_operand(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx, const void *val,
		       unsigned bytes)
{
	struct run x = { .in = in, .st = st, .ops = ops, .ctx = ctx };
	int r = reach_mem(&x, bytes, true);

	if (r == 0)
		r = mem_write(&x, val);
	return r > 0 ? emul_refused(&x, r) : r;
}
