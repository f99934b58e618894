/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder against Zydis: lengths of everything, names and operands of what is
 * executed or causes exits.
 *
 * Fails if Zydis decodes what we refuse (beyond the few families listed here), if a
 * length differs, or if we execute what Zydis refuses.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "hv/emul/emul.h"
#include "tests/emul/random.h"
#include "tests/suite.h"

#define MAX_BYTES 15
#define NR_MODES  4

static ZydisDecoder decoder[NR_MODES];
static bool allowed[INSN_OTHER + 1][ZYDIS_MNEMONIC_MAX_VALUE + 1];
static bool must_name[ZYDIS_MNEMONIC_MAX_VALUE + 1];
static u64 both, executed; /* how much was really compared */

/*
 * Zydis's names for ours; a trailing * stands for anything. `exclusive`: whatever Zydis
 * calls so must be named by us too (not so where other instructions share the name).
 */
/* clang-format off */
static const struct name {
	u8 op;
	bool exclusive;
	const char *names;
} names[] = {
	{ INSN_ADD, true, "add" }, { INSN_OR, true, "or" }, { INSN_ADC, true, "adc" }, { INSN_SBB, true, "sbb" },
	{ INSN_AND, true, "and" }, { INSN_SUB, true, "sub" }, { INSN_XOR, true, "xor" }, { INSN_CMP, true, "cmp" },
	{ INSN_ROL, true, "rol" }, { INSN_ROR, true, "ror" }, { INSN_RCL, true, "rcl" }, { INSN_RCR, true, "rcr" },
	{ INSN_SHL, true, "shl" }, { INSN_SHR, true, "shr" }, { INSN_SAL, true, "shl" }, { INSN_SAR, true, "sar" },
	{ INSN_TEST, true, "test" }, { INSN_NOT, true, "not" }, { INSN_NEG, true, "neg" }, { INSN_INC, true, "inc" },
	{ INSN_DEC, true, "dec" }, { INSN_XADD, true, "xadd" }, { INSN_XCHG, true, "xchg" },
	{ INSN_BT, true, "bt" }, { INSN_BTS, true, "bts" }, { INSN_BTR, true, "btr" }, { INSN_BTC, true, "btc" },
	{ INSN_MOV, false, "mov" }, { INSN_MOV, true, "movnti" },
	{ INSN_MOVZX8, true, "movzx" }, { INSN_MOVZX16, true, "movzx" }, { INSN_MOVSX8, true, "movsx" },
	{ INSN_MOVSX16, true, "movsx" }, { INSN_MOVSXD, true, "movsxd" }, { INSN_MOVBE, true, "movbe" },
	{ INSN_LEA, true, "lea" }, { INSN_NOP, false, "nop" }, { INSN_SETCC, false, "set*" },
	{ INSN_CMOVCC, false, "cmov*" }, { INSN_CMPXCHG, true, "cmpxchg" },
	{ INSN_CMPXCHG8B, true, "cmpxchg8b" }, { INSN_CMPXCHG8B, true, "cmpxchg16b" },
	{ INSN_PUSH, false, "push" }, { INSN_POP, false, "pop" }, { INSN_PUSHF, true, "pushf" },
	{ INSN_PUSHF, true, "pushfd" }, { INSN_PUSHF, true, "pushfq" }, { INSN_CALL, false, "call" },
	{ INSN_JCC, false, "j*" }, { INSN_JMP, false, "jmp" }, { INSN_RET, false, "ret" },
	{ INSN_MOVS, false, "movsb" }, { INSN_MOVS, false, "movsw" }, { INSN_MOVS, false, "movsd" },
	{ INSN_MOVS, true, "movsq" }, { INSN_CMPS, false, "cmps*" }, { INSN_STOS, true, "stos*" },
	{ INSN_LODS, true, "lods*" }, { INSN_SCAS, true, "scas*" },
	{ INSN_SSE_LOAD, false, "mov*" }, { INSN_SSE_LOAD, true, "lddqu" }, { INSN_SSE_STORE, false, "mov*" },
	{ INSN_CPUID, true, "cpuid" }, { INSN_RDMSR, true, "rdmsr" }, { INSN_WRMSR, true, "wrmsr" },
	{ INSN_RDTSC, true, "rdtsc" }, { INSN_RDTSCP, true, "rdtscp" }, { INSN_RDPMC, true, "rdpmc" },
	{ INSN_RDPRU, true, "rdpru" }, { INSN_HLT, true, "hlt" }, { INSN_PAUSE, true, "pause" },
	{ INSN_MONITOR, true, "monitor" }, { INSN_MWAIT, true, "mwait" }, { INSN_MONITORX, true, "monitorx" },
	{ INSN_MWAITX, true, "mwaitx" }, { INSN_IN, true, "in" }, { INSN_OUT, true, "out" },
	{ INSN_INS, true, "insb" }, { INSN_INS, true, "insw" }, { INSN_INS, true, "insd" },
	{ INSN_OUTS, true, "outs*" }, { INSN_MOV_FROM_CR, false, "mov" }, { INSN_MOV_TO_CR, false, "mov" },
	{ INSN_MOV_FROM_DR, false, "mov" }, { INSN_MOV_TO_DR, false, "mov" }, { INSN_LMSW, true, "lmsw" },
	{ INSN_SMSW, true, "smsw" }, { INSN_CLTS, true, "clts" }, { INSN_INVLPG, true, "invlpg" },
	{ INSN_INVLPGA, true, "invlpga" }, { INSN_INVPCID, true, "invpcid" }, { INSN_INVD, true, "invd" },
	{ INSN_WBINVD, true, "wbinvd" }, { INSN_WBINVD, true, "wbnoinvd" }, { INSN_XSETBV, true, "xsetbv" },
	{ INSN_XGETBV, true, "xgetbv" }, { INSN_SGDT, true, "sgdt" }, { INSN_SIDT, true, "sidt" },
	{ INSN_LGDT, true, "lgdt" }, { INSN_LIDT, true, "lidt" }, { INSN_VMRUN, true, "vmrun" },
	{ INSN_VMMCALL, true, "vmmcall" }, { INSN_VMCALL, true, "vmcall" }, { INSN_VMLOAD, true, "vmload" },
	{ INSN_VMSAVE, true, "vmsave" }, { INSN_STGI, true, "stgi" }, { INSN_CLGI, true, "clgi" },
	{ INSN_SKINIT, true, "skinit" }, { INSN_INT3, true, "int3" }, { INSN_INT, true, "int" },
	{ INSN_INTO, true, "into" }, { INSN_ICEBP, true, "int1" }, { INSN_IRET, true, "iret*" },
	{ INSN_POPF, true, "popf*" }, { INSN_RSM, true, "rsm" }, { INSN_UD2, true, "ud2" },
};
/* clang-format on */

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, name, n - 1) : !strcmp(pattern, name);
}

