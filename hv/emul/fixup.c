/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder's second look: opcodes that ModRM or a mandatory prefix turns into
 * something else, and the vector maps.
 *
 * Never on a plain store's path.
 */
#include "emul.h"
#include "optab.h"

#define MANDATORY (INSN_P_OPSIZE | INSN_P_REP | INSN_P_REPNE)

/* F2 and F3 outrank 66 in choosing an instruction (APM volume 3, 1.2.1). */
static unsigned mandatory(const struct insn *in)
{
	unsigned rep = in->prefix & (INSN_P_REP | INSN_P_REPNE);

	return rep ? rep : in->prefix & INSN_P_OPSIZE;
}

static unsigned modrm_reg(const struct insn *in)
{
	return (in->modrm >> 3) & 7;
}

static bool reg_form(const struct insn *in)
{
	return in->modrm >= 0xc0;
}

/* SSE moves between memory and an XMM register. */
/* clang-format off */
static const struct sse_move {
	u8 map, opcode;
	u16 prefix;
	u8 op, bytes, flags;
} sse_moves[] = {
	{ INSN_MAP_0F, 0x10, 0, INSN_SSE_LOAD, 16, 0 },
	{ INSN_MAP_0F, 0x11, 0, INSN_SSE_STORE, 16, 0 },
	{ INSN_MAP_0F, 0x10, INSN_P_OPSIZE, INSN_SSE_LOAD, 16, 0 },
	{ INSN_MAP_0F, 0x11, INSN_P_OPSIZE, INSN_SSE_STORE, 16, 0 },
	{ INSN_MAP_0F, 0x10, INSN_P_REP, INSN_SSE_LOAD, 4, 0 },
	{ INSN_MAP_0F, 0x11, INSN_P_REP, INSN_SSE_STORE, 4, 0 },
	{ INSN_MAP_0F, 0x10, INSN_P_REPNE, INSN_SSE_LOAD, 8, 0 },
	{ INSN_MAP_0F, 0x11, INSN_P_REPNE, INSN_SSE_STORE, 8, 0 },
	{ INSN_MAP_0F, 0x12, 0, INSN_SSE_LOAD, 8, INSN_F_MERGE },
	{ INSN_MAP_0F, 0x13, 0, INSN_SSE_STORE, 8, 0 },
	{ INSN_MAP_0F, 0x12, INSN_P_OPSIZE, INSN_SSE_LOAD, 8, INSN_F_MERGE },
	{ INSN_MAP_0F, 0x13, INSN_P_OPSIZE, INSN_SSE_STORE, 8, 0 },
	{ INSN_MAP_0F, 0x16, 0, INSN_SSE_LOAD, 8, INSN_F_MERGE | INSN_F_HIGH },
	{ INSN_MAP_0F, 0x17, 0, INSN_SSE_STORE, 8, INSN_F_HIGH },
	{ INSN_MAP_0F, 0x16, INSN_P_OPSIZE, INSN_SSE_LOAD, 8, INSN_F_MERGE | INSN_F_HIGH },
	{ INSN_MAP_0F, 0x17, INSN_P_OPSIZE, INSN_SSE_STORE, 8, INSN_F_HIGH },
	{ INSN_MAP_0F, 0x28, 0, INSN_SSE_LOAD, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x29, 0, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x28, INSN_P_OPSIZE, INSN_SSE_LOAD, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x29, INSN_P_OPSIZE, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x2b, 0, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x2b, INSN_P_OPSIZE, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x6e, INSN_P_OPSIZE, INSN_SSE_LOAD, 4, 0 },
	{ INSN_MAP_0F, 0x7e, INSN_P_OPSIZE, INSN_SSE_STORE, 4, 0 },
	{ INSN_MAP_0F, 0x6f, INSN_P_OPSIZE, INSN_SSE_LOAD, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x7f, INSN_P_OPSIZE, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0x6f, INSN_P_REP, INSN_SSE_LOAD, 16, 0 },
	{ INSN_MAP_0F, 0x7f, INSN_P_REP, INSN_SSE_STORE, 16, 0 },
	{ INSN_MAP_0F, 0x7e, INSN_P_REP, INSN_SSE_LOAD, 8, 0 },
	{ INSN_MAP_0F, 0xd6, INSN_P_OPSIZE, INSN_SSE_STORE, 8, 0 },
	{ INSN_MAP_0F, 0xe7, INSN_P_OPSIZE, INSN_SSE_STORE, 16, INSN_F_ALIGNED },
	{ INSN_MAP_0F, 0xf0, INSN_P_REPNE, INSN_SSE_LOAD, 16, 0 },
	{ INSN_MAP_0F38, 0x2a, INSN_P_OPSIZE, INSN_SSE_LOAD, 16, INSN_F_ALIGNED },
};
/* clang-format on */

