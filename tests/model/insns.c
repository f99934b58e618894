/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions told by their bytes, as an assembler gives them; whole ones, cut ones, and noise. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model/insns.h"
#include "tests/suite.h"

struct sample {
	const char *text;
	enum insn is;
	uint8_t len, byte[INSN_BYTES];
	/* Of INVLPG: */
	bool known;
	int base, index, scale, displacement;
};

#define NONE INSN_NO_REGISTER
static const struct sample samples[] = {
	{ "vmrun", INSN_VMRUN, 3, { 0x0f, 0x01, 0xd8 }, false, 0, 0, 0, 0 },
	{ "vmmcall", INSN_VMMCALL, 3, { 0x0f, 0x01, 0xd9 }, false, 0, 0, 0, 0 },
	{ "vmload", INSN_OTHER, 3, { 0x0f, 0x01, 0xda }, false, 0, 0, 0, 0 },
	{ "invlpga", INSN_INVLPGA, 3, { 0x0f, 0x01, 0xdf }, false, 0, 0, 0, 0 },
	{ "swapgs", INSN_OTHER, 3, { 0x0f, 0x01, 0xf8 }, false, 0, 0, 0, 0 },
	{ "lidt (%rax)", INSN_OTHER, 3, { 0x0f, 0x01, 0x18 }, false, 0, 0, 0, 0 },
	{ "mov %rax, %cr3", INSN_CR3_WRITE, 3, { 0x0f, 0x22, 0xd8 }, false, 0, 0, 0, 0 },
	{ "mov %r9, %cr3", INSN_CR3_WRITE, 4, { 0x41, 0x0f, 0x22, 0xd9 }, false, 0, 0, 0, 0 },
	{ "mov %cr3, %rax", INSN_CR_READ, 3, { 0x0f, 0x20, 0xd8 }, false, 3, 0, 0, 0 },
	{ "mov %cr2, %rax", INSN_CR_READ, 3, { 0x0f, 0x20, 0xd0 }, false, 2, 0, 0, 0 },
	{ "mov %cr8, %r10", INSN_CR_READ, 4, { 0x45, 0x0f, 0x20, 0xc2 }, false, 8, 0, 0, 0 },
	{ "mov %rax, %cr4", INSN_MODE_WRITE, 3, { 0x0f, 0x22, 0xe0 }, false, 0, 0, 0, 0 },
	{ "mov %rax, %cr0", INSN_MODE_WRITE, 3, { 0x0f, 0x22, 0xc0 }, false, 0, 0, 0, 0 },
	{ "mov %rax, %cr8", INSN_OTHER, 4, { 0x44, 0x0f, 0x22, 0xc0 }, false, 0, 0, 0, 0 },
	{ "iret", INSN_IRET, 1, { 0xcf }, false, 0, 0, 0, 0 },
	{ "iretq", INSN_IRET, 2, { 0x48, 0xcf }, false, 0, 0, 0, 0 },
	{ "out %al, (%dx)", INSN_OUT_DX, 1, { 0xee }, false, 0, 0, 0, 0 },
	{ "out %al, $0xe4", INSN_OUT_PORT, 2, { 0xe6, 0xe4 }, false, 0, 0, 0, 0 },
	{ "rep out", INSN_OUT_DX, 2, { 0xf3, 0xee }, false, 0, 0, 0, 0 },
	{ "inc %ecx, in 32-bit code", INSN_OTHER, 1, { 0x41 }, false, 0, 0, 0, 0 },
	{ "invlpg (%rdi)", INSN_INVLPG, 3, { 0x0f, 0x01, 0x3f }, true, 7, NONE, 0, 0 },
	{ "invlpg (%r9)", INSN_INVLPG, 4, { 0x41, 0x0f, 0x01, 0x39 }, true, 9, NONE, 0, 0 },
	{ "invlpg -8(%rbp)", INSN_INVLPG, 4, { 0x0f, 0x01, 0x7d, 0xf8 }, true, 5, NONE, 0, -8 },
	{ "invlpg 0x1000(%rax)", INSN_INVLPG, 7, { 0x0f, 0x01, 0xb8, 0, 0x10, 0, 0 }, true, 0, NONE, 0, 0x1000 },
	{ "invlpg (%rsp)", INSN_INVLPG, 4, { 0x0f, 0x01, 0x3c, 0x24 }, true, 4, NONE, 0, 0 },
	{ "invlpg 4(%r12,%r13,8)", INSN_INVLPG, 6, { 0x43, 0x0f, 0x01, 0x7c, 0xec, 4 }, true, 12, 13, 3, 4 },
	{ "invlpg 0x40(,%rcx,2)", INSN_INVLPG, 8, { 0x0f, 0x01, 0x3c, 0x4d, 0x40, 0, 0, 0 }, true, NONE, 1, 1, 0x40 },
	{ "invlpg 0(%rip)", INSN_INVLPG, 7, { 0x0f, 0x01, 0x3d, 0, 0, 0, 0 }, false, 0, 0, 0, 0 },
	{ "invlpg 0x1234, in 16-bit code", INSN_INVLPG, 5, { 0x0f, 0x01, 0x3e, 0x34, 0x12 }, false, 0, 0, 0, 0 },
};
#define SAMPLES (int)(sizeof(samples) / sizeof(samples[0]))

