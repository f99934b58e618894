/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an opcode map's entry is written: one word for each opcode, and nothing
 * but constants, so that the decoder reads all that it must know in one load.
 * Private to hv/emul.
 */
#ifndef EMUL_OPTAB_H
#define EMUL_OPTAB_H

#include "insn.h"

#define T_OP(e) ((e) & 0xff)
#define T_DST(e) (((e) >> 8) & 3)
#define T_SRC(e) (((e) >> 10) & 3)
#define T_IMM(e) ((e) & 0xf000)
#define AT_MASK 0x70000
#define T_WHERE(e) ((e) & AT_MASK)

#define DST(x) ((u32)INSN_##x << 8)
#define SRC(x) ((u32)INSN_##x << 10)

/* Immediates: how many bytes, and how they are extended. */
enum {
	IMM_NONE = 0x0000,
	IMM_IB = 0x1000,  /* 1, signed */
	IMM_UB = 0x2000,  /* 1, unsigned */
	IMM_IW = 0x3000,  /* 2, unsigned */
	IMM_IZ = 0x4000,  /* 2 or 4, signed */
	IMM_IV = 0x5000,  /* 2, 4 or 8 */
	IMM_IWB = 0x6000, /* 2 + 1: ENTER */
	IMM_AP = 0x7000,  /* far pointer */
	IMM_2B = 0x8000,  /* 1 + 1: EXTRQ, INSERTQ */
	IMM_ONE = 0x9000, /* none: the constant 1 */
	IMM_UD = 0xa000,  /* 4, unsigned: XOP */
	IMM_RARE = 0x8000, /* the bit of the last three */
};

/* Where the rm operand is. */
enum {
	AT_NONE = 0x00000,
	AT_MODRM = 0x10000,
	AT_MODRM3 = 0x20000, /* ModRM whose mod is taken for 3: control registers */
	AT_OPCODE = 0x30000, /* register in the opcode's low three bits */
	AT_ACC = 0x40000,    /* the accumulator */
	AT_MOFFS = 0x50000,  /* memory at an absolute address; reg is the accumulator */
};

enum {
	T_BYTE = 0x00080000,  /* operands of one byte */
	T_LOCK = 0x00100000,  /* LOCK is allowed if the destination is memory */
	T_I64 = 0x00200000,   /* #UD in 64-bit mode */
	T_D64 = 0x00400000,   /* operands of 8 bytes by default in 64-bit mode, never 4 */
	T_F64 = 0x00800000,   /* operands of 8 bytes in 64-bit mode, of 4 elsewhere */
	T_MEM = 0x01000000,   /* #UD with a register */
	T_REG = 0x02000000,   /* #UD with memory */
	T_GROUP = 0x04000000, /* op is a group's number: ModRM.reg selects */
	T_ESC = 0x08000000,   /* prefix, escape, or an opcode that a mode turns into one: op is an enum esc */
	T_FIX = 0x10000000,   /* needs a second look once ModRM is known */
	T_STORE = 0x20000000, /* MOV to memory */
	T_IO = 0x40000000,    /* operands of 4 bytes at most: IN, OUT, INS, OUTS */
};

/* In place of an operation: an opcode that nothing defines; one whose bytes are not all there. */
#define BAD (T_FIX | 0xffu)
#define SHORT 0xfeu

enum esc */
	T_FIX = 0x10000000,   /* needs a second look once ModRM is known */
	T_STORE = 0x20000000, /* MOV to memory */
	T_IO = 0x40000000,    /* operands of 4 bytes at most: IN, OUT, INS, OUTS */
};

/* In place of an operation: an opcode that nothing defines; one whose bytes are not all there. */
#define BAD 0xffu
#define SHORT 0xfeu

enum esc {
	ESC_REX, ESC_OPSIZE, ESC_ADSIZE, ESC_SEG, ESC_LOCK, ESC_REPNE, ESC_REP,
	ESC_0F, ESC_EVEX, ESC_VEX3, ESC_VEX2, ESC_XOP, ESC_ARPL,
};

enum group {
	GRP_1B, GRP_1, GRP_1A, GRP_2, GRP_3B, GRP_3, GRP_4, GRP_5, GRP_11,
	GRP_6, GRP_8, GRP_9, NR_GROUPS,
};

extern const u32 emul_map_one[256];
extern const u32 emul_map_0f[256];
extern const u32 emul_group[NR_GROUPS][8];

/*
 * What ModRM or a mandatory prefix makes of an entry with T_FIX: the entry to go on
 * with. in->prefix, map, opcode, modrm and opsize are set; opsize, flags and rm may change.
 */
u32 emul_fixup(struct insn *in, u32 entry);

/* What VEX, EVEX (vmap 1 to 7) and XOP (8 to 10) opcodes are made of: an entry. */
u32 emul_vector_entry(unsigned vmap, u8 opcode);

#endif
