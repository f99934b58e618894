/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder's main line: prefixes, opcode, ModRM, immediate.
 *
 * Every byte is asked for before it is read: the cursor's end is that of the bytes given,
 * or the 15th. On the path that a plain store takes (REX, opcode, ModRM, displacement,
 * immediate) there is one table look-up, and every rarer thing hides behind one flag.
 */
#include "emul.h"
#include "optab.h"

#define MAX_LEN 15
#define NO_SEG  0xff

struct cursor {
	const u8 *p, *end;
	u32 prefix; /* INSN_P_* so far */
	u8 seg;     /* override, or NO_SEG */
	u8 map;
	u8 opcode;
};

/* A byte past the cursor's end was needed. */
static int ran_out(unsigned avail)
{
	return avail < MAX_LEN ? EMUL_TRUNCATED : EMUL_INVALID;
}

static inline bool has(const struct cursor *c, unsigned n)
{
	return (size_t)(c->end - c->p) >= n;
}

static u64 load(const u8 *p, unsigned n)
{
	u64 v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (u64)p[i] << (8 * i);
	return v;
}

static inline s32 load_s32(const u8 *p)
{
	s32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/* In 64-bit mode the first four overrides are ignored, and do not undo an earlier FS or GS (APM 1.2.4). */
static void segment_prefix(struct cursor *c, u8 byte, bool longmode)
{
	unsigned seg = byte >= 0x64 ? EMUL_FS + (byte & 1) : (byte >> 3) & 3;

	if (longmode && seg < EMUL_FS)
		return;
	c->seg = seg;
	c->prefix |= INSN_P_SEG;
}

static void legacy_prefix(struct cursor *c, unsigned esc, u8 byte, bool longmode)
{
	c->prefix &= ~0x4fu; /* REX counts only right before the opcode */
	switch (esc) {
	case ESC_OPSIZE: c->prefix |= INSN_P_OPSIZE; break;
	case ESC_ADSIZE: c->prefix |= INSN_P_ADSIZE; break;
	case ESC_LOCK: c->prefix |= INSN_P_LOCK; break;
	case ESC_REP: c->prefix = (c->prefix & ~INSN_P_REPNE) | INSN_P_REP; break;
	case ESC_REPNE: c->prefix = (c->prefix & ~INSN_P_REP) | INSN_P_REPNE; break;
	default: segment_prefix(c, byte, longmode);
	}
}

static u64 two_byte(struct cursor *c)
{
	if (!has(c, 1))
		return SHORT;
	c->opcode = *c->p++;
	c->map = INSN_MAP_0F;
	if (c->opcode != 0x38 && c->opcode != 0x3a)
		return emul_map_0f[c->opcode];
	c->map = c->opcode == 0x38 ? INSN_MAP_0F38 : INSN_MAP_0F3A;
	if (!has(c, 1))
		return SHORT;
	c->opcode = *c->p++;
	return INSN_OTHER | AT_MODRM | (c->map == INSN_MAP_0F38 ? T_FIX : IMM_UB);
}

/* VEX, EVEX and XOP: payload, opcode. The payload's register bits matter to no length. */
static u64 vector(struct cursor *c, unsigned esc)
{
	unsigned payload = esc == ESC_VEX2 ? 1 : esc == ESC_EVEX ? 3 : 2;
	unsigned vmap = 1;

	if (c->prefix & (INSN_P_REX | INSN_P_OPSIZE | INSN_P_LOCK | INSN_P_REP | INSN_P_REPNE))
		return BAD;
	if (!has(c, payload + 1))
		return SHORT;
	if (esc == ESC_EVEX)
		vmap = c->p[0] & 7;
	else if (esc != ESC_VEX2)
		vmap = c->p[0] & 0x1f;
	c->p += payload;
	c->opcode = *c->p++;
	c->map = INSN_MAP_VECTOR;
	return emul_vector_entry(vmap, c->opcode);
}

/*
 * Opcodes that are the first byte of a vector instruction, or an old one, by the byte
 * that follows. Outside 64-bit mode VEX and EVEX take the forms that LES, LDS and BOUND
 * with a register would have.
 */
static u64 maybe_vector(struct cursor *c, unsigned esc, enum emul_mode mode)
{
	if (!has(c, 1))
		return SHORT;
	if (esc == ESC_XOP) {
		if (mode != EMUL_REAL16 && (*c->p & 0x1f) >= 8)
			return vector(c, esc);
		return GRP_1A | T_GROUP | AT_MODRM | DST(RM);
	}
	if (mode == EMUL_LONG || (mode != EMUL_REAL16 && *c->p >= 0xc0))
		return vector(c, esc);
	return INSN_OTHER | AT_MODRM | T_MEM;
}

/* An entry with T_ESC: the entry that it leads to, which has T_ESC only if it was a prefix. */
static u64 escape(struct cursor *c, u64 e, enum emul_mode mode)
{
	switch (T_OP(e)) {
	case ESC_REX: /* outside 64-bit mode */ return (u64)(c->opcode & 8 ? INSN_DEC : INSN_INC) | AT_OPCODE | DST(RM);
	case ESC_ARPL: return mode == EMUL_LONG ? INSN_MOVSXD | AT_MODRM | DST(REG) | SRC(RM) : INSN_OTHER | AT_MODRM;
	case ESC_0F: return two_byte(c);
	case ESC_EVEX:
	case ESC_VEX2:
	case ESC_VEX3:
	case ESC_XOP: return maybe_vector(c, T_OP(e), mode);
	}
	legacy_prefix(c, T_OP(e), c->opcode, mode == EMUL_LONG);
	return e;
}

/* Prefixes and opcode. */
static inline u64 opcode_entry(struct cursor *c, enum emul_mode mode)
{
	for (;;) {
		u64 e;

		if (unlikely(c->p == c->end))
			return SHORT;
		c->opcode = *c->p++;
		e = emul_map_one[c->opcode];
		if (likely(!(e & T_ESC)))
			return e;
		if (likely(T_OP(e) == ESC_REX && mode == EMUL_LONG)) {
			c->prefix = (c->prefix & ~0x4fu) | c->opcode;
			continue;
		}
		e = escape(c, e, mode);
		if (!(e & T_ESC))
			return e;
	}
}

static unsigned special_size(u64 e, unsigned size, enum emul_mode mode)
{
	if (e & T_BYTE)
		return 1;
	if (e & T_F64)
		return mode == EMUL_LONG ? 8 : 4;
	if (e & T_D64)
		return mode == EMUL_LONG && size == 4 ? 8 : size;
	return size == 8 ? 4 : size; /* T_IO */
}

static inline unsigned operand_size(u64 e, u32 prefix, enum emul_mode mode)
{
	unsigned size = mode >= EMUL_PROT32 ? 4 : 2;

	if (prefix & INSN_P_OPSIZE)
		size ^= 4 ^ 2;
	if (prefix & INSN_P_W)
		size = 8;
	return e & (T_BYTE | T_D64 | T_F64 | T_IO) ? special_size(e, size, mode) : size;
}

static inline unsigned address_size(u32 prefix, enum emul_mode mode)
{
	bool other = prefix & INSN_P_ADSIZE;

	if (likely(mode == EMUL_LONG))
		return other ? 4 : 8;
	return (mode == EMUL_PROT32) != other ? 4 : 2;
}

static inline void set_segment(struct insn *in, const struct cursor *c, bool stack)
{
	in->seg = likely(c->seg == NO_SEG) ? (stack ? EMUL_SS : EMUL_DS) : c->seg;
}

/* APM volume 3, 1.4.3 and 1.4.4: forms with 16-bit addresses. */
static bool mem16(struct insn *in, struct cursor *c)
{
	static const u8 base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
	static const u8 index[4] = { 6, 7, 6, 7 };
	unsigned mod = in->modrm >> 6, rm = in->modrm & 7;
	unsigned bytes = mod == 0 ? (rm == 6 ? 2 : 0) : mod;

	if (!has(c, bytes))
		return false;
	in->base = mod == 0 && rm == 6 ? INSN_R_NONE : base[rm];
	in->index = rm < 4 ? index[rm] : INSN_R_NONE;
	if (bytes)
		in->disp = bytes == 1 ? (s8)*c->p : (s16)load(c->p, 2);
	c->p += bytes;
	set_segment(in, c, in->base == 5);
	return true;
}

/*
 * 32- and 64-bit addresses. index, scale and disp are set to none before. checked: false
 * if the bytes are known to be there.
 */
static inline __attribute__((always_inline)) bool mem32(struct insn *in, struct cursor *c, bool longmode, bool checked)
{
	unsigned mod = in->modrm >> 6, base = in->modrm & 7;

	if (unlikely(base == 4)) {
		unsigned index;

		if (checked && unlikely(c->p == c->end))
			return false;
		in->scale = *c->p >> 6;
		index = ((*c->p >> 3) & 7) | (c->prefix & INSN_P_X) << 2;
		if (index != 4)
			in->index = index;
		base = *c->p++ & 7;
	}
	if (unlikely(base == 5) && mod == 0) {
		base = longmode && (in->modrm & 7) == 5 ? INSN_R_RIP : INSN_R_NONE;
		mod = 2;
	} else {
		base |= (c->prefix & INSN_P_B) << 3;
	}
	in->base = base;
	set_segment(in, c, (base & ~1u) == 4);
	if (mod == 0)
		return true;
	if (checked && unlikely(!has(c, mod == 1 ? 1 : 4)))
		return false;
	in->disp = mod == 1 ? (s8)*c->p : load_s32(c->p);
	c->p += mod == 1 ? 1 : 4;
	return true;
}

/* Byte registers 4 to 7 are the high halves of the first four unless there is a REX. */
static inline unsigned byte_reg(unsigned reg, u64 e, u32 prefix)
{
	return e & T_BYTE && !(prefix & INSN_P_REX) && reg >= 4 ? reg - 4 + INSN_R_AH : reg;
}

/* Operands that ModRM does not name. */
static bool implied_operand(struct insn *in, struct cursor *c, u64 e)
{
	switch (T_WHERE(e)) {
	case AT_OPCODE: in->rm = byte_reg((c->opcode & 7) | (c->prefix & INSN_P_B) << 3, e, c->prefix); break;
	case AT_MOFFS:
		if (!has(c, in->adsize))
			return false;
		in->imm = load(c->p, in->adsize);
		c->p += in->adsize;
		in->base = INSN_R_MOFFS;
		in->flags |= INSN_F_MEM | T_FLAGS(e);
		break;
	}
	set_segment(in, c, false); /* string instructions */
	return true;
}

static unsigned imm_bytes(u64 kind, unsigned opsize)
{
	switch (kind) {
	case IMM_IB:
	case IMM_UB: return 1;
	case IMM_IW:
	case IMM_2B: return 2;
	case IMM_IZ: return opsize == 2 ? 2 : 4;
	case IMM_IV: return opsize;
	case IMM_IWB: return 3;
	case IMM_UD: return 4;
	case IMM_AP: return opsize + 2;
	}
	return 0;
}

static bool immediate(struct insn *in, struct cursor *c, u64 kind)
{
	unsigned n = imm_bytes(kind, in->opsize);

	if (!has(c, n))
		return false;
	in->imm = n ? load(c->p, n) : 1;
	if (kind == IMM_IB)
		in->imm = (s64)(s8)in->imm;
	else if (kind == IMM_IZ || kind == IMM_IV)
		in->imm = n == 2 ? (u64)(s16)in->imm : n == 4 ? (u64)(s32)in->imm : in->imm;
	c->p += n;
	return true;
}

/* Forms that are #UD, LOCK's among them: it may stand only before a destination in memory. */
static bool refused(const struct insn *in, u64 e, bool longmode)
{
	bool reg = T_WHERE(e) == AT_MODRM3 || in->modrm >= 0xc0;

	if ((e & T_I64) && longmode)
		return true;
	if (T_WHERE(e) == AT_MODRM && ((e & T_MEM && reg) || (e & T_REG && !reg)))
		return true;
	if (!(in->prefix & INSN_P_LOCK) || T_WHERE(e) == AT_MODRM3)
		return false; /* what LOCK means before MOV CR, the second look knows */
	return !(e & T_LOCK) || reg;
}

/* ModRM's operands, and what follows it up to the displacement. False: not all there. */
static inline bool modrm_operands(struct insn *in, struct cursor *c, u64 e, bool longmode)
{
	in->reg = byte_reg(((in->modrm >> 3) & 7) | (c->prefix & INSN_P_R) << 1, e, c->prefix);
	if (in->modrm < 0xc0 && T_WHERE(e) == AT_MODRM) {
		in->flags |= INSN_F_MEM | T_FLAGS(e);
		return likely(in->adsize != 2) ? mem32(in, c, longmode, true) : mem16(in, c);
	}
	if (T_OP(e) == INSN_MOVZX8 || T_OP(e) == INSN_MOVSX8)
		e |= T_BYTE; /* as far as rm is concerned */
	in->rm = byte_reg((in->modrm & 7) | (c->prefix & INSN_P_B) << 3, e, c->prefix);
	return true;
}

/* ModRM itself, if the opcode has one; then the opcode is known to the end. */
static inline u64 modrm_entry(struct insn *in, struct cursor *c, u64 e)
{
	if (T_WHERE(e) != AT_MODRM && T_WHERE(e) != AT_MODRM3)
		return e;
	if (unlikely(c->p == c->end))
		return SHORT;
	in->modrm = *c->p++;
	if (e & T_GROUP)
		e = (e & ~(T_GROUP | 0xff)) | emul_group[T_OP(e)][(in->modrm >> 3) & 7];
	return e;
}

/* Everything up to the operands: 0, with *entry, or an error. */
static inline int opcode(struct insn *in, struct cursor *c, u64 *entry, enum emul_mode mode)
{
	u64 e = modrm_entry(in, c, opcode_entry(c, mode));

	if (unlikely(T_OP(e) >= SHORT))
		return T_OP(e) == SHORT ? EMUL_TRUNCATED : EMUL_INVALID;
	in->prefix = c->prefix;
	in->map = c->map;
	in->opcode = c->opcode;
	in->opsize = operand_size(e, c->prefix, mode);
	if (unlikely(e & T_FIX)) {
		e = emul_fixup(in, e);
		if (T_OP(e) == T_OP(BAD))
			return EMUL_INVALID;
	}
	if (unlikely((e & (T_I64 | T_MEM | T_REG)) || (c->prefix & INSN_P_LOCK)) && refused(in, e, mode == EMUL_LONG))
		return EMUL_INVALID;
	in->op = T_OP(e);
	in->dst = T_DST(e);
	in->src = T_SRC(e);
	*entry = e;
	return 0;
}

static __attribute__((noinline)) int decode_any(struct insn *in, const u8 *bytes, unsigned avail, enum emul_mode mode)
{
	struct cursor c = { bytes, bytes + (avail < MAX_LEN ? avail : MAX_LEN), 0, NO_SEG, INSN_MAP_ONE, 0 };
	u64 e;
	int r;

	*in = (struct insn){ .base = INSN_R_NONE, .index = INSN_R_NONE };
	r = opcode(in, &c, &e, mode);
	if (unlikely(r))
		return r == EMUL_TRUNCATED ? ran_out(avail) : r;
	in->adsize = address_size(c.prefix, mode);
	if (likely(T_WHERE(e) == AT_MODRM || T_WHERE(e) == AT_MODRM3)) {
		if (unlikely(!modrm_operands(in, &c, e, mode == EMUL_LONG)))
			return ran_out(avail);
	} else if (!implied_operand(in, &c, e)) {
		return ran_out(avail);
	}
	if (T_IMM(e) && unlikely(!immediate(in, &c, T_IMM(e))))
		return ran_out(avail);
	in->len = c.p - bytes;
	return in->len;
}

/* The half of an entry that says how to decode. */
#define HOW(x) ((u32)((x) >> 32))

/* What keeps an entry from the short cut. */
#define UNCOMMON (T_BYTE | T_I64 | T_D64 | T_F64 | T_MEM | T_REG | T_ESC | T_FIX | T_IO | IMM_RARE)

/* Everything but the address, the immediate and the length; neighbours together, for the compiler to join. */
static inline void common_fields(struct insn *in, const struct cursor *c, u64 e, u8 modrm)
{
	e |= (u64)(INSN_F_MEM | INSN_F_FLAT) << 24;
	in->imm = 0;
	in->disp = 0;
	in->op = T_OP(e);
	in->dst = T_DST(e);
	in->src = T_SRC(e);
	in->flags = T_FLAGS(e);
	in->map = INSN_MAP_ONE;
	in->adsize = 8;
	in->index = INSN_R_NONE;
	in->scale = 0;
	in->opcode = c->opcode;
	in->modrm = modrm;
	in->prefix = c->prefix;
	in->opsize = 4 + ((c->prefix & INSN_P_W) >> 1);
	in->reg = ((modrm >> 3) & 7) | (c->prefix & INSN_P_R) << 1;
	in->rm = 0;
}

static inline void common_immediate(struct insn *in, struct cursor *c, u32 kind)
{
	if (kind == HOW(IMM_IZ)) {
		in->imm = (s64)load_s32(c->p);
		c->p += 4;
	} else {
		in->imm = kind == HOW(IMM_IB) ? (u64)(s8)*c->p : *c->p;
		c->p++;
	}
}

/*
 * The short cut: 64-bit mode, no prefix but REX, an operand in memory of 4 or 8 bytes. At
 * most 12 bytes long, so that nothing need be checked. Must agree with decode_any() on what
 * it takes: the tests go both ways by giving 15 bytes and fewer.
 */
static inline int decode_common(struct insn *in, const u8 *bytes)
{
	struct cursor c = { bytes + 1, bytes + MAX_LEN, 0, NO_SEG, INSN_MAP_ONE, bytes[0] };
	u8 modrm;
	u64 e;

	if (likely((c.opcode & 0xf0) == 0x40)) {
		c.prefix = c.opcode;
		c.opcode = *c.p++;
	}
	modrm = *c.p++;
	e = emul_map_one[c.opcode];
	if ((HOW(e) & HOW(AT_MASK | UNCOMMON)) != HOW(AT_MODRM) || modrm >= 0xc0)
		return decode_any(in, bytes, MAX_LEN, EMUL_LONG);
	if (unlikely(HOW(e) & HOW(T_GROUP))) {
		e = (e & ~(T_GROUP | 0xff)) | emul_group[T_OP(e)][(modrm >> 3) & 7];
		if (HOW(e) & HOW(UNCOMMON))
			return decode_any(in, bytes, MAX_LEN, EMUL_LONG);
	}
	common_fields(in, &c, e, modrm);
	mem32(in, &c, true, false);
	if (HOW(T_IMM(e)))
		common_immediate(in, &c, HOW(T_IMM(e)));
	in->len = c.p - bytes;
	return in->len;
}

int emul_decode(struct insn *in, const u8 *bytes, unsigned avail, enum emul_mode mode)
{
	if (likely(mode == EMUL_LONG && avail >= MAX_LEN))
		return decode_common(in, bytes);
	return decode_any(in, bytes, avail, mode);
}
