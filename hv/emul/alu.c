/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integer arithmetic with the flags that it leaves.
 *
 * Operands come in and go out zero-extended from their width.
 */
#include "operand.h"

#define ARITH_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static u64 top(u64 value, unsigned bytes)
{
	return (value >> (8 * bytes - 1)) & 1;
}

/* SF, ZF and PF of a result. */
static u64 result_flags(u64 r, unsigned bytes)
{
	return (top(r, bytes) ? RFLAGS_SF : 0) | (r == 0 ? RFLAGS_ZF : 0) | (__builtin_parity((u8)r) ? 0 : RFLAGS_PF);
}

static void set_flags(u64 *rflags, u64 mask, u64 value)
{
	*rflags = (*rflags & ~mask) | (value & mask);
}

static u64 add(unsigned bytes, u64 a, u64 b, u64 carry, u64 mask, u64 *rflags)
{
	u64 r = low_bytes(a + b + carry, bytes);
	bool cf = r < a || (carry && r == a);
	bool of = top((a ^ r) & (b ^ r), bytes);

	set_flags(rflags, mask, result_flags(r, bytes) | (cf ? RFLAGS_CF : 0) | (of ? RFLAGS_OF : 0) | ((a ^ b ^ r) & RFLAGS_AF));
	return r;
}

static u64 sub(unsigned bytes, u64 a, u64 b, u64 borrow, u64 mask, u64 *rflags)
{
	u64 r = low_bytes(a - b - borrow, bytes);
	bool cf = a < b || (borrow && a == b);
	bool of = top((a ^ b) & (a ^ r), bytes);

	set_flags(rflags, mask, result_flags(r, bytes) | (cf ? RFLAGS_CF : 0) | (of ? RFLAGS_OF : 0) | ((a ^ b ^ r) & RFLAGS_AF));
	return r;
}

static u64 logic(unsigned bytes, u64 r, u64 *rflags)
{
	set_flags(rflags, ARITH_FLAGS, result_flags(r, bytes));
	return r;
}

/* src is the bit's number, already within the operand. */
static u64 bit_op(unsigned op, u64 dst, u64 bit, u64 *rflags)
{
	u64 mask = 1ull << bit;

	set_flags(rflags, RFLAGS_CF, dst & mask ? RFLAGS_CF : 0);
	switch (op) {
	case INSN_BTS: return dst | mask;
	case INSN_BTR: return dst & ~mask;
	case INSN_BTC: return dst ^ mask;
	}
	return dst;
}

/* CF in *rflags is the bit beyond the top. */
static u64 rotate_carry(unsigned op, unsigned bytes, u64 dst, unsigned count, u64 *rflags)
{
	unsigned width = 8 * bytes;
	u64 cf = *rflags & RFLAGS_CF, old_cf;
	bool of;

	for (count %= width + 1; count; count--) {
		old_cf = cf;
		cf = op == INSN_RCL ? top(dst, bytes) : dst & 1;
		dst = op == INSN_RCL ? low_bytes(dst << 1, bytes) | old_cf : dst >> 1 | old_cf << (width - 1);
	}
	of = top(dst, bytes) ^ (op == INSN_RCL ? cf : (dst >> (width - 2)) & 1);
	set_flags(rflags, RFLAGS_CF | RFLAGS_OF, cf | (of ? RFLAGS_OF : 0));
	return dst;
}

static u64 rotate(unsigned op, unsigned bytes, u64 dst, unsigned count, u64 *rflags)
{
	unsigned width = 8 * bytes, n = count % width;
	u64 r = dst, cf;
	bool of;

	if (op == INSN_ROR)
		n = (width - n) % width;
	if (n)
		r = low_bytes(dst << n, bytes) | dst >> (width - n);
	cf = op == INSN_ROL ? r & 1 : top(r, bytes);
	of = top(r, bytes) ^ (op == INSN_ROL ? cf : (r >> (width - 2)) & 1);
	set_flags(rflags, RFLAGS_CF | RFLAGS_OF, cf | (of ? RFLAGS_OF : 0));
	return r;
}

/* 0 < count < 64. */
static u64 shift_left(unsigned bytes, u64 dst, unsigned count, u64 *rflags)
{
	unsigned width = 8 * bytes;
	u64 r = low_bytes(dst << count, bytes);
	u64 cf = count <= width ? (dst >> (width - count)) & 1 : 0;

	set_flags(rflags, ARITH_FLAGS, result_flags(r, bytes) | cf | (top(r, bytes) ^ cf ? RFLAGS_OF : 0));
	return r;
}

static u64 shift_right(unsigned op, unsigned bytes, u64 dst, unsigned count, u64 *rflags)
{
	bool negative = op == INSN_SAR && top(dst, bytes);
	u64 wide = negative ? dst | ~low_bytes(~0ull, bytes) : dst;
	u64 cf = (negative ? (u64)((s64)wide >> (count - 1)) : wide >> (count - 1)) & 1;
	u64 r = low_bytes(negative ? (u64)((s64)wide >> count) : wide >> count, bytes);
	bool of = op == INSN_SHR && top(dst, bytes);

	set_flags(rflags, ARITH_FLAGS, result_flags(r, bytes) | cf | (of ? RFLAGS_OF : 0));
	return r;
}

static u64 shift(unsigned op, unsigned bytes, u64 dst, u64 src, u64 *rflags)
{
	unsigned count = src & (bytes == 8 ? 63 : 31);

	if (count == 0)
		return dst;
	switch (op) {
	case INSN_ROL:
	case INSN_ROR: return rotate(op, bytes, dst, count, rflags);
	case INSN_RCL:
	case INSN_RCR: return rotate_carry(op, bytes, dst, count, rflags);
	case INSN_SHL:
	case INSN_SAL: return shift_left(bytes, dst, count, rflags);
	}
	return shift_right(op, bytes, dst, count, rflags);
}

static u64 one_operand(unsigned op, unsigned bytes, u64 dst, u64 *rflags)
{
	switch (op) {
	case INSN_INC: return add(bytes, dst, 1, 0, ARITH_FLAGS & ~RFLAGS_CF, rflags);
	case INSN_DEC: return sub(bytes, dst, 1, 0, ARITH_FLAGS & ~RFLAGS_CF, rflags);
	case INSN_NEG: return sub(bytes, 0, dst, 0, ARITH_FLAGS, rflags);
	}
	return low_bytes(~dst, bytes); /* NOT */
}

u64 emul_alu(unsigned op, unsigned bytes, u64 dst, u64 src, u64 *rflags)
{
	u64 carry = *rflags & RFLAGS_CF;

	switch (op) {
	case INSN_ADD:
	case INSN_XADD: return add(bytes, dst, src, 0, ARITH_FLAGS, rflags);
	case INSN_ADC: return add(bytes, dst, src, carry, ARITH_FLAGS, rflags);
	case INSN_SUB:
	case INSN_CMP: return sub(bytes, dst, src, 0, ARITH_FLAGS, rflags);
	case INSN_SBB: return sub(bytes, dst, src, carry, ARITH_FLAGS, rflags);
	case INSN_AND:
	case INSN_TEST: return logic(bytes, dst & src, rflags);
	case INSN_OR: return logic(bytes, dst | src, rflags);
	case INSN_XOR: return logic(bytes, dst ^ src, rflags);
	case INSN_XCHG: return src;
	case INSN_ROL ... INSN_SAR: return shift(op, bytes, dst, src, rflags);
	case INSN_BT ... INSN_BTC: return bit_op(op, dst, src, rflags);
	}
	return one_operand(op, bytes, dst, rflags);
}
