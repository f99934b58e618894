/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a decoded instruction says to the hypervisor: plain stores, linear addresses in
 * every mode, the fields that exit handlers read; and a short run of hostile input.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "tests/emul/hostile.h"
#include "tests/emul/random.h"
#include "tests/suite.h"

static u64 gpr[16];
static struct emul_state st;
static struct emul_segment seg[EMUL_NR_SEGS];
static struct insn in;

static void reset(enum emul_mode mode)
{
	memset(gpr, 0, sizeof(gpr));
	st = (struct emul_state){ .gpr = gpr, .rip = 0x1000, .rflags = 2, .seg = seg, .linear_bits = 48, .mode = mode };
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		seg[i] = (struct emul_segment){ .attrib = 0xc93, .limit = ~0u };
}

/* Decode the bytes of a string literal and expect all of them to be one instruction. */
#define DECODE(text) ck_assert_int_eq(emul_decode(&in, (const u8 *)(text), sizeof(text) - 1, st.mode), sizeof(text) - 1)

START_TEST(plain_stores)
{
	reset(EMUL_LONG);
	gpr[RAX] = 0x1122334455667788;
	gpr[RDI] = 0x2000;
	DECODE("\x48\x89\x07"); /* mov %rax,(%rdi) */
	ck_assert(emul_is_store(&in) && in.opsize == 8);
	ck_assert_uint_eq(emul_store_value(&in, &st), gpr[RAX]);
	ck_assert_uint_eq(emul_linear(&in, &st), 0x2000);
	DECODE("\x88\x67\x05"); /* mov %ah,5(%rdi) */
	ck_assert(emul_is_store(&in) && in.opsize == 1);
	ck_assert_uint_eq(emul_store_value(&in, &st) & 0xff, 0x77);
	DECODE("\x48\xc7\x07\xfe\xff\xff\xff"); /* movq $-2,(%rdi) */
	ck_assert(emul_is_store(&in));
	ck_assert_uint_eq(emul_store_value(&in, &st), -2ull);
	DECODE("\x0f\xc3\x07"); /* movnti %eax,(%rdi) */
	ck_assert(emul_is_store(&in) && in.opsize == 4);
	DECODE("\x48\xa3\x00\x30\x00\x00\x00\x00\x00\x00"); /* mov %rax,0x3000 */
	ck_assert(emul_is_store(&in));
	ck_assert_uint_eq(emul_linear(&in, &st), 0x3000);
}
END_TEST

START_TEST(no_plain_stores)
{
	reset(EMUL_LONG);
	DECODE("\x48\x8b\x07"); /* mov (%rdi),%rax */
	ck_assert(!emul_is_store(&in));
	DECODE("\x48\x89\xc7"); /* mov %rax,%rdi */
	ck_assert(!emul_is_store(&in));
	DECODE("\x48\x01\x07"); /* add %rax,(%rdi) */
	ck_assert(!emul_is_store(&in));
	DECODE("\x48\x87\x07"); /* xchg %rax,(%rdi) */
	ck_assert(!emul_is_store(&in));
	DECODE("\x0f\x38\xf1\x07"); /* movbe %eax,(%rdi) */
	ck_assert(!emul_is_store(&in));
}
END_TEST

