/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator case by case: faults, interruption, page ends, 16- and 32-bit modes, what
 * exit handlers read from a decoded instruction, and a short run of hostile input.
 *
 * Guest memory is an array at linear address 0; accesses are counted and may be made to fail.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/include/vcpu.h"
#include "tests/emul_hostile.h"
#include "tests/emul_random.h"

#define MEMORY 0x30000u
#define FAULT 77

static u8 memory[MEMORY];
static u64 gpr[16];
static u8 xmm[16][16];
static struct emul_state st;
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

static const struct emul_ops ops = { op_read, op_write, op_cmpxchg, op_xmm_read, op_xmm_write };

static void reset(enum emul_mode mode)
{
	memset(memory, 0, sizeof(memory));
	memset(gpr, 0, sizeof(gpr));
	st = (struct emul_state){ .gpr = gpr, .rip = 0x1000, .rflags = 2, .mode = mode };
	st.ss_big = mode == EMUL_PROT32;
	fault_at = ~0ull;
	spoil = false;
	reads = writes = exchanges = 0;
}

static u64 peek(u64 linear, unsigned bytes)
{
	u64 v = 0;

	memcpy(&v, memory + linear, bytes);
	return v;
}

static void poke(u64 linear, u64 value) { memcpy(memory + linear, &value, 8); }

/* Decode the bytes of a string literal and expect all of them to be one instruction. */
#define DECODE(text) ck_assert_int_eq(emul_decode(&in, (const u8 *)(text), sizeof(text) - 1, st.mode), sizeof(text) - 1)
#define RUN(text)                                                                                                     \
	({                                                                                                             \
		DECODE(text);                                                                                          \
		emul_execute(&in, &st, &ops, NULL);                                                                    \
	})

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

/* Operands of two bytes and more that cross into a page that faults (RSI in these does not; RSP neither). */
static const char *const faulting[] = {
	"\x48\x89\x07", "\x48\xc7\x07\x01\x02\x03\x04", "\x48\x01\x07", "\xf0\x48\x01\x07", "\x48\x87\x07",
	"\xf0\x48\x0f\xb1\x0f", "\x48\x0f\xb1\x0f", "\x48\x0f\xc1\x07", "\x48\x8b\x07", "\x48\x13\x07",
	"\x48\xd1\x27", "\xff\x07", "\x8f\x07", "\x0f\xc7\x0f", "\xf0\x0f\xc7\x0f", "\x0f\x11\x07", "\x0f\x10\x07",
	"\x48\x0f\xab\x07", "\x48\xa5", "\x48\xab", "\x48\xa7", "\x48\xaf", "\x48\x0f\x44\x07",
	"\x0f\x38\xf1\x07", "\xff\x37", "\x48\x0f\xb7\x07", "\x48\xf7\x17", "\x48\x0f\xba\x3f\x05",
};

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
	ck_assert_int_eq(RUN("\x48\x89\x07"), EMUL_DONE);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(last_bytes, 8);
	ck_assert_uint_eq(peek(0x2ffd, 8), gpr[RAX]);
	ck_assert_uint_eq(st.rip, 0x1003);
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
	} far[] = { { 0, 0x8000, 0 },    { 63, 0x8000, 63 },	 { 64, 0x8008, 0 },	{ -1, 0x7ff8, 63 },
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
	st.seg_base[EMUL_ES] = 0x10000;
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

START_TEST(addresses_16)
{
	static const struct {
		const char *bytes;
		u64 linear;
	} form[] = {
		{ "\x89\x00", 0x20000 + 0x1100 }, { "\x89\x01", 0x20000 + 0x1200 }, { "\x89\x02", 0x10000 + 0x2100 },
		{ "\x89\x03", 0x10000 + 0x2200 }, { "\x89\x04", 0x20000 + 0x100 },  { "\x89\x05", 0x20000 + 0x200 },
		{ "\x89\x06\x34\x12", 0x20000 + 0x1234 }, { "\x89\x07", 0x20000 + 0x1000 },
		{ "\x89\x40\xff", 0x20000 + 0x10ff }, { "\x89\x46\x10", 0x10000 + 0x2010 },
		{ "\x89\x80\x00\xf0", 0x20000 + 0x100 }, { "\x26\x89\x07", 0x1000 }, { "\x36\x89\x07", 0x11000 },
		{ "\x67\x89\x03", 0x20000 + 0x1000 }, { "\x67\x89\x45\x04", 0x10000 + 0x2004 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		reset(i & 1 ? EMUL_REAL16 : EMUL_PROT16);
		gpr[RBX] = 0x1000;
		gpr[RBP] = 0x2000;
		gpr[RSI] = 0x100;
		gpr[RDI] = 0x200;
		st.seg_base[EMUL_DS] = 0x20000;
		st.seg_base[EMUL_SS] = 0x10000;
		ck_assert_int_gt(emul_decode(&in, (const u8 *)form[i].bytes, 15, st.mode), 0);
		ck_assert_uint_eq(in.opsize, 2);
		ck_assert_msg(emul_linear(&in, &st) == form[i].linear, "form %zu", i);
	}
}
END_TEST

START_TEST(segments)
{
	reset(EMUL_PROT32);
	st.seg_base[EMUL_DS] = 0xfffff000;
	gpr[RDI] = 0x3004;
	DECODE("\x89\x07");
	ck_assert_uint_eq(emul_linear(&in, &st), 0x2004); /* wraps at 4 GiB */
	st.seg_base[EMUL_FS] = 0x500;
	DECODE("\x64\x89\x07");
	ck_assert_uint_eq(emul_linear(&in, &st), 0x3504);
	reset(EMUL_LONG);
	memset(st.seg_base, 0xee, sizeof(st.seg_base));
	st.seg_base[EMUL_GS] = 0xffffffff00000000;
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
	st.seg_base[EMUL_SS] = 0x10000;
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
					    "\x0f\xc8", "\x8e\xd8", "\xc3", "\xc5\xf8\x77", "\x0f\x7f\x07", "\x0f\xaf\x07" };
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

/* 200 thousand deterministic hostile inputs; the same code under libFuzzer: tests/fuzz_emul.c. */
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
	Suite *s = suite_create("emul: case by case");
	TCase *t = tcase_create("cases");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, plain_stores);
	tcase_add_test(t, no_plain_stores);
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
	tcase_add_test(t, addresses_16);
	tcase_add_test(t, segments);
	tcase_add_test(t, stack);
	tcase_add_test(t, stack_16_and_32);
	tcase_add_test(t, sse_moves);
	tcase_add_test(t, not_executed);
	tcase_add_test(t, string_io_fields);
	tcase_add_test(t, control_register_fields);
	tcase_add_test(t, hostile_bytes);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