static void init(void)
{
	static const ZydisMachineMode machine[NR_MODES] = { ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_MACHINE_MODE_LONG_COMPAT_16,
							    ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_MACHINE_MODE_LONG_64 };
	static const ZydisStackWidth stack[NR_MODES] = { ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_32,
							 ZYDIS_STACK_WIDTH_64 };

	for (int m = 0; m < NR_MODES; m++) {
		ZydisDecoderInit(&decoder[m], machine[m], stack[m]);
		ZydisDecoderEnableMode(&decoder[m], ZYDIS_DECODER_MODE_AMD_BRANCHES, ZYAN_TRUE);
	}
	allowed[INSN_NOP][ZYDIS_MNEMONIC_XCHG] = true;   /* 90 with a prefix */
	allowed[INSN_XCHG][ZYDIS_MNEMONIC_PAUSE] = true; /* F3 41 90 is XCHG with R8 on AMD's processors */
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (int z = 1; z <= ZYDIS_MNEMONIC_MAX_VALUE; z++)
			if (name_matches(names[i].names, ZydisMnemonicGetString(z))) {
				allowed[names[i].op][z] = true;
				must_name[z] |= names[i].exclusive;
			}
}

static const char *hex(const u8 *bytes)
{
	static char text[3 * MAX_BYTES + 1];

	for (int i = 0; i < MAX_BYTES; i++)
		sprintf(text + 3 * i, "%02x ", bytes[i]);
	return text;
}

#define EXPECT(cond, what)                                                                                                       \
	do {                                                                                                                     \
		if (!(cond)) /* millions of times: ck_assert would write to a file each time */                                  \
			ck_abort_msg("%s: mode %d, op %u, bytes %s", what, mode, in->op, hex(bytes));                            \
	} while (0)