START_TEST(addresses_16)
{
	static const struct {
		const char *bytes;
		u64 linear;
	} form[] = {
		{ "\x89\x00", 0x20000 + 0x1100 },
		{ "\x89\x01", 0x20000 + 0x1200 },
		{ "\x89\x02", 0x10000 + 0x2100 },
		{ "\x89\x03", 0x10000 + 0x2200 },
		{ "\x89\x04", 0x20000 + 0x100 },
		{ "\x89\x05", 0x20000 + 0x200 },
		{ "\x89\x06\x34\x12", 0x20000 + 0x1234 },
		{ "\x89\x07", 0x20000 + 0x1000 },
		{ "\x89\x40\xff", 0x20000 + 0x10ff },
		{ "\x89\x46\x10", 0x10000 + 0x2010 },
		{ "\x89\x80\x00\xf0", 0x20000 + 0x100 },
		{ "\x26\x89\x07", 0x1000 },
		{ "\x36\x89\x07", 0x11000 },
		{ "\x67\x89\x03", 0x20000 + 0x1000 },
		{ "\x67\x89\x45\x04", 0x10000 + 0x2004 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		reset(i & 1 ? EMUL_REAL16 : EMUL_PROT16);
		gpr[RBX] = 0x1000;
		gpr[RBP] = 0x2000;
		gpr[RSI] = 0x100;
		gpr[RDI] = 0x200;
		seg[EMUL_DS].base = 0x20000;
		seg[EMUL_SS].base = 0x10000;
		ck_assert_int_gt(emul_decode(&in, (const u8 *)form[i].bytes, 15, st.mode), 0);
		ck_assert_uint_eq(in.opsize, 2);
		ck_assert_msg(emul_linear(&in, &st) == form[i].linear, "form %zu", i);
	}
}
END_TEST

START_TEST(segments)
{
	reset(EMUL_PROT32);
	seg[EMUL_DS].base = 0xfffff000;
	gpr[RDI] = 0x3004;
	DECODE("\x89\x07");
	ck_assert_uint_eq(emul_linear(&in, &st), 0x2004); /* wraps at 4 GiB */
	seg[EMUL_FS].base = 0x500;
	DECODE("\x64\x89\x07");
	ck_assert_uint_eq(emul_linear(&in, &st), 0x3504);
	reset(EMUL_LONG);
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		seg[i].base = 0xeeeeeeeeeeeeeeee;
	seg[EMUL_GS].base = 0xffffffff00000000;
	gpr[RDI] = 0x4000;
	DECODE("\x2e\x89\x07"); /* bases that 64-bit mode does not know */
	ck_assert_uint_eq(emul_linear(&in, &st), 0x4000);
	DECODE("\x65\x3e\x89\x07"); /* GS stays */
	ck_assert_uint_eq(emul_linear(&in, &st), 0xffffffff00004000);
	gpr[RDI] = 0xffffffffffff0000;
	DECODE("\x67\x89\x47\x10");
	ck_assert_uint_eq(emul_linear(&in, &st), 0xffff0010);
	DECODE("\x89\x05\xf0\xff\xff\xff"); /* RIP-relative counts from the end */
	ck_assert_uint_eq(emul_linear(&in, &st), 0x1000 + 6 - 16);
	DECODE("\xc7\x05\x10\x00\x00\x00\x01\x02\x03\x04");
	ck_assert_uint_eq(emul_linear(&in, &st), 0x1000 + 10 + 16);
}
END_TEST

START_TEST(string_io_fields)
{
	reset(EMUL_PROT16);
	DECODE("\xf3\x2e\x67\x66\x6f"); /* rep outsl %cs:(%esi) */
	ck_assert(in.op == INSN_OUTS && in.opsize == 4 && in.adsize == 4 && in.seg == EMUL_CS);
	ck_assert(in.prefix & INSN_P_REP);
	DECODE("\x6c");
	ck_assert(in.op == INSN_INS && in.opsize == 1 && in.adsize == 2 && !(in.prefix & (INSN_P_REP | INSN_P_REPNE)));
	reset(EMUL_LONG);
	DECODE("\xf2\x48\x6f"); /* REX.W does not make it 8 */
	ck_assert(in.op == INSN_OUTS && in.opsize == 4 && in.adsize == 8 && in.seg == EMUL_DS && in.prefix & INSN_P_REPNE);
	DECODE("\xe4\xfe");
	ck_assert(in.op == INSN_IN && in.src == INSN_IMM && in.imm == 0xfe && in.opsize == 1);
	DECODE("\x66\xef");
	ck_assert(in.op == INSN_OUT && in.src != INSN_IMM && in.opsize == 2);
}
END_TEST

START_TEST(control_register_fields)
{
	reset(EMUL_LONG);
	DECODE("\x41\x0f\x22\xdf"); /* mov %r15,%cr3 */
	ck_assert(in.op == INSN_MOV_TO_CR && in.reg == 3 && in.rm == 15 && in.opsize == 8);
	DECODE("\x44\x0f\x20\xc0"); /* mov %cr8,%rax */
	ck_assert(in.op == INSN_MOV_FROM_CR && in.reg == 8 && in.rm == 0);
	DECODE("\x0f\x22\x1c"); /* mod is not looked at: no SIB */
	ck_assert(in.reg == 3 && in.rm == 4 && !emul_has_mem(&in));
	DECODE("\xf0\x0f\x22\xc1"); /* LOCK: CR8 */
	ck_assert(in.prefix & INSN_P_LOCK && in.reg == 0);
	DECODE("\x0f\x23\xf9");
	ck_assert(in.op == INSN_MOV_TO_DR && in.reg == 7 && in.rm == 1);
	reset(EMUL_PROT32);
	DECODE("\x0f\x01\x30"); /* lmsw (%eax) */
	ck_assert(in.op == INSN_LMSW && emul_has_mem(&in) && emul_mem_bytes(&in) == 2);
	DECODE("\x0f\x01\xf3");
	ck_assert(in.op == INSN_LMSW && !emul_has_mem(&in) && in.rm == RBX);
	gpr[RAX] = 0x5000;
	DECODE("\x0f\x01\x78\x10"); /* invlpg 16(%eax) */
	ck_assert(in.op == INSN_INVLPG && emul_linear(&in, &st) == 0x5010 && emul_mem_bytes(&in) == 0);
}
END_TEST

/* 200 thousand deterministic hostile inputs; the same code under libFuzzer: tests/emul/fuzz.c. */
START_TEST(hostile_bytes)
{
	rnd_seed(7);
	for (int n = 0; n < 200000; n++) {
		u8 data[32];

		for (int i = 0; i < 32; i += 8) {
			u64 word = rnd();

			memcpy(data + i, &word, 8);
		}
		if (rnd() & 1)
			data[10] = 0x48;
		if (rnd() % 4 == 0)
			data[11] = 0x0f;
		hostile_input(data, 10 + rnd() % 17);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: decoded fields, hostile input");
	TCase *t = tcase_create("fields");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, plain_stores);
	tcase_add_test(t, no_plain_stores);
	tcase_add_test(t, addresses_16);
	tcase_add_test(t, segments);
	tcase_add_test(t, string_io_fields);
	tcase_add_test(t, control_register_fields);
	tcase_add_test(t, hostile_bytes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
