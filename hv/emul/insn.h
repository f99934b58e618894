/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A decoded instruction: what the decoder fills in and everybody else reads.
 *
 * Small (32 bytes) and without pointers, so that it may be kept and copied.
 */
#ifndef EMUL_INSN_H
#define EMUL_INSN_H

#include "types.h"

/* The first 16 follow the order in which the encoding numbers them (ModRM.reg of groups 1 and 2). */
enum insn_op {
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	INSN_ROL,
	INSN_ROR,
	INSN_RCL,
	INSN_RCR,
	INSN_SHL,
	INSN_SHR,
	INSN_SAL,
	INSN_SAR,
	INSN_TEST,
	INSN_NOT,
	INSN_NEG,
	INSN_INC,
	INSN_DEC,
	INSN_XADD,
	INSN_XCHG,
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_MOV,
	INSN_MOVZX8,
	INSN_MOVZX16,
	INSN_MOVSX8,
	INSN_MOVSX16,
	INSN_MOVSXD,
	INSN_MOVBE,
	INSN_LEA,
	INSN_NOP,
	INSN_SETCC,
	INSN_CMOVCC,
	INSN_CMPXCHG,
	INSN_CMPXCHG8B, /* or 16B: opsize is that of a half, 4 or 8 */
	INSN_PUSH,
	INSN_POP,
	INSN_PUSHF,
	INSN_CALL,
	INSN_JCC,
	INSN_JMP,
	INSN_RET, /* near, all three; without an immediate */
	INSN_MOVS,
	INSN_CMPS,
	INSN_STOS,
	INSN_LODS,
	INSN_SCAS,
	INSN_SSE_LOAD,
	INSN_SSE_STORE, /* opsize: bytes moved */
	INSN_LAST_EXECUTED = INSN_SSE_STORE,

	/* Named because they cause exits; not executed here. */
	INSN_CPUID,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_RDPMC,
	INSN_RDPRU,
	INSN_HLT,
	INSN_PAUSE,
	INSN_MONITOR,
	INSN_MWAIT,
	INSN_MONITORX,
	INSN_MWAITX,
	INSN_IN,
	INSN_OUT, /* port: imm if src is INSN_IMM, else DX */
	INSN_INS,
	INSN_OUTS, /* opsize, adsize, seg (OUTS's source; INS's destination is ES), INSN_P_REP/REPNE */
	INSN_MOV_FROM_CR,
	INSN_MOV_TO_CR,
	INSN_MOV_FROM_DR,
	INSN_MOV_TO_DR, /* control register: reg; general: rm */
	INSN_LMSW,
	INSN_SMSW,
	INSN_CLTS, /* LMSW reads 16 bits of rm or memory */
	INSN_INVLPG,
	INSN_INVLPGA,
	INSN_INVPCID,
	INSN_INVD,
	INSN_WBINVD,
	INSN_XSETBV,
	INSN_XGETBV,
	INSN_SGDT,
	INSN_SIDT,
	INSN_LGDT,
	INSN_LIDT,
	INSN_VMRUN,
	INSN_VMMCALL,
	INSN_VMCALL,
	INSN_VMLOAD,
	INSN_VMSAVE,
	INSN_STGI,
	INSN_CLGI,
	INSN_SKINIT,
	INSN_INT3,
	INSN_INT,
	INSN_INTO,
	INSN_ICEBP,
	INSN_IRET,
	INSN_POPF,
	INSN_RSM,
	INSN_UD2,

	INSN_OTHER, /* only the length is known */
};

/* Prefixes; the low nibble is REX's. */
enum {
	INSN_P_B = 0x01,
	INSN_P_X = 0x02,
	INSN_P_R = 0x04,
	INSN_P_W = 0x08,
	INSN_P_REX = 0x40,
	INSN_P_OPSIZE = 0x100,
	INSN_P_ADSIZE = 0x200,
	INSN_P_LOCK = 0x400,
	INSN_P_REP = 0x800,
	INSN_P_REPNE = 0x1000, /* the last of the two counts: never both */
	INSN_P_SEG = 0x2000,   /* an override that counts in this mode */
};

enum {
	INSN_F_MEM = 0x01,     /* rm is in memory */
	INSN_F_STORE = 0x02,   /* only stores what is known */
	INSN_F_ALIGNED = 0x04, /* SSE: #GP unless aligned */
	INSN_F_HIGH = 0x08,    /* SSE: the upper half of the register */
	INSN_F_MERGE = 0x10,   /* SSE: the rest of the register stays */
	INSN_F_FLAT = 0x20,    /* the offset is the linear address; not set on every instruction of which that is true */
};

/* Where an operand is. */
enum { INSN_NONE, INSN_REG, INSN_RM, INSN_IMM };

/* Opcode maps. */
enum { INSN_MAP_ONE, INSN_MAP_0F, INSN_MAP_0F38, INSN_MAP_0F3A, INSN_MAP_VECTOR };

/* Registers beyond the 16: the high bytes of the first four, and what stands in for a base or index. */
enum { INSN_R_AH = 16, INSN_R_MOFFS = 0xfd, INSN_R_RIP = 0xfe, INSN_R_NONE = 0xff };

/* In an order that lets the decoder write neighbours with one store. */
struct insn {
	u64 imm; /* sign-extended; the address, if base is INSN_R_MOFFS; unsigned for ports and interrupt numbers */
	s32 disp;
	u8 op;       /* enum insn_op */
	u8 dst, src; /* INSN_REG, INSN_RM, ... */
	u8 flags;    /* INSN_F_* */
	u8 map;      /* INSN_MAP_* */
	u8 adsize;   /* bytes: 2, 4, 8 */
	u8 index;    /* register, shifted left by scale */
	u8 scale;
	u8 opcode;  /* last byte of it */
	u8 opsize;  /* bytes: 1, 2, 4, 8; SSE moves up to 16 */
	u16 prefix; /* INSN_P_* */
	u8 modrm;
	u8 seg;     /* enum emul_seg of the memory operand, override or default */
	u8 reg, rm; /* register numbers with REX's bits; rm only without INSN_F_MEM */
	u8 base;
	u8 len; /* bytes */
};

#endif