/* VIA's PadLock and Knights Corner's jumps: in no CPU that has SVM. */
static bool foreign(const ZydisDecodedInstruction *z)
{
	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_JKZD:
	case ZYDIS_MNEMONIC_JKNZD: return true;
	default: return z->opcode_map == ZYDIS_OPCODE_MAP_0F && (z->opcode == 0xa6 || z->opcode == 0xa7);
	}
}

/* Accepted beyond Zydis: AMD's LOCK MOV CR0, and 0F 01's register forms, where prefixes and modes are not looked at. */
static bool lenient(const struct insn *in)
{
	if (in->map != INSN_MAP_0F)
		return false;
	return (in->opcode == 0x01 && in->modrm >= 0xc0) || ((in->opcode & ~2) == 0x20 && in->prefix & INSN_P_LOCK);
}

static unsigned our_register(ZydisRegister reg)
{
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
		return reg - ZYDIS_REGISTER_AH + INSN_R_AH;
	if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		return reg - ZYDIS_REGISTER_SPL + 4;
	if (reg == ZYDIS_REGISTER_NONE)
		return INSN_R_NONE;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return INSN_R_RIP;
	return ZydisRegisterGetId(reg);
}

static u64 cut(u64 value, unsigned bytes)
{
	return bytes >= 8 ? value : value & ((1ull << (8 * bytes)) - 1);
}

/* SIB without a base and with REX.B and 67: Zydis 4.0 says R13D, hardware (see tests/emul/native.c) a displacement alone. */
static bool wrong_base(const struct insn *in, const ZydisDecodedOperand *o)
{
	return in->base == INSN_R_NONE && o->mem.base == ZYDIS_REGISTER_R13D && in->modrm < 0x40 && (in->modrm & 7) == 4;
}

static void compare_memory(const struct insn *in, const ZydisDecodedOperand *o, const u8 *bytes, int mode)
{
	unsigned base = in->base == INSN_R_MOFFS ? INSN_R_NONE : in->base;
	s64 disp = in->base == INSN_R_MOFFS ? (s64)in->imm : in->disp;

	EXPECT(emul_has_mem(in), "memory operand");
	EXPECT(base == our_register(o->mem.base) || wrong_base(in, o), "base");
	EXPECT(in->index == our_register(o->mem.index), "index");
	EXPECT(in->index == INSN_R_NONE || 1u << in->scale == o->mem.scale, "scale");
	EXPECT(cut(disp, in->adsize) == cut(o->mem.disp.has_displacement ? o->mem.disp.value : 0, in->adsize) ||
		       wrong_base(in, o),
	       "displacement");
	EXPECT(in->op == INSN_LEA || in->seg == o->mem.segment - ZYDIS_REGISTER_ES, "segment");
	if (o->mem.type == ZYDIS_MEMOP_TYPE_MEM && in->op <= INSN_LAST_EXECUTED)
		EXPECT(emul_mem_bytes(in) * 8 == o->size, "size of memory operand");
}

/* The operand that our decoder put into `where`. */
static void compare_operand(const struct insn *in, unsigned where, const ZydisDecodedOperand *o, const u8 *bytes, int mode)
{
	bool reg = where == INSN_REG || (where == INSN_RM && !emul_has_mem(in));

	if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		EXPECT(where == INSN_RM, "kind of operand");
		compare_memory(in, o, bytes, mode);
	} else if (o->type == ZYDIS_OPERAND_TYPE_REGISTER) {
		EXPECT(reg, "kind of operand");
		EXPECT((where == INSN_REG ? in->reg : in->rm) == our_register(o->reg.value), "register");
	} else if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		EXPECT(where == INSN_IMM, "kind of operand");
		EXPECT(cut(in->imm, in->opsize) == cut(o->imm.value.u, in->opsize), "immediate");
	}
}

static bool is_shift(const struct insn *in)
{
	return in->op >= INSN_ROL && in->op <= INSN_SAR;
}

