/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator case by case: faults, interruption, page ends, stacks, atomicity.
 *
 * Guest memory is an array at linear address 0; accesses are counted and may be made to fail.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "tests/suite.h"

#define MEMORY 0x30000u
#define FAULT  77

static u8 memory[MEMORY];
static u64 gpr[16];
static u8 xmm[16][16];
static struct emul_state st;
static struct emul_segment seg[EMUL_NR_SEGS];
static struct insn in;
static u64 fault_at; /* accesses that touch this byte fail */
static bool spoil;   /* other vCPUs win every race */
static unsigned reads, writes, exchanges;
static u64 last_linear;
static unsigned last_bytes;
static bool last_for_write;

static int access_at(u64 linear, unsigned bytes)
{
	last_linear = linear;
	last_bytes = bytes;
	return linear + bytes > MEMORY || (fault_at >= linear && fault_at < linear + bytes) ? FAULT : 0;
}

static int op_read(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write)
{
	reads++;
	last_for_write = for_write;
	if (access_at(linear, bytes))
		return FAULT;
	memcpy(buf, memory + linear, bytes);
	return 0;
}

static int op_write(void *ctx, u64 linear, const void *buf, unsigned bytes)
{
	writes++;
	if (access_at(linear, bytes))
		return FAULT;
	memcpy(memory + linear, buf, bytes);
	return 0;
}

static int op_cmpxchg(void *ctx, u64 linear, void *old, const void *new_, unsigned bytes, bool *done)
{
	exchanges++;
	if (access_at(linear, bytes))
		return FAULT;
	if (spoil)
		memory[linear]++;
	*done = !memcmp(memory + linear, old, bytes);
	memcpy(*done ? memory + linear : old, *done ? new_ : memory + linear, bytes);
	return 0;
}

static int op_xmm_read(void *ctx, unsigned index, u8 value[16])
{
	memcpy(value, xmm[index], 16);
	return 0;
}

static int op_xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	memcpy(xmm[index], value, 16);
	return 0;
}

/* A device that counts: what was written to it last, and how often it was read. */
static u32 port_written, port_reads;

static u32 op_port_in(void *ctx, unsigned bytes)
{
	return 0x44332211 + port_reads++;
}

static void op_port_out(void *ctx, unsigned bytes, u32 value)
{
	port_written = value;
}

static const struct emul_ops ops = { op_read, op_write, op_cmpxchg, op_xmm_read, op_xmm_write, op_port_in, op_port_out };

static void reset(enum emul_mode mode)
{
	memset(memory, 0, sizeof(memory));
	memset(gpr, 0, sizeof(gpr));
	st = (struct emul_state){ .gpr = gpr, .rip = 0x1000, .rflags = 2, .seg = seg, .linear_bits = 48, .mode = mode };
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		seg[i] = (struct emul_segment){ .attrib = 0xc93, .limit = ~0u };
	st.ss_big = mode == EMUL_PROT32;
	fault_at = ~0ull;
	spoil = false;
	reads = writes = exchanges = 0;
	port_written = port_reads = 0;
}

static u64 peek(u64 linear, unsigned bytes)
{
	u64 v = 0;

	memcpy(&v, memory + linear, bytes);
	return v;
}

static void poke(u64 linear, u64 value)
{
	memcpy(memory + linear, &value, 8);
}

/* Decode the bytes of a string literal and expect all of them to be one instruction. */
#define DECODE(text) ck_assert_int_eq(emul_decode(&in, (const u8 *)(text), sizeof(text) - 1, st.mode), sizeof(text) - 1)
#define RUN(text)                                                                                                                \
	({                                                                                                                       \
		DECODE(text);                                                                                                    \
		emul_execute(&in, &st, &ops, NULL);                                                                              \
	})