static u64 sse(struct insn *in, u64 e)
{
	unsigned prefix = mandatory(in);

	for (unsigned i = 0; i < ARRAY_SIZE(sse_moves) && !reg_form(in); i++) {
		const struct sse_move *m = &sse_moves[i];

		if (m->map != in->map || m->opcode != in->opcode || m->prefix != prefix)
			continue;
		in->opsize = m->bytes;
		if ((in->opcode & 0xef) == 0x6e && m->bytes == 4 && in->prefix & INSN_P_W)
			in->opsize = 8; /* MOVD becomes MOVQ; the F3 forms move 8 as they are */
		in->flags = m->flags;
		return m->op | AT_MODRM | T_MEM | (m->op == INSN_SSE_STORE ? DST(RM) | SRC(REG) : DST(REG) | SRC(RM));
	}
	return e;
}

/* 0F 01 with mod 3, by the whole ModRM byte. */
static u64 group7_reg(const struct insn *in)
{
	static const u8 op[0x40] = {
		[0x01] = INSN_VMCALL, [0x08] = INSN_MONITOR, [0x09] = INSN_MWAIT,   [0x10] = INSN_XGETBV, [0x11] = INSN_XSETBV,
		[0x18] = INSN_VMRUN,  [0x19] = INSN_VMMCALL, [0x1a] = INSN_VMLOAD,  [0x1b] = INSN_VMSAVE, [0x1c] = INSN_STGI,
		[0x1d] = INSN_CLGI,   [0x1e] = INSN_SKINIT,  [0x1f] = INSN_INVLPGA, [0x39] = INSN_RDTSCP, [0x3a] = INSN_MONITORX,
		[0x3b] = INSN_MWAITX, [0x3d] = INSN_RDPRU,
	};
	u8 named = op[in->modrm & 0x3f];

	if (modrm_reg(in) == 4)
		return INSN_SMSW | AT_MODRM;
	if (modrm_reg(in) == 6)
		return INSN_LMSW | AT_MODRM;
	if (named == INSN_MONITORX && in->prefix & (INSN_P_REP | INSN_P_REPNE))
		named = 0; /* MCOMMIT */
	return (named ? named : INSN_OTHER) | AT_MODRM;
}

static u64 group7(const struct insn *in)
{
	static const u8 op[8] = { INSN_SGDT, INSN_SIDT, INSN_LGDT, INSN_LIDT, INSN_SMSW, INSN_OTHER, INSN_LMSW, INSN_INVLPG };

	return reg_form(in) ? group7_reg(in) : op[modrm_reg(in)] | AT_MODRM;
}

/* MOV CR and DR. LOCK before MOV CR0 means CR8, if the CPU has it (AltMovCr8). */
static u64 control_register(struct insn *in, u64 e)
{
	unsigned reg = modrm_reg(in) | (in->prefix & INSN_P_R) << 1;
	bool dr = in->opcode & 1;

	if (in->prefix & INSN_P_LOCK)
		return dr || reg != 0 ? BAD : e;
	if (dr)
		return reg > 7 ? BAD : e;
	return reg == 0 || (reg >= 2 && reg <= 4) || reg == 8 ? e : BAD;
}

