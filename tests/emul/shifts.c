/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every shift and rotate with every count, and what else takes the carry in, to a register and to memory, against the real CPU: the
 * emulator is given the flags that the guest had when it was stopped, and must make of them what the CPU would.
 *
 * That settles what becomes of `stc; rcrl $3, (table)` under QEMU. TCG rotates first, writes the new carry to the guest's flags
 * and stores then: the store's fault shows a carry that is already the result's, so any restart of the instruction, natively at a
 * page that is not there as well as here, rotates the wrong bit in. On a CPU a faulting instruction has changed nothing.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "tests/emul/native.h"
#include "tests/suite.h"

#define FLAG_CF 0x001ull
#define FLAG_AF 0x010ull
#define FLAG_OF 0x800ull
#define STATUS  0x8d5ull

static const u64 values[] = { 0, 1, 0x80, 0x8000, 0x80000000, 0x8000000000000000, 0x7fffffffffffffff, 0xfedcba9876543210, ~0ull };

static u8 memory[16];
static u64 gpr[16];
static struct emul_segment seg[EMUL_NR_SEGS];
static u64 compared;

static int op_read(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write)
{
	ck_assert_uint_eq(linear, SCRATCH);
	memcpy(buf, memory, bytes);
	return 0;
}

static int op_write(void *ctx, u64 linear, const void *buf, unsigned bytes)
{
	ck_assert_uint_eq(linear, SCRATCH);
	memcpy(memory, buf, bytes);
	return 0;
}

static const struct emul_ops ops = { .read = op_read, .write = op_write };

/* Prefix or REX for an operand of `bytes`, then the opcode, whose low bit is clear for one byte. */
static unsigned put_opcode(u8 *code, unsigned bytes, u8 opcode)
{
	unsigned n = 0;

	if (bytes == 2)
		code[n++] = 0x66;
	if (bytes == 8)
		code[n++] = 0x48;
	code[n++] = (u8)((opcode & ~1) | (bytes > 1));
	return n;
}

/* RAX, or memory at RDI, is `value`; RCX and RDX are the other operands. Undefined flags are not compared. */
static void try(const u8 *code, unsigned len, u64 value, u64 rcx, u64 rflags, u64 undefined)
{
	struct emul_state st = {
		.gpr = gpr, .rip = CODE, .rflags = rflags | 2, .seg = seg, .linear_bits = 48, .mode = EMUL_LONG
	};
	struct insn in;

	memset(gpr, 0, sizeof(gpr));
	gpr[RAX] = value;
	gpr[RCX] = rcx;
	gpr[RDX] = 0x0123456789abcdef;
	gpr[RDI] = SCRATCH;
	gpr[RSP] = SCRATCH + 4096;
	memcpy(native_regs.gpr, gpr, sizeof(gpr));
	native_regs.rflags = st.rflags;
	memcpy(memory, &value, 8);
	memcpy((void *)SCRATCH, &value, 8);
	ck_assert_int_eq(emul_decode(&in, code, 15, EMUL_LONG), len);
	ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), EMUL_DONE);
	ck_assert_int_eq(native_execute(NATIVE_64, code, len), 0);
	ck_assert_msg(!((st.rflags ^ native_regs.rflags) & STATUS & ~undefined) && !memcmp(memory, (void *)SCRATCH, 8) &&
			      !memcmp(gpr, native_regs.gpr, sizeof(gpr)),
		      "%02x %02x %02x %02x of %lx, CL %lx, flags %lx: flags %lx, not %lx; memory %lx, not %lx", code[0], code[1],
		      code[2], code[3], (long)value, (long)rcx, (long)rflags, (long)st.rflags, (long)native_regs.rflags,
		      *(long *)memory, *(long *)SCRATCH);
	compared++;
}

static u64 undefined(unsigned op, unsigned bytes, unsigned count)
{
	u64 mask = 0;

	count &= bytes == 8 ? 63 : 31;
	if (!count)
		return 0;
	if (count != 1)
		mask |= FLAG_OF;
	if (op >= 4)
		mask |= FLAG_AF;
	if (op >= 4 && op < 7 && count >= 8 * bytes) /* of SAR the sign goes on */
		mask |= FLAG_CF;
	return mask;
}

