/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one-byte and 0F opcode maps and their groups, as data (APM volume 3,
 * appendix A, tables ). The three-byte maps are regular enough to need
 * no table.
 */
#include "optab.h"

/* clang-format off */
#define Eb_Gb (AT_MODRM | T_BYTE | DST(RM) | SRC(REG))
#define Ev_Gv (AT_MODRM | DST(RM) | SRC(REG))
#define Gb_Eb (AT_MODRM | T_BYTE | DST(REG) | SRC(RM))
#define Gv_Ev (AT_MODRM | DST(REG) | SRC(RM))
#define Eb (AT_MODRM | T_BYTE | DST(RM))
#define Ev (AT_MODRM | DST(RM))
#define Eb_Ib (Eb | SRC(IMM) | IMM_IB)
#define Ev_Ib (Ev | SRC(IMM) | IMM_IB)
#define Ev_Iz (Ev | SRC(IMM) | IMM_IZ)
#define Eb_1 (Eb | SRC(IMM) | IMM_ONE)
#define Ev_1 (Ev | SRC(IMM) | IMM_ONE)
#define Eb_Ub (Eb | SRC(IMM) | IMM_UB)
#define Ev_Ub (Ev | SRC(IMM) | IMM_UB)
#define Al_Ib (AT_ACC | T_BYTE | DST(RM) | SRC(IMM) | IMM_IB)
#define Ax_Iz (AT_ACC | DST(RM) | SRC(IMM) | IMM_IZ)
#define Zv (AT_OPCODE | DST(RM))
#define M_ (AT_MODRM | INSN_OTHER)
#define MI (AT_MODRM | INSN_OTHER | IMM_UB)
#define L_ T_LOCK

#define ROW8(x) x, x, x, x, x, x, x, x

/* The first six of each arithmetic row. */
#define ARITH(op, lock)                                                                                               \
	op | Eb_Gb | lock, op | Ev_Gv | lock, op | Gb_Eb, op | Gv_Ev, op | Al_Ib, op | Ax_Iz
#define SEG_PUSH_POP INSN_OTHER | T_I64, INSN_OTHER | T_I64
#define ESC(x) (T_ESC | ESC_##x)