START_TEST(whole)
{
	const struct sample *s = &samples[_i];
	struct insn_operand o = insn_invlpg_operand(s->byte, s->len);

	ck_assert_msg(insn_find(s->byte, s->len) == s->is, "%s is %d", s->text, insn_find(s->byte, s->len));
	ck_assert_msg(o.known == s->known, "%s", s->text);
	if (s->is == INSN_CR_READ)
		ck_assert_uint_eq(insn_cr(s->byte, s->len), s->base);
	if (!o.known)
		return;
	ck_assert_int_eq(o.base, s->base);
	ck_assert_int_eq(o.index, s->index);
	ck_assert_int_eq(o.scale, s->scale);
	ck_assert_int_eq(o.displacement, s->displacement);
}
END_TEST

/* What is cut is nothing, or the operand is not known; no byte behind the end is read: each has memory of its own. */
START_TEST(cut)
{
	for (size_t len = 0; len < samples[_i].len; len++) {
		uint8_t *byte = malloc(len ? len : 1);

		memcpy(byte, samples[_i].byte, len);
		ck_assert(!insn_invlpg_operand(byte, len).known);
		if (len < 2)
			ck_assert(samples[_i].byte[0] == 0xcf || samples[_i].byte[0] == 0xee ||
				  insn_find(byte, len) == INSN_OTHER);
		free(byte);
	}
}
END_TEST

START_TEST(noise)
{
	unsigned found[INSN_MAX] = { 0 };

	srand(3);
	for (int n = 0; n < 200000; n++) {
		static const uint8_t likely[] = { 0x0f, 0x01, 0x22, 0x48, 0xd8, 0x3f, 0xcf, 0xee, 0xe6, 0x66 };
		size_t len = (size_t)rand() % (INSN_BYTES + 1);
		uint8_t *byte = malloc(len ? len : 1);
		struct insn_operand o;

		for (size_t i = 0; i < len; i++)
			byte[i] = rand() % 2 ? likely[rand() % 10] : (uint8_t)rand();
		found[insn_find(byte, len)]++;
		o = insn_invlpg_operand(byte, len);
		if (o.known && (o.base > NONE || o.index > NONE || o.scale > 3))
			ck_abort_msg("an operand out of range");
		free(byte);
	}
	for (unsigned i = 0; i < INSN_MAX; i++)
		ck_assert_uint_gt(found[i], 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("insns");
	TCase *t = tcase_create("insns");

	tcase_add_loop_test(t, whole, 0, SAMPLES);
	tcase_add_loop_test(t, cut, 0, SAMPLES - 1); /* the last one is cut as it is: in other code it would be shorter */
	tcase_add_test(t, noise);
	suite_add_tcase(s, t);
	return suite_run(s);
}
