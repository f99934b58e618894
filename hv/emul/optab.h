/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an opcode map's entry is written: one 64-bit word for each opcode, and nothing
 * but constants, so that the decoder reads all that it must know in one load.
 * Private to hv/emul.
 */
#ifndef EMUL_OPTAB_H
#define EMUL_OPTAB_H

#include "insn.h"

/* The low half is the instruction's op, dst, src and flags as they are; the high half says how to decode. */
#define T_OP(e)    ((u8)(e))
#define T_DST(e)   ((u8)((e) >> 8))
#define T_SRC(e)   ((u8)((e) >> 16))
#define T_FLAGS(e) ((u8)((e) >> 24))
#define DST(x)     ((u64)INSN_##x << 8)
#define SRC(x)     ((u64)INSN_##x << 16)
#define T_STORE    ((u64)INSN_F_STORE << 24) /* MOV to memory; dropped if it is to a register */

/* Immediates: how many bytes, and how they are extended. */
#define T_IMM(e) ((e) & (0xfull << 32))
#define IMM_NONE 0ull
#define IMM_IB   (1ull << 32)  /* 1, signed */
#define IMM_UB   (2ull << 32)  /* 1, unsigned */
#define IMM_IW   (3ull << 32)  /* 2, unsigned */
#define IMM_IZ   (4ull << 32)  /* 2 or 4, signed */
#define IMM_IV   (5ull << 32)  /* 2, 4 or 8 */
#define IMM_IWB  (6ull << 32)  /* 2 + 1: ENTER */
#define IMM_AP   (7ull << 32)  /* far pointer */
#define IMM_RARE (8ull << 32)  /* the bit of the following */
#define IMM_2B   (8ull << 32)  /* 1 + 1: EXTRQ, INSERTQ */
#define IMM_ONE  (9ull << 32)  /* none: the constant 1 */
#define IMM_UD   (10ull << 32) /* 4, unsigned: XOP */

/* Where the rm operand is. */
#define AT_MASK    (7ull << 36)
#define T_WHERE(e) ((e)&AT_MASK)
#define AT_NONE    0ull
#define AT_MODRM   (1ull << 36)
#define AT_MODRM3  (2ull << 36) /* ModRM whose mod is taken for 3: control registers */
#define AT_OPCODE  (3ull << 36) /* register in the opcode's low three bits */
#define AT_ACC     (4ull << 36) /* the accumulator */
#define AT_MOFFS   (5ull << 36) /* memory at an absolute address; reg is the accumulator */

#define T_BYTE  (1ull << 40) /* operands of one byte */
#define T_LOCK  (1ull << 41) /* LOCK is allowed if the destination is memory */
#define T_I64   (1ull << 42) /* #UD in 64-bit mode */
#define T_D64   (1ull << 43) /* operands of 8 bytes by default in 64-bit mode, never 4 */
#define T_F64   (1ull << 44) /* operands of 8 bytes in 64-bit mode, of 4 elsewhere */
#define T_MEM   (1ull << 45) /* #UD with a register */
#define T_REG   (1ull << 46) /* #UD with memory */
#define T_GROUP (1ull << 47) /* op is a group's number: ModRM.reg selects */
#define T_ESC   (1ull << 48) /* prefix, escape, or an opcode that a mode turns into one: op is an ESC_ code */
#define T_FIX   (1ull << 49) /* needs a second look once ModRM is known */
#define T_IO    (1ull << 50) /* operands of 4 bytes at most: IN, OUT, INS, OUTS */

/* In place of an operation: an opcode that nothing defines; one whose bytes are not all there. */
#define BAD   (T_FIX | 0xff)
#define SHORT 0xfe

enum esc {
	ESC_REX,
	ESC_OPSIZE,
	ESC_ADSIZE,
	ESC_SEG,
	ESC_LOCK,
	ESC_REPNE,
	ESC_REP,
	ESC_0F,
	ESC_EVEX,
	ESC_VEX3,
	ESC_VEX2,
	ESC_XOP,
	ESC_ARPL,
};

enum group {
	GRP_1B,
	GRP_1,
	GRP_1A,
	GRP_2,
	GRP_3B,
	GRP_3,
	GRP_4,
	GRP_5,
	GRP_11,
	GRP_6,
	GRP_8,
	GRP_9,
	NR_GROUPS,
};

extern const u64 emul_map_one[256];
extern const u64 emul_map_0f[256];
extern const u64 emul_group[NR_GROUPS][8];

/*
 * What ModRM or a mandatory prefix makes of an entry with T_FIX: the entry to go on
 * with. in->prefix, map, opcode, modrm and opsize are set; opsize, flags and rm may change.
 */
u64 emul_fixup(struct insn *in, u64 entry);

/* What VEX, EVEX (vmap 1 to 7) and XOP (8 to 10) opcodes are made of: an entry. */
u64 emul_vector_entry(unsigned vmap, u8 opcode);

#endif