const u64 emul_map_one[256] = {
	[0x00] = ARITH(INSN_ADD, L_), SEG_PUSH_POP,
	[0x08] = ARITH(INSN_OR, L_), INSN_OTHER | T_I64, ESC(0F),
	[0x10] = ARITH(INSN_ADC, L_), SEG_PUSH_POP,
	[0x18] = ARITH(INSN_SBB, L_), SEG_PUSH_POP,
	[0x20] = ARITH(INSN_AND, L_), ESC(SEG), INSN_OTHER | T_I64,
	[0x28] = ARITH(INSN_SUB, L_), ESC(SEG), INSN_OTHER | T_I64,
	[0x30] = ARITH(INSN_XOR, L_), ESC(SEG), INSN_OTHER | T_I64,
	[0x38] = ARITH(INSN_CMP, 0), ESC(SEG), INSN_OTHER | T_I64,
	[0x40] = ROW8(ESC(REX)), ROW8(ESC(REX)),
	[0x50] = ROW8(INSN_PUSH | AT_OPCODE | SRC(RM) | T_D64),
	[0x58] = ROW8(INSN_POP | Zv | T_D64),
	[0x60] = INSN_OTHER | T_I64, INSN_OTHER | T_I64, ESC(EVEX), ESC(ARPL),
	[0x64] = ESC(SEG), ESC(SEG), ESC(OPSIZE), ESC(ADSIZE),
	[0x68] = INSN_PUSH | SRC(IMM) | IMM_IZ | T_D64, INSN_OTHER | AT_MODRM | IMM_IZ,
	[0x6a] = INSN_PUSH | SRC(IMM) | IMM_IB | T_D64, INSN_OTHER | AT_MODRM | IMM_IB,
	[0x6c] = INSN_INS | T_BYTE, INSN_INS | T_IO, INSN_OUTS | T_BYTE, INSN_OUTS | T_IO,
	[0x70] = ROW8(INSN_JCC | SRC(IMM) | IMM_IB | T_D64), ROW8(INSN_JCC | SRC(IMM) | IMM_IB | T_D64),
	[0x80] = GRP_1B | T_GROUP | Eb_Ib, GRP_1 | T_GROUP | Ev_Iz,
	[0x82] = GRP_1B | T_GROUP | Eb_Ib | T_I64, GRP_1 | T_GROUP | Ev_Ib,
	[0x84] = INSN_TEST | Eb_Gb, INSN_TEST | Ev_Gv, INSN_XCHG | Eb_Gb | L_, INSN_XCHG | Ev_Gv | L_,
	[0x88] = INSN_MOV | Eb_Gb | T_STORE, INSN_MOV | Ev_Gv | T_STORE, INSN_MOV | Gb_Eb, INSN_MOV | Gv_Ev,
	[0x8c] = M_ | T_FIX, INSN_LEA | Gv_Ev | T_MEM, M_ | T_FIX, ESC(XOP),
	[0x90] = INSN_XCHG | Zv | SRC(REG) | T_FIX,
	[0x91] = INSN_XCHG | Zv | SRC(REG), INSN_XCHG | Zv | SRC(REG), INSN_XCHG | Zv | SRC(REG), INSN_XCHG | Zv | SRC(REG),
	[0x95] = INSN_XCHG | Zv | SRC(REG), INSN_XCHG | Zv | SRC(REG), INSN_XCHG | Zv | SRC(REG),
	[0x98] = INSN_OTHER, INSN_OTHER, INSN_OTHER | IMM_AP | T_I64, INSN_OTHER,
	[0x9c] = INSN_PUSHF | T_D64, INSN_POPF | T_D64, INSN_OTHER, INSN_OTHER,
	[0xa0] = INSN_MOV | AT_MOFFS | T_BYTE | DST(REG) | SRC(RM), INSN_MOV | AT_MOFFS | DST(REG) | SRC(RM),
	[0xa2] = INSN_MOV | AT_MOFFS | T_BYTE | DST(RM) | SRC(REG) | T_STORE,
	[0xa3] = INSN_MOV | AT_MOFFS | DST(RM) | SRC(REG) | T_STORE,
	[0xa4] = INSN_MOVS | T_BYTE, INSN_MOVS, INSN_CMPS | T_BYTE, INSN_CMPS,
	[0xa8] = INSN_TEST | Al_Ib, INSN_TEST | Ax_Iz, INSN_STOS | T_BYTE, INSN_STOS,
	[0xac] = INSN_LODS | T_BYTE, INSN_LODS, INSN_SCAS | T_BYTE, INSN_SCAS,
	[0xb0] = ROW8(INSN_MOV | Zv | T_BYTE | SRC(IMM) | IMM_IB),
	[0xb8] = ROW8(INSN_MOV | Zv | SRC(IMM) | IMM_IV),
	[0xc0] = GRP_2 | T_GROUP | Eb_Ub, GRP_2 | T_GROUP | Ev_Ub,
	[0xc2] = INSN_OTHER | IMM_IW, INSN_RET | T_D64, ESC(VEX3), ESC(VEX2),
	[0xc6] = GRP_11 | T_GROUP | Eb_Ib, GRP_11 | T_GROUP | Ev_Iz,
	[0xc8] = INSN_OTHER | IMM_IWB, INSN_OTHER, INSN_OTHER | IMM_IW, INSN_OTHER,
	[0xcc] = INSN_INT3, INSN_INT | SRC(IMM) | IMM_UB, INSN_INTO | T_I64, INSN_IRET,
	[0xd0] = GRP_2 | T_GROUP | Eb_1, GRP_2 | T_GROUP | Ev_1,
	[0xd2] = GRP_2 | T_GROUP | Eb | SRC(REG), GRP_2 | T_GROUP | Ev | SRC(REG), /* CL */
	[0xd4] = INSN_OTHER | IMM_UB | T_I64, INSN_OTHER | IMM_UB | T_I64, INSN_OTHER | T_I64, INSN_OTHER,
	[0xd8] = ROW8(M_),
	[0xe0] = INSN_OTHER | IMM_IB, INSN_OTHER | IMM_IB, INSN_OTHER | IMM_IB, INSN_OTHER | IMM_IB,
	[0xe4] = INSN_IN | SRC(IMM) | T_BYTE | IMM_UB, INSN_IN | SRC(IMM) | T_IO | IMM_UB,
	[0xe6] = INSN_OUT | SRC(IMM) | T_BYTE | IMM_UB, INSN_OUT | SRC(IMM) | T_IO | IMM_UB,
	[0xe8] = INSN_CALL | SRC(IMM) | IMM_IZ | T_D64, INSN_JMP | SRC(IMM) | IMM_IZ | T_D64,
	[0xea] = INSN_OTHER | IMM_AP | T_I64, INSN_JMP | SRC(IMM) | IMM_IB | T_D64,
	[0xec] = INSN_IN | T_BYTE, INSN_IN | T_IO, INSN_OUT | T_BYTE, INSN_OUT | T_IO,
	[0xf0] = ESC(LOCK), INSN_ICEBP, ESC(REPNE), ESC(REP),
	[0xf4] = INSN_HLT, INSN_OTHER, GRP_3B | T_GROUP | Eb, GRP_3 | T_GROUP | Ev,
	[0xf8] = INSN_OTHER, INSN_OTHER, INSN_OTHER, INSN_OTHER,
	[0xfc] = INSN_OTHER, INSN_OTHER, GRP_4 | T_GROUP | Eb, GRP_5 | T_GROUP | Ev,
};