/* Operands of two bytes and more that cross into a page that faults (RSI in these does not; RSP neither). */
/* clang-format off */
static const char *const faulting[] = {
	"\x48\x89\x07", "\x48\xc7\x07\x01\x02\x03\x04", "\x48\x01\x07", "\xf0\x48\x01\x07", "\x48\x87\x07",
	"\xf0\x48\x0f\xb1\x0f", "\x48\x0f\xb1\x0f", "\x48\x0f\xc1\x07", "\x48\x8b\x07", "\x48\x13\x07",
	"\x48\xd1\x27", "\xff\x07", "\x8f\x07", "\x0f\xc7\x0f", "\xf0\x0f\xc7\x0f", "\x0f\x11\x07", "\x0f\x10\x07",
	"\x48\x0f\xab\x07", "\x48\xa5", "\x48\xab", "\x48\xa7", "\x48\xaf", "\x48\x0f\x44\x07",
	"\x0f\x38\xf1\x07", "\xff\x37", "\x48\x0f\xb7\x07", "\x48\xf7\x17", "\x48\x0f\xba\x3f\x05",
};
/* clang-format on */

START_TEST(fault_changes_nothing)
{
	static const u8 zero[MEMORY];
	struct emul_state before;
	u64 regs[16];

	reset(EMUL_LONG);
	for (int i = 0; i < 16; i++)
		gpr[i] = 0x0101010101010101ull * i;
	gpr[RDI] = 0x2fff;
	gpr[RSI] = 0x5000;
	gpr[RSP] = 0x1000;
	fault_at = 0x3000;
	memcpy(regs, gpr, sizeof(regs));
	before = st;
	ck_assert_int_gt(emul_decode(&in, (const u8 *)faulting[_i], 15, EMUL_LONG), 0);
	ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), FAULT);
	ck_assert_mem_eq(gpr, regs, sizeof(regs));
	ck_assert_mem_eq(&st, &before, sizeof(st));
	ck_assert(!memcmp(memory, zero, MEMORY));
}
END_TEST

START_TEST(one_call_across_pages)
{
	reset(EMUL_LONG);
	gpr[RDI] = 0x2ffd;
	gpr[RAX] = 0x1122334455667788;
	st.rflags |= 0x10000;
	ck_assert_int_eq(RUN("\x48\x89\x07"), EMUL_DONE);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(last_bytes, 8);
	ck_assert_uint_eq(peek(0x2ffd, 8), gpr[RAX]);
	ck_assert_uint_eq(st.rip, 0x1003);
	ck_assert_uint_eq(st.rflags, 2); /* RF is over */
}
END_TEST

START_TEST(read_modify_write_asks_to_write)
{
	reset(EMUL_LONG);
	gpr[RDI] = 0x2000;
	ck_assert_int_eq(RUN("\x48\x01\x07"), EMUL_DONE);
	ck_assert(last_for_write || writes == 1);
	ck_assert_uint_eq(exchanges, 0);
	fault_at = 0x2000;
	ck_assert_int_eq(RUN("\x48\x01\x07"), FAULT);
	ck_assert(last_for_write);
	ck_assert_int_eq(RUN("\x48\x3b\x07"), FAULT); /* cmp only reads */
	ck_assert(!last_for_write);
	ck_assert_int_eq(RUN("\x48\x85\x07"), FAULT); /* test */
	ck_assert(!last_for_write);
	ck_assert_int_eq(RUN("\x48\x0f\xa3\x07"), FAULT); /* bt */
	ck_assert(!last_for_write);
}
END_TEST

START_TEST(atomics_use_cmpxchg)
{
	reset(EMUL_LONG);
	gpr[RDI] = 0x2000;
	gpr[RAX] = 5;
	poke(0x2000, 37);
	ck_assert_int_eq(RUN("\xf0\x48\x01\x07"), EMUL_DONE); /* lock add */
	ck_assert_uint_eq(peek(0x2000, 8), 42);
	ck_assert_int_eq(RUN("\x48\x87\x07"), EMUL_DONE); /* xchg is atomic without LOCK */
	ck_assert_uint_eq(gpr[RAX], 42);
	ck_assert_uint_eq(peek(0x2000, 8), 5);
	ck_assert_uint_eq(exchanges, 2);
	ck_assert_uint_eq(writes, 0);
	spoil = true;
	gpr[RAX] = 1;
	ck_assert_int_eq(RUN("\xf0\x48\x01\x07"), EMUL_AGAIN);
	ck_assert_uint_eq(st.rip, 0x1000 + 4 + 3);
	ck_assert_uint_lt(exchanges, 32);
}
END_TEST

