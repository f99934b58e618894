/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short forms of hv/svm against the decoder: what one of them matches, the decoder reads in the same way. Every
 * opcode byte, ModRM and SIB near those that they know is tried, with random bytes behind.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "hv/svm/short/short_forms.h"
#include "tests/emul/random.h"
#include "tests/suite.h"

#define FETCHED  16
#define MAX_INSN 15

static u8 bytes[FETCHED];
static struct insn in;
static unsigned matched;

static void begin(void)
{
	rnd_seed(7);
	matched = 0;
}

/* The low `n` bytes of `start`, the first lowest, and random ones behind. */
static void starting_with(u32 start, unsigned n)
{
	for (unsigned i = 0; i < FETCHED; i++)
		bytes[i] = (u8)rnd();
	memcpy(bytes, &start, n);
}

/* Every start of three bytes: for all short forms but the 64-bit store that is the opcode and what its operand is. */
#define STARTS (1u << 24)

/* Check notes every assertion in a file, which is slow: only failures reach it. */
static void check(bool good, const char *what)
{
	if (!good)
		ck_abort_msg("%02x %02x %02x %02x: %s", bytes[0], bytes[1], bytes[2], bytes[3], what);
}

/* The decoder's word on what a short form took for an instruction of `len` bytes. */
static void decoded(enum emul_mode mode, unsigned len, enum insn_op op)
{
	matched++;
	memset(&in, 0, sizeof(in));
	check(emul_decode(&in, bytes, MAX_INSN, mode) == (int)len, "length");
	check(in.op == op, "operation");
}

/* ---- stores ---- */

static void check_store(enum emul_mode mode, const struct short_store *st, unsigned size)
{
	decoded(mode, st->len, INSN_MOV);
	check(emul_has_mem(&in) && in.dst == INSN_RM, "a store");
	check(in.opsize == size && in.adsize == size, "sizes");
	check(in.base == st->base && in.disp == st->disp, "base and displacement");
	check(in.index == (st->index == SHORT_NO_INDEX ? INSN_R_NONE : st->index), "index");
	check(st->index == SHORT_NO_INDEX || in.scale == st->scale, "scale");
	check(in.src == (st->is_imm ? INSN_IMM : INSN_REG), "kind of value");
	check(st->is_imm ? (s64)in.imm == st->imm : in.reg == st->src, "value");
	/* Who asks for the bases of these two has asked for all. */
	check(in.seg == (st->base == RSP || st->base == RBP ? EMUL_SS : EMUL_DS), "segment");
}

START_TEST(stores_of_64_bits)
{
	struct short_store st;

	begin();
	for (u32 rex = 0x40; rex < 0x50; rex++)
		for (u32 opcode = 0x88; opcode < 0xc8; opcode += opcode == 0x8b ? 0xc6 - 0x8b : 1)
			for (u32 operand = 0; operand < 0x10000; operand++) {
				starting_with(rex | opcode << 8 | operand << 16, 4);
				if (short_store(bytes, &st))
					check_store(EMUL_LONG, &st, 8);
			}
	/* Two opcodes, one of which wants /0; eight kinds of REX.W; 3 of 4 kinds of ModRM. */
	ck_assert_uint_gt(matched, 8 * 9 * 0x1000);
}
END_TEST

START_TEST(stores_of_32_bits)
{
	struct short_store st;

	begin();
	for (u32 n = 0; n < STARTS; n++) {
		starting_with(n, 3);
		if (short_store_32(bytes, &st))
			check_store(EMUL_PROT32, &st, 4);
	}
	ck_assert_uint_gt(matched, 9 * 0x1000);
}
END_TEST

/* REX is no prefix in 32-bit code but an instruction of its own. */
START_TEST(rex_is_none_in_32_bit_code)
{
	static const u8 store[FETCHED] = { 0x48, 0x89, 0x01 };
	struct short_store st;

	ck_assert(short_store(store, &st));
	ck_assert(!short_store_32(store, &st));
	ck_assert(short_store_32(store + 1, &st));
	ck_assert(!short_store(store + 1, &st));
}
END_TEST

/* ---- the others: the same bytes in both modes ---- */

static const enum emul_mode modes[] = { EMUL_LONG, EMUL_PROT32 };

/* Moves to and from CR3. */
static const struct cr3_form {
	u16 opcode;
	enum insn_op op;
} cr3_forms[] = { { 0x220f, INSN_MOV_TO_CR }, { 0x200f, INSN_MOV_FROM_CR } };

START_TEST(mov_cr3)
{
	const struct cr3_form *f = &cr3_forms[_i / 2];
	unsigned reg, len;

	begin();
	for (u32 n = 0; n < STARTS; n++) {
		starting_with(n, 3);
		len = short_cr3(bytes, f->opcode, &reg);
		if (!len)
			continue;
		decoded(modes[_i % 2], len, f->op);
		check(in.reg == 3 && in.rm == reg, "registers");
	}
	ck_assert_uint_eq(matched, 8);
}
END_TEST

/* With REX.B or without. */
START_TEST(mov_cr3_any)
{
	const struct cr3_form *f = &cr3_forms[_i];
	unsigned reg, len, with_rex = 0;

	begin();
	for (u32 prefix = 0; prefix < 0x100; prefix++)
		for (u32 modrm = 0; modrm < 0x100; modrm++) {
			starting_with(prefix | (u32)f->opcode << 8 | modrm << 24, 4);
			len = short_cr3_any(bytes, f->opcode, &reg);
			if (!len)
				continue;
			decoded(EMUL_LONG, len, f->op);
			check(in.reg == 3 && in.rm == reg, "registers");
			with_rex += reg >= 8;
		}
	ck_assert_uint_eq(matched, 8);
	ck_assert_uint_eq(with_rex, 8);
	for (u32 modrm = 0; modrm < 0x100; modrm++) {
		starting_with(f->opcode | modrm << 16, 3);
		len = short_cr3_any(bytes, f->opcode, &reg);
		if (!len)
			continue;
		decoded(EMUL_LONG, len, f->op);
		check(in.reg == 3 && in.rm == reg, "registers");
	}
	ck_assert_uint_eq(matched, 16);
}
END_TEST

START_TEST(invlpg)
{
	unsigned reg, len;

	begin();
	for (u32 n = 0; n < STARTS; n++) {
		starting_with(n, 3);
		len = short_invlpg(bytes, &reg);
		if (!len)
			continue;
		decoded(modes[_i], len, INSN_INVLPG);
		check(in.base == reg && in.index == INSN_R_NONE && !in.disp && in.seg == EMUL_DS, "address");
	}
	ck_assert_uint_eq(matched, 6);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("svm: short forms");
	TCase *t = tcase_create("forms");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, stores_of_64_bits);
	tcase_add_test(t, stores_of_32_bits);
	tcase_add_test(t, rex_is_none_in_32_bit_code);
	tcase_add_loop_test(t, mov_cr3, 0, ARRAY_SIZE(cr3_forms) * ARRAY_SIZE(modes));
	tcase_add_loop_test(t, mov_cr3_any, 0, ARRAY_SIZE(cr3_forms));
	tcase_add_loop_test(t, invlpg, 0, ARRAY_SIZE(modes));
	suite_add_tcase(s, t);
	return suite_run(s);
}