#define MF M_ | T_FIX
#define SETCC8 ROW8(INSN_SETCC | Eb)
#define CMOV8 ROW8(INSN_CMOVCC | Gv_Ev)
#define CR(op) (INSN_##op | AT_MODRM3 | T_F64)

const u64 emul_map_0f[256] = {
	[0x00] = GRP_6 | T_GROUP | AT_MODRM, M_ | T_FIX, M_, M_,
	[0x04] = BAD, INSN_OTHER, INSN_CLTS, INSN_OTHER,
	[0x08] = INSN_INVD, INSN_WBINVD, BAD, INSN_UD2,
	[0x0c] = BAD, M_, INSN_OTHER, MI,
	[0x10] = ROW8(MF),
	[0x18] = M_, M_, M_, M_, M_, M_, M_, INSN_NOP | AT_MODRM,
	[0x20] = CR(MOV_FROM_CR) | T_FIX | T_LOCK, CR(MOV_FROM_DR) | T_FIX, CR(MOV_TO_CR) | T_FIX | T_LOCK, CR(MOV_TO_DR) | T_FIX,
	[0x24] = BAD, BAD, BAD, BAD,
	[0x28] = ROW8(MF),
	[0x30] = INSN_WRMSR, INSN_RDTSC, INSN_RDMSR, INSN_RDPMC, INSN_OTHER, INSN_OTHER, BAD, INSN_OTHER,
	[0x38] = BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 38 and 3A lead to maps of their own */
	[0x40] = CMOV8, CMOV8,
	[0x50] = ROW8(M_), ROW8(M_),
	[0x60] = ROW8(M_), M_, M_, M_, M_, M_, M_, MF, MF,
	[0x70] = MI, MI, MI, MI, M_, M_, M_, INSN_OTHER,
	[0x78] = MF, MF, BAD, BAD, M_, M_, MF, MF,
	[0x80] = ROW8(INSN_JCC | SRC(IMM) | IMM_IZ | T_D64), ROW8(INSN_JCC | SRC(IMM) | IMM_IZ | T_D64),
	[0x90] = SETCC8, SETCC8,
	[0xa0] = INSN_OTHER, INSN_OTHER, INSN_CPUID, INSN_BT | Ev_Gv, MI, M_, BAD, BAD,
	[0xa8] = INSN_OTHER, INSN_OTHER, INSN_RSM, INSN_BTS | Ev_Gv | L_, MI, M_, M_ | T_FIX, M_,
	[0xb0] = INSN_CMPXCHG | Eb_Gb | L_, INSN_CMPXCHG | Ev_Gv | L_, M_ | T_MEM, INSN_BTR | Ev_Gv | L_,
	[0xb4] = M_ | T_MEM, M_ | T_MEM, INSN_MOVZX8 | Gv_Ev, INSN_MOVZX16 | Gv_Ev,
	[0xb8] = M_ | T_FIX, M_, GRP_8 | T_GROUP | Ev_Ub, INSN_BTC | Ev_Gv | L_,
	[0xbc] = M_, M_, INSN_MOVSX8 | Gv_Ev, INSN_MOVSX16 | Gv_Ev,
	[0xc0] = INSN_XADD | Eb_Gb | L_, INSN_XADD | Ev_Gv | L_, MI, INSN_MOV | Ev_Gv | T_MEM | T_STORE | T_FIX,
	[0xc4] = MI, MI, MI, GRP_9 | T_GROUP | AT_MODRM | T_FIX,
	[0xc8] = ROW8(INSN_OTHER),
	[0xd0] = M_, M_, M_, M_, M_, M_, MF, M_,
	[0xd8] = ROW8(M_),
	[0xe0] = M_, M_, M_, M_, M_, M_, M_, MF,
	[0xe8] = ROW8(M_),
	[0xf0] = MF, M_, M_, M_, M_, M_, M_, M_,
	[0xf8] = ROW8(M_),
};