START_TEST(cmpxchg_wide)
{
	reset(EMUL_LONG);
	gpr[RDI] = 0x2008;
	ck_assert_int_eq(RUN("\x48\x0f\xc7\x0f"), EMUL_GP); /* cmpxchg16b, misaligned */
	ck_assert_int_eq(RUN("\xf0\x48\x0f\xc7\x0f"), EMUL_GP);
	gpr[RDI] = 0x2010;
	poke(0x2010, 1);
	poke(0x2018, 2);
	gpr[RAX] = 1;
	gpr[RDX] = 2;
	gpr[RBX] = 3;
	gpr[RCX] = 4;
	ck_assert_int_eq(RUN("\xf0\x48\x0f\xc7\x0f"), EMUL_DONE);
	ck_assert_uint_eq(last_bytes, 16);
	ck_assert_uint_eq(exchanges, 1);
	ck_assert_uint_eq(peek(0x2010, 8), 3);
	ck_assert_uint_eq(peek(0x2018, 8), 4);
	ck_assert(st.rflags & 0x40);
	ck_assert_int_eq(RUN("\x66\x0f\xc7\x0f"), EMUL_DONE); /* cmpxchg8b, 66 ignored; fails */
	ck_assert(!(st.rflags & 0x40));
	ck_assert_uint_eq(last_bytes, 8);
	ck_assert_uint_eq(gpr[RAX], 3);
	ck_assert_uint_eq(gpr[RDX], 0);
	ck_assert_int_eq(emul_decode(&in, (const u8 *)"\x48\x0f\xc7\xc9", 4, EMUL_LONG), EMUL_INVALID);
}
END_TEST

START_TEST(far_bits)
{
	static const struct {
		s64 bit;
		u64 linear;
		unsigned in_byte;
	} far[] = { { 0, 0x8000, 0 },   { 63, 0x8000, 63 },  { 64, 0x8008, 0 },      { -1, 0x7ff8, 63 },
		    { -64, 0x7ff8, 0 }, { -65, 0x7ff0, 63 }, { 100000, 0xb0d0, 32 }, { -100000, 0x4f28, 32 } };

	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		reset(EMUL_LONG);
		gpr[RDI] = 0x8000;
		gpr[RAX] = far[i].bit;
		ck_assert_int_eq(RUN("\x48\x0f\xab\x07"), EMUL_DONE); /* bts %rax,(%rdi) */
		ck_assert_uint_eq(last_linear, far[i].linear);
		ck_assert_uint_eq(peek(far[i].linear, 8), 1ull << far[i].in_byte);
		ck_assert(!(st.rflags & 1));
		ck_assert_int_eq(RUN("\xf0\x48\x0f\xb3\x07"), EMUL_DONE); /* lock btr */
		ck_assert_uint_eq(peek(far[i].linear, 8), 0);
		ck_assert(st.rflags & 1);
	}
	gpr[RAX] = 0x12340000ffffull; /* 16 bits wide: bit -1 */
	ck_assert_int_eq(RUN("\x66\x0f\xab\x07"), EMUL_DONE);
	ck_assert_uint_eq(peek(0x7ffe, 2), 0x8000);
	ck_assert_int_eq(RUN("\x48\x0f\xba\x2f\xff"), EMUL_DONE); /* immediate stays within */
	ck_assert_uint_eq(last_linear, 0x8000);
}
END_TEST

