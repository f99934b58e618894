/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the emulator refuses before memory is asked: bytes outside a segment, segments that do not allow the access,
 * addresses that are not canonical. Expected answers are the manual's (APM volume 2, sections 4.5.3, 4.12 and 5.3.1). In 64-bit
 * mode the real CPU is asked, too.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "tests/emul/native.h"
#include "tests/suite.h"

#define ABSENT 77 /* what memory answers where there is none */
#define MEMORY 0x30000u

static u8 memory[MEMORY];
static u64 gpr[16];
static struct emul_segment seg[EMUL_NR_SEGS];
static struct emul_state st;
static unsigned calls;

static int op_read(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write)
{
	calls++;
	if (linear >= MEMORY || linear + bytes > MEMORY)
		return ABSENT;
	memcpy(buf, memory + linear, bytes);
	return 0;
}

static int op_write(void *ctx, u64 linear, const void *buf, unsigned bytes)
{
	calls++;
	if (linear >= MEMORY || linear + bytes > MEMORY)
		return ABSENT;
	memcpy(memory + linear, buf, bytes);
	return 0;
}

static int op_cmpxchg(void *ctx, u64 linear, void *old, const void *new_, unsigned bytes, bool *done)
{
	*done = true;
	return op_write(ctx, linear, new_, bytes);
}

static int op_xmm_read(void *ctx, unsigned index, u8 value[16])
{
	memset(value, 0, 16);
	return 0;
}

static int op_xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	return 0;
}

static const struct emul_ops ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.xmm_read = op_xmm_read,
	.xmm_write = op_xmm_write,
};

static void reset(enum emul_mode mode)
{
	memset(memory, 0, sizeof(memory));
	memset(gpr, 0, sizeof(gpr));
	calls = 0;
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		seg[i] = (struct emul_segment){ .attrib = 0xc93, .limit = ~0u };
	st = (struct emul_state){
		.gpr = gpr, .rip = 0x1000, .rflags = 2, .seg = seg, .linear_bits = 48, .mode = mode, .ss_big = mode == EMUL_PROT32
	};
}

static int run(const char *bytes)
{
	struct insn in;

	ck_assert_int_gt(emul_decode(&in, (const u8 *)bytes, 15, st.mode), 0);
	return emul_execute(&in, &st, &ops, NULL);
}

/* ---- every instruction with an operand in memory, one byte within its limit and one beyond ---- */