/* Group 2 of the opcode map: ModRM.reg is the operation; by 1, by CL, by an immediate. */
static void shift_all(unsigned op, unsigned bytes, u8 modrm, u64 value)
{
	u8 code[16] = { 0 };

	for (unsigned count = 0; count < 256; count += count < 68 ? 1 : 37)
		for (u64 cf = 0; cf < 2; cf++) {
			unsigned n = put_opcode(code, bytes, 0xc0);

			code[n] = (u8)(modrm | op << 3);
			code[n + 1] = (u8)count;
			try(code, n + 2, value, 0, cf, undefined(op, bytes, count));
			code[n - 1] += 0x12;
			try(code, n + 1, value, count, cf, undefined(op, bytes, count));
			code[n - 1] -= 2;
			try(code, n + 1, value, count, cf, undefined(op, bytes, 1));
		}
}

START_TEST(shifts)
{
	unsigned op = (unsigned)_i % 8;

	native_init();
	for (unsigned bytes = 1; bytes <= 8; bytes *= 2)
		for (unsigned k = 0; k < ARRAY_SIZE(values); k++) {
			shift_all(op, bytes, 0xc0, values[k]); /* EAX */
			shift_all(op, bytes, 0x07, values[k]); /* (RDI) */
		}
	ck_assert_uint_gt(compared, 20000);
}
END_TEST

/* ADC and SBB take the carry in, INC and DEC leave it; both ways round. */
START_TEST(carries)
{
	static const struct {
		u8 opcode, modrm;
	} form[] = {
		{ 0x10, 0x17 }, { 0x10, 0xd0 }, { 0x12, 0x17 }, { 0x18, 0x17 }, { 0x18, 0xd0 }, { 0x1a, 0x17 },
		{ 0xfe, 0x07 }, { 0xfe, 0x0f }, { 0xfe, 0xc0 }, { 0xfe, 0xc8 }, { 0xf6, 0x1f }, { 0xf6, 0x17 },
	};
	u8 code[16] = { 0 };

	native_init();
	for (unsigned k = 0; k < ARRAY_SIZE(form) * ARRAY_SIZE(values) * 8; k++) {
		unsigned bytes = 1 << k % 4, n = put_opcode(code, bytes, form[k / 8 % ARRAY_SIZE(form)].opcode);

		code[n] = form[k / 8 % ARRAY_SIZE(form)].modrm;
		try(code, n + 1, values[k / 8 / ARRAY_SIZE(form)], 0, k / 4 % 2, 0);
	}
}
END_TEST

/* The flags that the guest was stopped with go in, whatever TCG had made of them: a carry rotates in, and none does. */
START_TEST(rotated_carry)
{
	struct emul_state st = { .gpr = gpr, .rip = CODE, .rflags = 3, .seg = seg, .linear_bits = 48, .mode = EMUL_LONG };
	struct insn in;

	gpr[RDI] = SCRATCH;
	memset(memory, 0, sizeof(memory));
	memory[0] = 8;
	ck_assert_int_eq(emul_decode(&in, (const u8 *)"\xc1\x1f\x03\0\0\0\0\0\0\0\0\0\0\0\0", 15, EMUL_LONG), 3);
	ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), EMUL_DONE);
	ck_assert_uint_eq(*(u32 *)memory, 0x20000001);
	ck_assert_uint_eq(st.rflags & FLAG_CF, 0);
	ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), EMUL_DONE);
	ck_assert_uint_eq(*(u32 *)memory, 0x44000000);
	ck_assert_int_eq(emul_decode(&in, (const u8 *)"\x0f\xa4\x07\x03\0\0\0\0\0\0\0\0\0\0\0", 15, EMUL_LONG), 4);
	ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), EMUL_UNHANDLEABLE); /* SHLD: the guest's own to do */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: shifts and carries");
	TCase *t = tcase_create("shifts");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, shifts, 0, 8);
	tcase_add_test(t, carries);
	tcase_add_test(t, rotated_carry);
	suite_add_tcase(s, t);
	return suite_run(s);
}