#define O_ INSN_OTHER

const u64 emul_group[NR_GROUPS][8] = {
	[GRP_1B] = { INSN_ADD | L_, INSN_OR | L_, INSN_ADC | L_, INSN_SBB | L_, INSN_AND | L_, INSN_SUB | L_, INSN_XOR | L_, INSN_CMP },
	[GRP_1] = { INSN_ADD | L_, INSN_OR | L_, INSN_ADC | L_, INSN_SBB | L_, INSN_AND | L_, INSN_SUB | L_, INSN_XOR | L_, INSN_CMP },
	[GRP_1A] = { INSN_POP | T_D64, BAD, BAD, BAD, BAD, BAD, BAD, BAD },
	[GRP_2] = { INSN_ROL, INSN_ROR, INSN_RCL, INSN_RCR, INSN_SHL, INSN_SHR, INSN_SAL, INSN_SAR },
	[GRP_3B] = { INSN_TEST | SRC(IMM) | IMM_IB, INSN_TEST | SRC(IMM) | IMM_IB, INSN_NOT | L_, INSN_NEG | L_, O_, O_, O_, O_ },
	[GRP_3] = { INSN_TEST | SRC(IMM) | IMM_IZ, INSN_TEST | SRC(IMM) | IMM_IZ, INSN_NOT | L_, INSN_NEG | L_, O_, O_, O_, O_ },
	[GRP_4] = { INSN_INC | L_, INSN_DEC | L_, BAD, BAD, BAD, BAD, BAD, BAD },
	[GRP_5] = { INSN_INC | L_, INSN_DEC | L_, INSN_CALL | T_D64, O_ | T_MEM, INSN_JMP | T_D64, O_ | T_MEM, INSN_PUSH | T_D64, BAD },
	[GRP_11] = { INSN_MOV | T_STORE, BAD, BAD, BAD, BAD, BAD, BAD, O_ | T_FIX },
	[GRP_6] = { O_, O_, O_, O_, O_, O_, BAD, BAD },
	[GRP_8] = { BAD, BAD, BAD, BAD, INSN_BT, INSN_BTS | L_, INSN_BTR | L_, INSN_BTC | L_ },
	[GRP_9] = { BAD, INSN_CMPXCHG8B | DST(RM) | L_ | T_MEM, BAD, O_ | T_MEM, O_ | T_MEM, O_ | T_MEM, O_, O_ },
};