/* clang-format off */
static const struct form {
	const char *bytes; /* 32-bit code: the operand is at EDI, ESI or ESP */
	unsigned reg, size;
	bool write;
	u8 seg;
} forms[] = {
	{ "\x89\x07", RDI, 4, true, EMUL_DS },           { "\x66\x89\x07", RDI, 2, true, EMUL_DS },
	{ "\x88\x07", RDI, 1, true, EMUL_DS },           { "\xc7\x07\x01\x02\x03\x04", RDI, 4, true, EMUL_DS },
	{ "\x8b\x07", RDI, 4, false, EMUL_DS },          { "\x01\x07", RDI, 4, true, EMUL_DS },
	{ "\x3b\x07", RDI, 4, false, EMUL_DS },          { "\x39\x07", RDI, 4, false, EMUL_DS },
	{ "\xf0\x01\x07", RDI, 4, true, EMUL_DS },       { "\x87\x07", RDI, 4, true, EMUL_DS },
	{ "\x0f\xb1\x0f", RDI, 4, true, EMUL_DS },       { "\xf0\x0f\xc7\x0f", RDI, 8, true, EMUL_DS },
	{ "\x0f\xab\x07", RDI, 4, true, EMUL_DS },       { "\x0f\xa3\x07", RDI, 4, false, EMUL_DS },
	{ "\xd1\x27", RDI, 4, true, EMUL_DS },           { "\xff\x07", RDI, 4, true, EMUL_DS },
	{ "\x0f\xb6\x07", RDI, 1, false, EMUL_DS },      { "\x0f\x44\x07", RDI, 4, false, EMUL_DS },
	{ "\x0f\x11\x07", RDI, 16, true, EMUL_DS },      { "\x0f\x10\x07", RDI, 16, false, EMUL_DS },
	{ "\x0f\x94\x07", RDI, 1, true, EMUL_DS },       { "\x0f\x38\xf1\x07", RDI, 4, true, EMUL_DS },
	{ "\xff\x37", RDI, 4, false, EMUL_DS },          { "\x8f\x07", RDI, 4, true, EMUL_DS },
	{ "\xff\x17", RDI, 4, false, EMUL_DS },          { "\x26\x89\x07", RDI, 4, true, EMUL_ES },
	{ "\x36\x89\x07", RDI, 4, true, EMUL_SS },       { "\x65\x8b\x07", RDI, 4, false, EMUL_GS },
	{ "\xa5", RSI, 4, false, EMUL_DS },              { "\xa5", RDI, 4, true, EMUL_ES },
	{ "\x64\xa5", RSI, 4, false, EMUL_FS },          { "\xaa", RDI, 1, true, EMUL_ES },
	{ "\xad", RSI, 4, false, EMUL_DS },              { "\xaf", RDI, 4, false, EMUL_ES },
	{ "\xa7", RSI, 4, false, EMUL_DS },              { "\xa7", RDI, 4, false, EMUL_ES },
	{ "\x58", RSP, 4, false, EMUL_SS },              { "\x9c", RSP, -4u, true, EMUL_SS },
	{ "\x50", RSP, -4u, true, EMUL_SS },             { "\x66\x50", RSP, -2u, true, EMUL_SS },
	{ "\xe8\x00\x00\x00\x00", RSP, -4u, true, EMUL_SS }, { "\x8b\x04\x24", RSP, 4, false, EMUL_SS },
};
/* clang-format on */

#define LIMIT 0x5fffu

/* The operand's first byte comes to lie at `offset`. Negative sizes are those of pushes, which go below the register. */
static int run_form(const struct form *f, u32 offset)
{
	bool push = (int)f->size < 0;

	gpr[RSP] = gpr[RSI] = gpr[RDI] = 0x2000;
	gpr[f->reg] = push ? offset - f->size : offset;
	return run(f->bytes);
}

static unsigned form_size(const struct form *f)
{
	return (int)f->size < 0 ? -f->size : f->size;
}

START_TEST(limits)
{
	const struct form *f = &forms[_i];
	int refused = f->seg == EMUL_SS ? EMUL_SS_FAULT : EMUL_GP;

	for (unsigned inside = 0; inside <= form_size(f); inside++) {
		reset(EMUL_PROT32);
		seg[f->seg].limit = LIMIT;
		ck_assert_int_eq(run_form(f, LIMIT + 1 - inside), inside == form_size(f) ? EMUL_DONE : refused);
	}
	reset(EMUL_PROT32); /* so far above that the sum wraps */
	seg[f->seg].limit = LIMIT;
	ck_assert_int_eq(run_form(f, -2u), refused);
}
END_TEST

START_TEST(expand_down)
{
	const struct form *f = &forms[_i];
	int refused = f->seg == EMUL_SS ? EMUL_SS_FAULT : EMUL_GP;

	for (u32 offset = LIMIT - 2; offset < LIMIT + 4; offset++) {
		reset(EMUL_PROT32);
		seg[f->seg] = (struct emul_segment){ .attrib = 0x497, .limit = LIMIT };
		ck_assert_int_eq(run_form(f, offset), offset > LIMIT ? EMUL_DONE : refused);
		seg[f->seg].attrib = 0x097; /* without B it ends at 64 KiB */
		seg[f->seg].base = 0xffff8000;
		ck_assert_int_eq(run_form(f, 0x10001 - form_size(f)), refused);
		ck_assert_int_eq(run_form(f, 0x10000 - form_size(f)), EMUL_DONE);
	}
}
END_TEST