/* Push has only a source, which our decoder may call dst (FF /6). */
static void compare_operands(const struct insn *in, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o,
			     const u8 *bytes, int mode)
{
	unsigned where[2] = { in->dst, in->src }, n = 0;

	if (in->dst == INSN_NONE)
		where[0] = in->op == INSN_INVLPG ? INSN_RM : in->src;
	for (unsigned i = 0; i < z->operand_count && n < 2; i++) {
		if (o[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN || (is_shift(in) && i == 1 && in->src == INSN_REG))
			continue;
		compare_operand(in, where[n++], &o[i], bytes, mode);
	}
}

/* String instructions have hidden operands: what can differ is the source's segment. */
static void compare_string(const struct insn *in, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o, const u8 *bytes,
			   int mode)
{
	for (unsigned i = 0; i < z->operand_count; i++) {
		if (o[i].type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		EXPECT(o[i].size == 8u * in->opsize, "size of string element");
		if (our_register(o[i].mem.base) == 6)
			EXPECT(in->seg == o[i].mem.segment - ZYDIS_REGISTER_ES, "source segment");
	}
}

static bool is_string(const struct insn *in)
{
	return (in->op >= INSN_MOVS && in->op <= INSN_SCAS) || in->op == INSN_INS || in->op == INSN_OUTS;
}

static bool is_branch(const struct insn *in)
{
	return in->op >= INSN_CALL && in->op <= INSN_RET;
}

/*
 * Where Zydis's operand_width is what hardware uses. Elsewhere the operands' own sizes are
 * compared; so for string I/O with REX.W, which moves 4 bytes, and MOVNTI, which is never 16 bits wide.
 * Near branches with 66 in 64-bit mode are 16 bits wide on AMD's processors; Zydis knows
 * that of direct calls only.
 */
static bool has_plain_width(const struct insn *in)
{
	if (in->op >= INSN_IN && in->op <= INSN_OUTS && in->prefix & INSN_P_W)
		return false;
	if (in->op == INSN_MOV && in->map == INSN_MAP_0F)
		return false;
	if (is_branch(in) && in->prefix & INSN_P_OPSIZE)
		return in->op == INSN_CALL && in->src == INSN_IMM;
	return in->op < INSN_MOVZX8 || in->op == INSN_PUSH || in->op == INSN_POP || in->op == INSN_CMPXCHG ||
	       in->op == INSN_CMOVCC || is_branch(in) || is_string(in) || in->op == INSN_IN || in->op == INSN_OUT;
}

static bool operands_matter(const struct insn *in)
{
	return (in->op <= INSN_LAST_EXECUTED && in->op != INSN_NOP && in->op != INSN_PUSHF && !is_branch(in)) ||
	       in->op == INSN_INVLPG;
}

static void compare_named(const struct insn *in, const ZydisDecoderContext *zctx, const ZydisDecodedInstruction *z,
			  const u8 *bytes, int mode)
{
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];

	EXPECT(allowed[in->op][z->mnemonic], "name");
	EXPECT(in->adsize * 8 == z->address_width, "address size");
	EXPECT(!(in->prefix & INSN_P_LOCK) == !(z->attributes & ZYDIS_ATTRIB_HAS_LOCK), "LOCK");
	if (has_plain_width(in))
		EXPECT(in->opsize * 8 == z->operand_width, "operand size");
	if (!operands_matter(in) && !is_string(in))
		return;
	EXPECT(ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder[mode], zctx, z, o, z->operand_count)), "Zydis");
	executed++;
	if (is_string(in))
		compare_string(in, z, o, bytes, mode);
	else
		compare_operands(in, z, o, bytes, mode);
}

static void compare(const u8 *bytes, int mode)
{
	struct insn insn, *in = &insn;
	ZydisDecodedInstruction z;
	ZydisDecoderContext zctx;
	int len = emul_decode(in, bytes, MAX_BYTES, mode);

	if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder[mode], &zctx, bytes, MAX_BYTES, &z))) {
		EXPECT(len < 0 || in->op == INSN_OTHER || lenient(in), "accepted, and Zydis refuses");
		return;
	}
	if (foreign(&z))
		return;
	EXPECT(len > 0, "refused, and Zydis accepts");
	EXPECT(len == z.length && in->len == len, "length");
	both++;
	if (in->op == INSN_OTHER)
		EXPECT(!must_name[z.mnemonic], "not named");
	else
		compare_named(in, &zctx, &z, bytes, mode);
}

