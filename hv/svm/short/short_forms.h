/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few encodings that kernels really use for what is intercepted most, matched
 * without the decoder. Each returns the instruction's length in bytes, or 0: ask the
 * decoder. `b` holds 16 fetched bytes; 64-bit mode where it says so.
 */
#ifndef SVM_SHORT_FORMS_H
#define SVM_SHORT_FORMS_H

#include "lib.h"
#include "vcpu.h"

static inline u32 short_word(const u8 *b)
{
	u32 w;

	memcpy(&w, b, sizeof(w));
	return w;
}

/* The opcodes of moves to and from control registers, as words. */
#define MOV_TO_CR   0x220f
#define MOV_FROM_CR 0x200f

/* `opcode` /3, a move to or from CR3: the general register's number. */
static inline unsigned short_cr3(const u8 *b, u16 opcode, unsigned *reg)
{
	*reg = b[2] - 0xd8u;
	return (short_word(b) & 0xffff) == opcode && *reg < 8 ? 3 : 0;
}

/* short_cr3 in 64-bit mode, where REX.B alone may stand before it and give the number its fourth bit. */
static inline unsigned short_cr3_any(const u8 *b, u16 opcode, unsigned *reg)
{
	unsigned len = b[0] == 0x41 ? short_cr3(b + 1, opcode, reg) : short_cr3(b, opcode, reg);

	if (!len || b[0] != 0x41)
		return len;
	*reg += 8;
	return len + 1;
}

/* 0F 20 /r and 0F 22 /r, MOV from and to any control register: that one's number and the general one's. 3 bytes. */
static inline bool short_move_cr(const u8 *b, bool *to, unsigned *cr, unsigned *reg)
{
	u32 w = short_word(b);

	*to = w & 0x200;
	*cr = (w >> 19) & 7;
	*reg = (w >> 16) & 7;
	return (w & 0xc0fdff) == 0xc0200f;
}

/* 0F 01 /7 with a base register and nothing besides, INVLPG (reg), 64-bit mode: its number. */
static inline unsigned short_invlpg(const u8 *b, unsigned *reg)
{
	u32 w = short_word(b), rm = (w >> 16) & 7;

	*reg = rm;
	return (w & 0xf8ffff) == 0x38010f && rm != 4 && rm != 5 ? 3 : 0;
}

/*
 * A store in one of these forms. ModRM 4 says that a SIB byte follows, and base 5 without a displacement is RIP-relative or has no
 * base (APM volume 3, "ModRM and SIB Bytes"): the latter are left to the decoder.
 */
struct short_store {
	u8 len, src, base, index, scale; /* register numbers; index SHORT_NO_INDEX: none */
	bool is_imm;                     /* the value is `imm`, not src */
	s32 disp, imm;
};
#define SHORT_NO_INDEX 4 /* as encoded: RSP is never an index */

/* `w`: REX or 0, opcode, ModRM and the byte behind, which is b[at]. `rex`: what REX must be but for its low bits, or 0. */
static inline __attribute__((always_inline)) bool short_store_of(const u8 *b, u32 w, unsigned at, u32 rex, struct short_store *st)
{
	unsigned mod = (w >> 22) & 3, rm = (w >> 16) & 7;

	st->is_imm = (w & 0x38fff8) == (0xc700 | rex);
	if (unlikely(((w & 0xfff8) != (0x8900 | rex) && !st->is_imm) || mod == 3))
		return false;
	st->src = (u8)(((w >> 19) & 7) | (w & 4) << 1);
	st->index = SHORT_NO_INDEX;
	if (rm == 4) {
		unsigned sib = w >> 24;
		st->scale = (u8)(sib >> 6);
		st->index = (u8)(((sib >> 3) & 7) | (w & 2) << 2);
		rm = sib & 7;
		at++;
	}
	if (unlikely(mod == 0 && rm == 5))
		return false;
	st->base = (u8)(rm | (w & 1) << 3);
	st->disp = 0;
	if (mod == 1)
		st->disp = (s8)b[at++];
	else if (mod == 2) {
		memcpy(&st->disp, b + at, sizeof(st->disp));
		at += 4;
	}
	if (st->is_imm) {
		memcpy(&st->imm, b + at, sizeof(st->imm));
		at += 4;
	}
	st->len = (u8)at;
	return true;
}

/*
 * REX.W 89 /r and REX.W C7 /0, MOV of a register or an immediate to 8 bytes of memory
 * with a base register, 64-bit mode: the way compilers write a page-table entry.
 * False: another form.
 */
static inline bool short_store(const u8 *b, struct short_store *st)
{
	return short_store_of(b, short_word(b), 3, 0x48, st);
}

/* 89 /r and C7 /0 without a prefix, MOV to 4 bytes of memory in 32-bit mode. */
static inline bool short_store_32(const u8 *b, struct short_store *st)
{
	return short_store_of(b, short_word(b) << 8, 2, 0, st);
}

#endif