START_TEST(rep_in_pieces)
{
	int calls = 0;

	reset(EMUL_LONG);
	gpr[RDI] = 0x4000;
	gpr[RCX] = 100;
	gpr[RAX] = 0xabcd;
	st.rep_max = 16;
	while (RUN("\xf3\x48\xab") == EMUL_AGAIN) { /* rep stosq */
		calls++;
		ck_assert_uint_eq(gpr[RCX], 100u - 16 * calls);
		ck_assert_uint_eq(gpr[RDI], 0x4000u + 128 * calls);
		ck_assert_uint_eq(st.rip, 0x1000);
	}
	ck_assert_int_eq(calls, 6);
	ck_assert_uint_eq(gpr[RCX], 0);
	ck_assert_uint_eq(writes, 100);
	ck_assert_uint_eq(peek(0x4000 + 99 * 8, 8), 0xabcd);
	ck_assert_uint_eq(peek(0x4000 + 100 * 8, 8), 0);
	ck_assert_uint_eq(st.rip, 0x1003);
}
END_TEST

START_TEST(rep_fault_keeps_progress)
{
	reset(EMUL_LONG);
	gpr[RSI] = 0x4000;
	gpr[RDI] = 0x8000;
	gpr[RCX] = 10;
	for (int i = 0; i < 10; i++)
		poke(0x4000 + 8 * i, i + 1);
	fault_at = 0x8018;
	ck_assert_int_eq(RUN("\xf3\x48\xa5"), FAULT); /* rep movsq */
	ck_assert_uint_eq(gpr[RCX], 7);
	ck_assert_uint_eq(gpr[RSI], 0x4018);
	ck_assert_uint_eq(gpr[RDI], 0x8018);
	ck_assert_uint_eq(st.rip, 0x1000);
	fault_at = ~0ull;
	ck_assert_int_eq(RUN("\xf3\x48\xa5"), EMUL_DONE);
	ck_assert_uint_eq(peek(0x8048, 8), 10);
	ck_assert_uint_eq(writes, 11);
}
END_TEST

START_TEST(rep_compare_stops)
{
	reset(EMUL_LONG);
	memcpy(memory + 0x4000, "same so far", 11);
	memcpy(memory + 0x5000, "same as far", 11);
	gpr[RSI] = 0x4000;
	gpr[RDI] = 0x5000;
	gpr[RCX] = 11;
	ck_assert_int_eq(RUN("\xf3\xa6"), EMUL_DONE); /* repe cmpsb */
	ck_assert_uint_eq(gpr[RCX], 5);
	ck_assert(!(st.rflags & 0x40));
	gpr[RDI] = 0x4000;
	gpr[RCX] = 11;
	gpr[RAX] = 'f';
	ck_assert_int_eq(RUN("\xf2\xae"), EMUL_DONE); /* repne scasb */
	ck_assert_uint_eq(gpr[RDI], 0x4009);
	ck_assert(st.rflags & 0x40);
	gpr[RCX] = 0;
	reads = 0;
	ck_assert_int_eq(RUN("\xf2\xae"), EMUL_DONE); /* no iteration at all */
	ck_assert_uint_eq(reads, 0);
}
END_TEST

START_TEST(rep_backwards_16)
{
	reset(EMUL_REAL16);
	seg[EMUL_ES].base = 0x10000;
	st.rflags |= 0x400;
	gpr[RDI] = 0xdead0001;
	gpr[RCX] = 0xdead0002;
	gpr[RAX] = 0x55aa;
	ck_assert_int_eq(RUN("\xf3\xab"), EMUL_DONE); /* rep stosw, DI wraps */
	ck_assert_uint_eq(peek(0x10001, 2), 0x55aa);
	ck_assert_uint_eq(peek(0x1ffff, 2), 0x55aa);
	ck_assert_uint_eq(gpr[RDI], 0xdeadfffd);
	ck_assert_uint_eq(gpr[RCX], 0xdead0000);
}
END_TEST