/* clang-format off */
static const char *const prefixes[] = {
	"",	    "\x66",	"\xf2",	    "\xf3",	"\x67",	       "\xf0",	   "\x48",     "\x40",	   "\x41",
	"\x4f",	    "\x66\x48", "\xf3\x48", "\xf2\x48", "\x66\xf2",    "\x64",	   "\x2e",     "\x66\xf3", "\x66\x67",
	"\xf0\x48", "\xf0\x66", "\xf0\xf3", "\xf0\xf2", "\x65\x2e\x36", "\x48\x66", "\x67\x42", "\x26",    "\x44",
};
/* clang-format on */

/* One opcode with every ModRM, each with a random tail. */
static void every_modrm(const char *prefix, const char *escape, u8 opcode, int mode)
{
	u8 bytes[MAX_BYTES + 9];
	size_t p = strlen(prefix), e = strlen(escape);

	for (int modrm = 0; modrm < 256; modrm++) {
		u64 tail = rnd();

		memcpy(bytes, prefix, p);
		memcpy(bytes + p, escape, e);
		bytes[p + e] = opcode;
		bytes[p + e + 1] = modrm;
		memcpy(bytes + p + e + 2, &tail, 8);
		tail = rnd();
		memcpy(bytes + p + e + 10, &tail, 8);
		compare(bytes, mode);
	}
}

START_TEST(structured)
{
	static const char *const escapes[] = { "", "\x0f", "\x0f\x38", "\x0f\x3a" };

	rnd_seed(1 + _i);
	for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++)
		for (size_t e = 0; e < ARRAY_SIZE(escapes); e++)
			for (int opcode = 0; opcode < 256; opcode++)
				every_modrm(prefixes[p], escapes[e], opcode, _i);
	ck_assert_uint_gt(both, 2000000);
	ck_assert_uint_gt(executed, 400000);
}
END_TEST

/* What starts so is rare among random bytes. */
static void bias(u8 *bytes)
{
	switch (rnd() & 15) {
	case 0: bytes[0] = 0xc5; break;
	case 1:
		bytes[0] = 0xc4;
		bytes[1] &= 0xe3;
		break;
	case 2:
		bytes[0] = 0x62;
		bytes[1] &= 0xf7;
		bytes[2] |= 4;
		break;
	case 3:
		bytes[0] = 0x8f;
		bytes[1] = (bytes[1] & 0xe0) | (8 + (bytes[1] & 3) % 3);
		break;
	case 4 ... 7: bytes[0] = prefixes[1 + rnd() % 5][0]; break;
	case 8:
		for (int i = 0; i < 13; i++)
			bytes[i] = prefixes[1 + rnd() % 6][0];
		break;
	}
}

START_TEST(random_bytes)
{
	rnd_seed(100 + _i);
	for (int n = 0; n < 2500000; n++) {
		u64 words[2] = { rnd(), rnd() };

		bias((u8 *)words);
		compare((u8 *)words, _i);
	}
	ck_assert_uint_gt(both, 1000000);
}
END_TEST

/*
 * Every length short of the whole is reported as such, and nothing shorter is accepted. With
 * the whole and no byte more the decoder's short cut is not taken: the result is the same.
 */
START_TEST(truncated)
{
	rnd_seed(200 + _i);
	for (int n = 0; n < 300000; n++) {
		u64 words[2] = { rnd(), rnd() };
		struct insn in, full;
		int len;

		memset(&in, 0, sizeof(in)); /* the padding, for memcmp */
		memset(&full, 0, sizeof(full));
		len = emul_decode(&full, (u8 *)words, MAX_BYTES, _i);
		for (int avail = 0; avail <= len; avail++)
			if (emul_decode(&in, (u8 *)words, avail, _i) != (avail < len ? EMUL_TRUNCATED : len))
				ck_abort_msg("mode %d, %d of %d bytes: %s", _i, avail, len, hex((u8 *)words));
		full.flags &= ~INSN_F_FLAT;
		if (len > 0 && memcmp(&in, &full, sizeof(in)))
			ck_abort_msg("mode %d: two results: %s", _i, hex((u8 *)words));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: decoder against Zydis");
	TCase *t = tcase_create("decode");

	init();
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, structured, 0, NR_MODES);
	tcase_add_loop_test(t, random_bytes, 0, NR_MODES);
	tcase_add_loop_test(t, truncated, 0, NR_MODES);
	suite_add_tcase(s, t);
	return suite_run(s);
}