START_TEST(types)
{
	const struct form *f = &forms[_i];
	int refused = f->seg == EMUL_SS ? EMUL_SS_FAULT : EMUL_GP;
	const struct {
		u16 attrib;
		bool reads, writes;
	} type[] = {
		{ 0xc93, true, true },   { 0xc91, true, false },  { 0xc9b, true, false },
		{ 0xc99, false, false }, { 0xc9d, false, false }, { 0x000, false, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(type); i++) {
		reset(EMUL_PROT32);
		seg[f->seg].attrib = type[i].attrib;
		ck_assert_int_eq(run_form(f, 0x3000), (f->write ? type[i].writes : type[i].reads) ? EMUL_DONE : refused);
		ck_assert_uint_eq(st.rip == 0x1000, !(f->write ? type[i].writes : type[i].reads));
		reset(EMUL_LONG); /* no such things there */
		seg[f->seg].attrib = type[i].attrib;
		seg[f->seg].limit = 0;
		if (f->seg < EMUL_FS && f->bytes[0] != '\x66')
			ck_assert_int_eq(run_form(f, 0x3000), EMUL_DONE);
	}
}
END_TEST

/* ---- string instructions: each iteration as the first ---- */

START_TEST(later_iterations)
{
	reset(EMUL_PROT32);
	seg[EMUL_ES].limit = 0x400f;
	gpr[RDI] = 0x4000;
	gpr[RSI] = 0x5000;
	gpr[RCX] = 10;
	ck_assert_int_eq(run("\xf3\xa5"), EMUL_GP);
	ck_assert_uint_eq(gpr[RCX], 6);
	ck_assert_uint_eq(gpr[RDI], 0x4010);
	ck_assert_uint_eq(gpr[RSI], 0x5010);
	ck_assert_uint_eq(calls, 9); /* a fifth element was read, as hardware reads it */
	reset(EMUL_PROT32);
	seg[EMUL_SS].limit = 0x5007;
	gpr[RDI] = 0x4000;
	gpr[RSI] = 0x5000;
	gpr[RCX] = 10;
	ck_assert_int_eq(run("\xf3\x36\xa5"), EMUL_SS_FAULT); /* from SS */
	ck_assert_uint_eq(gpr[RCX], 8);
	ck_assert_uint_eq(gpr[RDI], 0x4008);
}
END_TEST

/* SI and DI wrap within 64 KiB; the element that crosses the end of a segment of that size does not. */
START_TEST(wraps_at_64k)
{
	reset(EMUL_REAL16);
	seg[EMUL_ES].limit = 0xffff;
	seg[EMUL_ES].base = 0x10000;
	gpr[RDI] = 0xfffe;
	gpr[RCX] = 2;
	ck_assert_int_eq(run("\xf3\xab"), EMUL_DONE);
	ck_assert_uint_eq(gpr[RDI], 2);
	gpr[RDI] = 0xfffd;
	gpr[RCX] = 3;
	ck_assert_int_eq(run("\xf3\xab"), EMUL_GP);
	ck_assert_uint_eq(gpr[RDI], 0xffff);
	ck_assert_uint_eq(gpr[RCX], 2);
	gpr[RDI] = 0xffff; /* to a segment of 4 GiB it is written in one piece */
	gpr[RCX] = 1;
	gpr[RAX] = 0xaabb;
	seg[EMUL_ES].limit = ~0u;
	ck_assert_int_eq(run("\xf3\xab"), EMUL_DONE);
	ck_assert_uint_eq(memory[0x1ffff], 0xbb);
	ck_assert_uint_eq(memory[0x20000], 0xaa);
	reset(EMUL_PROT32); /* a flat segment's last bytes and its first */
	gpr[RDI] = 0xfffffffe;
	ck_assert_int_eq(run("\xab"), ABSENT);
}
END_TEST

START_TEST(real_mode_has_no_types)
{
	reset(EMUL_REAL16);
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		seg[i] = (struct emul_segment){ .attrib = 0x09b, .limit = 0xffff };
	gpr[RBX] = 0x2000;
	ck_assert_int_eq(run("\x2e\x89\x07"), EMUL_DONE); /* mov %ax,%cs:(%bx) */
	gpr[RBX] = 0xffff;
	ck_assert_int_eq(run("\x89\x07"), EMUL_GP);
	ck_assert_int_eq(run("\x36\x89\x07"), EMUL_SS_FAULT);
	gpr[RSP] = 1;
	ck_assert_int_eq(run("\x50"), EMUL_SS_FAULT);
	ck_assert_uint_eq(gpr[RSP], 1);
}
END_TEST

START_TEST(call_beyond_the_limit)
{
	reset(EMUL_PROT32);
	seg[EMUL_CS].limit = 0x1fff;
	gpr[RSP] = 0x8000;
	ck_assert_int_eq(run("\xe8\xfa\x0f\x00\x00"), EMUL_DONE); /* to 1fff */
	st.rip = 0x1000;
	ck_assert_int_eq(run("\xe8\xfb\x0f\x00\x00"), EMUL_GP);
	ck_assert_uint_eq(gpr[RSP], 0x7ffc);
	reset(EMUL_LONG);
	gpr[RSP] = 0x8000;
	gpr[RAX] = 0x800000000000;
	ck_assert_int_eq(run("\xff\xd0"), EMUL_GP);
	gpr[RAX]--;
	ck_assert_int_eq(run("\xff\xd0"), EMUL_DONE);
}
END_TEST

START_TEST(jump_beyond_the_limit)
{
	reset(EMUL_PROT32);
	seg[EMUL_CS].limit = 0x1fff;
	ck_assert_int_eq(run("\xe9\xfb\x0f\x00\x00"), EMUL_GP);       /* to 2000 */
	ck_assert_int_eq(run("\x0f\x84\xfa\x0f\x00\x00"), EMUL_DONE); /* not taken */
	ck_assert_uint_eq(st.rip, 0x1006);
	st.rflags |= 0x40;
	st.rip = 0x1000;
	ck_assert_int_eq(run("\x0f\x84\xfa\x0f\x00\x00"), EMUL_GP);
	ck_assert_uint_eq(st.rip, 0x1000);
	ck_assert_int_eq(run("\x0f\x84\xf9\x0f\x00\x00"), EMUL_DONE);
	ck_assert_uint_eq(st.rip, 0x1fff);
	reset(EMUL_LONG);
	gpr[RAX] = 0x800000000000;
	ck_assert_int_eq(run("\xff\xe0"), EMUL_GP);
	gpr[RAX]--;
	ck_assert_int_eq(run("\xff\xe0"), EMUL_DONE);
	ck_assert_uint_eq(st.rip, gpr[RAX]);
}
END_TEST

/* ---- canonical addresses ---- */

START_TEST(canonical)
{
	static const struct {
		u64 rdi;
		u8 bits;
		int expected;
	} at[] = {
		{ 0x7ffffffffff8, 48, ABSENT },      { 0x7ffffffffff9, 48, EMUL_GP },    { 0x800000000000, 48, EMUL_GP },
		{ 0x800000000000, 57, ABSENT },      { 0xfffffffffffff9, 57, EMUL_GP },  { 0x100000000000000, 57, EMUL_GP },
		{ 0xffff7ffffffffff8, 48, EMUL_GP }, { 0xffff800000000000, 48, ABSENT }, { 0xffff7ffffffffff8, 57, ABSENT },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		u64 linear;

		reset(EMUL_LONG);
		st.linear_bits = at[i].bits;
		gpr[RDI] = at[i].rdi;
		ck_assert_int_eq(run("\x48\x8b\x07"), at[i].expected);
		ck_assert_int_eq(run("\x48\x8b\x07"), at[i].expected);
		ck_assert_int_eq(run("\x65\x48\x89\x07"), at[i].expected);
		gpr[RSP] = at[i].rdi;
		ck_assert_int_eq(run("\x58"), at[i].expected == EMUL_GP ? EMUL_SS_FAULT : ABSENT);
		ck_assert_int_eq(run("\x48\x03\x04\x24"), at[i].expected == EMUL_GP ? EMUL_SS_FAULT : ABSENT);
		ck_assert_int_eq(emul_place(&st, EMUL_DS, at[i].rdi, 8, 8, true, &linear),
				 at[i].expected == ABSENT ? 0 : EMUL_GP);
		ck_assert_uint_eq(linear, at[i].rdi);
	}
	reset(EMUL_LONG);
	gpr[RDI] = 0x8000;
	gpr[RSI] = 0x7fffffffffff0000;
	gpr[RCX] = 3;
	ck_assert_int_eq(run("\xf3\xa4"), EMUL_GP); /* the source */
	gpr[RSI] = 0x8000;
	ck_assert_int_eq(run("\xf3\xa4"), EMUL_DONE);
	seg[EMUL_FS].base = 0x800000000000;
	ck_assert_int_eq(run("\x64\x8b\x07"), EMUL_GP);
}
END_TEST

/* Of the same instructions the CPU itself gives #GP, #SS or #PF. A stack there is left out: a signal would find none, either. */
START_TEST(canonical_natively)
{
	static const struct {
		const char *bytes;
		unsigned len, reg;
	} form[] = {
		{ "\x48\x8b\x07", 3, RDI },         { "\x48\x89\x07", 3, RDI }, { "\xf0\x48\x01\x07", 4, RDI },
		{ "\x48\x8b\x45\x00", 4, RBP },     { "\xff\x37", 2, RDI },     { "\x0f\x11\x07", 3, RDI },
		{ "\x65\x48\x8b\x07", 4, RDI },     { "\x48\xa5", 2, RDI },     { "\x48\xa5", 2, RSI },
		{ "\x3e\x48\x8b\x45\x00", 5, RBP },
	};
	static const u64 address[] = { 0x0200000000000000, 0x7ffffffff0000000, 0xfeffffffffffff00 };

	native_init();
	for (unsigned i = 0; i < ARRAY_SIZE(form) * ARRAY_SIZE(address); i++) {
		unsigned k = i % ARRAY_SIZE(form);
		int r;

		reset(EMUL_LONG);
		st.linear_bits = 57;
		for (unsigned n = 0; n < 16; n++)
			gpr[n] = SCRATCH;
		gpr[form[k].reg] = address[i / ARRAY_SIZE(form)];
		native_regs.rflags = st.rflags;
		memcpy(native_regs.gpr, gpr, sizeof(gpr));
		r = native_execute(NATIVE_64, (const u8 *)form[k].bytes, form[k].len);
		ck_assert_int_ne(r, 0);
		memset(memory, 0, sizeof(memory));
		for (unsigned n = 0; n < 16; n++)
			gpr[n] = gpr[n] == SCRATCH ? 0x8000 : gpr[n];
		r = run(form[k].bytes);
		ck_assert_msg(native_trap == (r == EMUL_GP       ? 13 :
					      r == EMUL_SS_FAULT ? 12 :
								   14),
			      "form %u: the CPU's exception is %d, ours %d", k, native_trap, r);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: limits");
	TCase *t = tcase_create("limits");

	tcase_add_loop_test(t, limits, 0, ARRAY_SIZE(forms));
	tcase_add_loop_test(t, expand_down, 0, ARRAY_SIZE(forms));
	tcase_add_loop_test(t, types, 0, ARRAY_SIZE(forms));
	tcase_add_test(t, later_iterations);
	tcase_add_test(t, wraps_at_64k);
	tcase_add_test(t, real_mode_has_no_types);
	tcase_add_test(t, call_beyond_the_limit);
	tcase_add_test(t, jump_beyond_the_limit);
	tcase_add_test(t, canonical);
	tcase_add_test(t, canonical_natively);
	suite_add_tcase(s, t);
	return suite_run(s);
}