START_TEST(stack)
{
	reset(EMUL_LONG);
	gpr[RSP] = 0x8000;
	gpr[RAX] = 0x1234;
	ck_assert_int_eq(RUN("\x50"), EMUL_DONE);
	ck_assert_int_eq(RUN("\x6a\xff"), EMUL_DONE);
	ck_assert_uint_eq(gpr[RSP], 0x7ff0);
	ck_assert_uint_eq(peek(0x7ff8, 8), 0x1234);
	ck_assert_uint_eq(peek(0x7ff0, 8), ~0ull);
	ck_assert_int_eq(RUN("\x8f\x44\x24\x08"), EMUL_DONE); /* pop 8(%rsp): the new one */
	ck_assert_uint_eq(peek(0x8000, 8), ~0ull);
	ck_assert_int_eq(RUN("\x5c"), EMUL_DONE); /* pop %rsp */
	ck_assert_uint_eq(gpr[RSP], 0x1234);
	gpr[RSP] = 0x8000;
	st.rip = 0x1000;
	ck_assert_int_eq(RUN("\xe8\x00\x01\x00\x00"), EMUL_DONE);
	ck_assert_uint_eq(st.rip, 0x1105);
	ck_assert_uint_eq(peek(0x7ff8, 8), 0x1005);
	poke(0x9000, 0x4444);
	gpr[RDI] = 0x9000;
	ck_assert_int_eq(RUN("\xff\x17"), EMUL_DONE);
	ck_assert_uint_eq(st.rip, 0x4444);
	ck_assert_uint_eq(peek(0x7ff0, 8), 0x1107);
	fault_at = 0x7fe8;
	ck_assert_int_eq(RUN("\xff\x17"), FAULT);
	ck_assert_uint_eq(gpr[RSP], 0x7ff0);
}
END_TEST

START_TEST(stack_16_and_32)
{
	reset(EMUL_REAL16);
	seg[EMUL_SS].base = 0x10000;
	gpr[RSP] = 0xabcd0000;
	gpr[RAX] = 0x12345678;
	ck_assert_int_eq(RUN("\x50"), EMUL_DONE); /* SP wraps, the upper half stays */
	ck_assert_uint_eq(gpr[RSP], 0xabcdfffe);
	ck_assert_uint_eq(peek(0x1fffe, 2), 0x5678);
	ck_assert_int_eq(RUN("\x66\x68\x78\x56\x34\x12"), EMUL_DONE);
	ck_assert_uint_eq(peek(0x1fffa, 4), 0x12345678);
	st.rflags = 0x20202; /* virtual-8086 mode, IOPL 0 */
	ck_assert_int_eq(RUN("\x9c"), EMUL_UNHANDLEABLE);
	reset(EMUL_PROT32);
	gpr[RSP] = 0x8000;
	st.rflags = 0x10202;
	ck_assert_int_eq(RUN("\x9c"), EMUL_DONE); /* pushf: RF is not pushed, and cleared by success */
	ck_assert_uint_eq(peek(0x7ffc, 4), 0x202);
	ck_assert_uint_eq(st.rflags, 0x202);
	st.rip = 0xffffffff;
	ck_assert_int_eq(RUN("\x40"), EMUL_DONE); /* inc %eax; EIP wraps */
	ck_assert_uint_eq(st.rip, 0);
	ck_assert_uint_eq(gpr[RAX], 1);
}
END_TEST

START_TEST(sse_moves)
{
	reset(EMUL_LONG);
	for (int i = 0; i < 16; i++)
		xmm[9][i] = i + 1;
	gpr[RDI] = 0x2008;
	ck_assert_int_eq(RUN("\x44\x0f\x29\x0f"), EMUL_GP);   /* movaps %xmm9,(%rdi) */
	ck_assert_int_eq(RUN("\x44\x0f\x11\x0f"), EMUL_DONE); /* movups */
	ck_assert_mem_eq(memory + 0x2008, xmm[9], 16);
	ck_assert_uint_eq(writes, 1);
	ck_assert_int_eq(RUN("\xf3\x0f\x7e\x07"), EMUL_DONE); /* movq (%rdi),%xmm0 clears the upper half */
	ck_assert_mem_eq(xmm[0], "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\0", 16);
	ck_assert_int_eq(RUN("\xc5\xfa\x7f\x07"), EMUL_UNHANDLEABLE); /* vmovdqu */
}
END_TEST