static u64 nop_or_pause(const struct insn *in, u64 e)
{
	if (in->prefix & INSN_P_B)
		return e; /* XCHG with R8 */
	return in->prefix & INSN_P_REP ? INSN_PAUSE : INSN_NOP;
}

static u64 segment_move(const struct insn *in, u64 e)
{
	bool load_cs = in->opcode == 0x8e && modrm_reg(in) == EMUL_CS;

	return modrm_reg(in) > EMUL_GS || load_cs ? BAD : e;
}

static u64 fixup_one(struct insn *in, u64 e)
{
	switch (in->opcode) {
	case 0x8c:
	case 0x8e: return segment_move(in, e);
	case 0x90: return nop_or_pause(in, e);
	}
	return in->modrm == 0xf8 ? e : BAD; /* C6, C7: XABORT, XBEGIN */
}

/* EXTRQ and INSERTQ have two immediates; without a prefix 78 is VMREAD. */
static u64 sse4a(const struct insn *in, u64 e)
{
	return mandatory(in) && in->opcode == 0x78 ? e | IMM_2B : e;
}

/* Never 16 bits wide. */
static u64 movnti(struct insn *in, u64 e)
{
	in->opsize = in->prefix & INSN_P_W ? 8 : 4;
	return in->prefix & MANDATORY ? BAD : e;
}

/* CMPXCHG8B or 16B: 66 does not count. */
static u64 group9(struct insn *in, u64 e)
{
	if (T_OP(e) == INSN_CMPXCHG8B)
		in->opsize = in->prefix & INSN_P_W ? 8 : 4;
	return e;
}

static u64 fixup_0f(struct insn *in, u64 e)
{
	switch (in->opcode) {
	case 0x01: return group7(in);
	case 0x20 ... 0x23: return control_register(in, e);
	case 0x78:
	case 0x79: return sse4a(in, e);
	case 0xb8: return in->prefix & INSN_P_REP ? e : BAD; /* POPCNT */
	case 0xc3: return movnti(in, e);
	case 0xc7: return group9(in, e);
	}
	return sse(in, e);
}

/* MOVBE shares its opcodes with CRC32, which F2 chooses. */
static u64 movbe(const struct insn *in)
{
	if (in->prefix & (INSN_P_REP | INSN_P_REPNE))
		return INSN_OTHER | AT_MODRM;
	if (in->opcode == 0xf0)
		return INSN_MOVBE | AT_MODRM | T_MEM | DST(REG) | SRC(RM);
	return INSN_MOVBE | AT_MODRM | T_MEM | DST(RM) | SRC(REG);
}

static u64 fixup_0f38(struct insn *in, u64 e)
{
	switch (in->opcode) {
	case 0x82: return mandatory(in) == INSN_P_OPSIZE ? INSN_INVPCID | AT_MODRM | T_MEM : e;
	case 0xf0:
	case 0xf1: return movbe(in);
	}
	return sse(in, e);
}

u64 emul_fixup(struct insn *in, u64 entry)
{
	switch (in->map) {
	case INSN_MAP_ONE: return fixup_one(in, entry);
	case INSN_MAP_0F: return fixup_0f(in, entry);
	default: return fixup_0f38(in, entry);
	}
}

/* Map 1 without a ModRM byte: VZEROUPPER; with an immediate: shifts, compares, shuffles, PINSRW, PEXTRW. */
static u64 vector_map1(u8 opcode)
{
	bool imm = (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);

	if (opcode == 0x77)
		return INSN_OTHER;
	return INSN_OTHER | AT_MODRM | (imm ? IMM_UB : IMM_NONE);
}

u64 emul_vector_entry(unsigned vmap, u8 opcode)
{
	switch (vmap) {
	case 1: return vector_map1(opcode);
	case 2:
	case 5: /* EVEX only: half precision */
	case 6:
	case 9: return INSN_OTHER | AT_MODRM;
	case 3:
	case 8: return INSN_OTHER | AT_MODRM | IMM_UB;
	case 10: return INSN_OTHER | AT_MODRM | IMM_UD;
	}
	return BAD;
}