START_TEST(not_executed)
{
	static const char *const text[] = { "\x0f\xa2", "\x0f\x32", "\xf4", "\x0f\x22\xd8", "\x0f\x01\x3f", "\xdd\x17",
					    "\x0f\xc8", "\x8e\xd8", "\xcb", "\xc5\xf8\x77", "\x0f\x7f\x07", "\x0f\xaf\x07" };
	struct emul_state before;

	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		reset(EMUL_LONG);
		before = st;
		ck_assert_int_gt(emul_decode(&in, (const u8 *)text[i], 15, EMUL_LONG), 0);
		ck_assert_int_eq(emul_execute(&in, &st, &ops, NULL), EMUL_UNHANDLEABLE);
		ck_assert_mem_eq(&st, &before, sizeof(st));
		ck_assert_uint_eq(reads + writes + exchanges, 0);
	}
}
END_TEST

#define RUN_IO(text)                                                                                                             \
	({                                                                                                                       \
		DECODE(text);                                                                                                    \
		emul_string_io(&in, &st, &ops, NULL);                                                                            \
	})

START_TEST(string_input)
{
	reset(EMUL_LONG);
	gpr[RDI] = 0x2ffe;
	gpr[RCX] = 4;
	fault_at = 0x3000;
	/* rep insw: the element that has no place is not taken from the device. */
	ck_assert_int_eq(RUN_IO("\xf3\x66\x6d"), FAULT);
	ck_assert(last_for_write);
	ck_assert_uint_eq(port_reads, 1);
	ck_assert_uint_eq(peek(0x2ffe, 2), 0x2211);
	ck_assert_uint_eq(gpr[RCX], 3);
	ck_assert_uint_eq(gpr[RDI], 0x3000);
	ck_assert_uint_eq(st.rip, 0x1000);
	fault_at = ~0ull;
	ck_assert_int_eq(RUN_IO("\xf3\x66\x6d"), EMUL_DONE);
	ck_assert_uint_eq(port_reads, 4);
	ck_assert_uint_eq(st.rip, 0x1003);
}
END_TEST

START_TEST(string_output)
{
	reset(EMUL_LONG);
	poke(0x2010, 0xa1a2a3a4);
	gpr[RSI] = 0x10;
	seg[EMUL_GS].base = 0x2000;
	ck_assert_int_eq(RUN_IO("\x65\x6f"), EMUL_DONE);
	ck_assert_uint_eq(port_written, 0xa1a2a3a4);
	ck_assert_uint_eq(gpr[RSI], 0x14);
	/* Others are none of its business, and it is none of emul_execute()'s. */
	ck_assert_int_eq(RUN_IO("\x48\x89\x07"), EMUL_UNHANDLEABLE);
	ck_assert_int_eq(RUN("\x6f"), EMUL_UNHANDLEABLE);
}
END_TEST

START_TEST(one_iteration_a_step)
{
	reset(EMUL_LONG);
	st.rep_max = 1;
	gpr[RDI] = 0x2000;
	gpr[RCX] = 2;
	ck_assert_int_eq(RUN("\xf3\xaa"), EMUL_AGAIN);
	ck_assert_uint_eq(gpr[RCX], 1);
	ck_assert_uint_eq(st.rip, 0x1000);
	ck_assert_int_eq(RUN("\xf3\xaa"), EMUL_DONE);
	ck_assert_uint_eq(st.rip, 0x1002);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: case by case");
	TCase *t = tcase_create("cases");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, fault_changes_nothing, 0, ARRAY_SIZE(faulting));
	tcase_add_test(t, one_call_across_pages);
	tcase_add_test(t, read_modify_write_asks_to_write);
	tcase_add_test(t, atomics_use_cmpxchg);
	tcase_add_test(t, cmpxchg_wide);
	tcase_add_test(t, far_bits);
	tcase_add_test(t, rep_in_pieces);
	tcase_add_test(t, rep_fault_keeps_progress);
	tcase_add_test(t, rep_compare_stops);
	tcase_add_test(t, rep_backwards_16);
	tcase_add_test(t, stack);
	tcase_add_test(t, stack_16_and_32);
	tcase_add_test(t, sse_moves);
	tcase_add_test(t, not_executed);
	tcase_add_test(t, string_input);
	tcase_add_test(t, string_output);
	tcase_add_test(t, one_iteration_a_step);
	suite_add_tcase(s, t);
	return suite_run(s);
}
