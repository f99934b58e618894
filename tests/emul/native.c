/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator against the real CPU, in 64-, 32- and 16-bit mode: random instructions among those
 * that are executed, with random registers, flags and memory, run both here and there;
 * registers, defined flags, XMM registers and memory must come out equal, and what the
 * decoder calls invalid must raise #UD.
 *
 * Memory operands are steered into a scratch area below 4 GiB, so that every address
 * form reaches it; a case that cannot be steered there is left out.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"
#include "hv/base/vcpu.h"
#include "tests/emul/native.h"
#include "tests/emul/random.h"
#include "tests/suite.h"

#define MIDDLE       (SCRATCH + SCRATCH_SIZE / 2)
#define STATUS_FLAGS 0x8d5ull
#define FLAG_CF      0x001ull
#define FLAG_AF      0x010ull
#define FLAG_DF      0x400ull
#define FLAG_OF      0x800ull
#define IN_MEMORY    1 /* what the memory callbacks return for addresses outside the scratch area */

/* What the emulator is told of each way to run natively. */
static const struct setup {
	enum emul_mode mode;
	u64 rip;
	u64 base[EMUL_NR_SEGS];
} setups[NR_NATIVE] = {
	[NATIVE_64] = { .mode = EMUL_LONG, .rip = CODE, .base[EMUL_GS] = GS_BASE },
	[NATIVE_32] = { .mode = EMUL_PROT32, .rip = CODE },
	[NATIVE_32_BASES] = { .mode = EMUL_PROT32, .rip = CODE, .base[EMUL_DS] = SCRATCH, .base[EMUL_ES] = ES_BASE },
	[NATIVE_16] = { .mode = EMUL_PROT16, .base[EMUL_DS] = SCRATCH, .base[EMUL_ES] = ES_BASE, .base[EMUL_CS] = CODE },
};
static enum native_kind kind;
static const struct setup *setup;

static bool in64(void)
{
	return kind == NATIVE_64;
}

/* The emulator's side. */
static struct machine emu, before;
static struct emul_segment segments[EMUL_NR_SEGS];
static u8 mirror[SCRATCH_SIZE];

static u8 *at(u64 linear, unsigned bytes)
{
	if (linear < SCRATCH || linear + bytes > SCRATCH + SCRATCH_SIZE)
		return NULL;
	return mirror + (linear - SCRATCH);
}

static int op_read(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write)
{
	u8 *p = at(linear, bytes);

	if (!p)
		return IN_MEMORY;
	memcpy(buf, p, bytes);
	return 0;
}

static int op_write(void *ctx, u64 linear, const void *buf, unsigned bytes)
{
	u8 *p = at(linear, bytes);

	if (!p)
		return IN_MEMORY;
	memcpy(p, buf, bytes);
	return 0;
}

static int op_cmpxchg(void *ctx, u64 linear, void *old, const void *new_, unsigned bytes, bool *done)
{
	u8 *p = at(linear, bytes);

	if (!p)
		return IN_MEMORY;
	*done = !memcmp(p, old, bytes);
	if (*done)
		memcpy(p, new_, bytes);
	else
		memcpy(old, p, bytes);
	return 0;
}

static int op_xmm_read(void *ctx, unsigned index, u8 value[16])
{
	memcpy(value, emu.xmm[index], 16);
	return 0;
}

static int op_xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	memcpy(emu.xmm[index], value, 16);
	return 0;
}

static const struct emul_ops ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.xmm_read = op_xmm_read,
	.xmm_write = op_xmm_write,
};

/* Opcodes to draw from: an escape (0, 0F, 0F38), a range, and prefixes that belong to it. */
/* clang-format off */
static const struct family {
	u16 escape;
	u8 first, last;
	const char *mandatory; /* one of these is taken each time; a space is none */
} families[] = {
	{ 0, 0x00, 0x05, " " }, { 0, 0x08, 0x0d, " " }, { 0, 0x10, 0x15, " " }, { 0, 0x18, 0x1d, " " },
	{ 0, 0x20, 0x25, " " }, { 0, 0x28, 0x2d, " " }, { 0, 0x30, 0x35, " " }, { 0, 0x38, 0x3d, " " },
	{ 0, 0x40, 0x4f, " " }, { 0, 0x50, 0x5f, " " }, { 0, 0x63, 0x63, " " }, { 0, 0x68, 0x68, " " }, { 0, 0x6a, 0x6a, " " },
	{ 0, 0x80, 0x81, " " }, { 0, 0x83, 0x8b, " " }, { 0, 0x8d, 0x8d, " " }, { 0, 0x8f, 0x8f, " " },
	{ 0, 0x90, 0x97, " " }, { 0, 0x9c, 0x9c, " " }, { 0, 0xa0, 0xa3, " " },
	{ 0, 0xa4, 0xa7, " \xf3\xf2" }, { 0, 0xaa, 0xaf, " \xf3\xf2" },
	{ 0, 0xa8, 0xa9, " " }, { 0, 0xb0, 0xbf, " " }, { 0, 0xc0, 0xc1, " " }, { 0, 0xc6, 0xc7, " " },
	{ 0, 0xd0, 0xd3, " " }, { 0, 0xf6, 0xf7, " " }, { 0, 0xfe, 0xff, " " },
	{ 0x0f, 0x10, 0x13, " \x66\xf3\xf2" }, { 0x0f, 0x16, 0x17, " \x66" }, { 0x0f, 0x28, 0x29, " \x66" },
	{ 0x0f, 0x2b, 0x2b, " \x66" }, { 0x0f, 0x40, 0x4f, " " }, { 0x0f, 0x6e, 0x6f, "\x66\xf3" },
	{ 0x0f, 0x7e, 0x7f, "\x66\xf3" }, { 0x0f, 0x90, 0x9f, " " }, { 0x0f, 0xa3, 0xa3, " " },
	{ 0x0f, 0xab, 0xab, " " }, { 0x0f, 0xb0, 0xb1, " " }, { 0x0f, 0xb3, 0xb3, " " }, { 0x0f, 0xb6, 0xb7, " " },
	{ 0x0f, 0xba, 0xbb, " " }, { 0x0f, 0xbe, 0xbf, " " }, { 0x0f, 0xc0, 0xc1, " " }, { 0x0f, 0xc3, 0xc3, " \x66\xf3" },
	{ 0x0f, 0xc7, 0xc7, " " }, { 0x0f, 0xd6, 0xd6, "\x66" }, { 0x0f, 0xe7, 0xe7, "\x66" }, { 0x0f, 0xf0, 0xf0, "\xf2" },
	{ 0x0f38, 0x2a, 0x2a, "\x66" }, { 0x0f38, 0xf0, 0xf1, " " },
};
/* clang-format on */

static u8 bytes[32];
static size_t before_modrm; /* prefixes and opcode */

/* Random prefixes, opcode and tail into `bytes`. */
static void generate(const struct family *f)
{
	size_t n = 0, choices = strlen(f->mandatory);
	u8 mandatory = f->mandatory[rnd() % choices];
	u64 tail;

	if (rnd() % 8 == 0)
		bytes[n++] = in64() ? "\x65\x3e"[rnd() & 1] : "\x26\x36\x3e"[rnd() % 3];
	if (rnd() % 4 == 0 && mandatory != 0x66)
		bytes[n++] = 0x66;
	if (rnd() % 8 == 0)
		bytes[n++] = 0x67;
	if (rnd() % 8 == 0)
		bytes[n++] = 0xf0;
	if (mandatory != ' ')
		bytes[n++] = mandatory;
	if (in64() && rnd() & 1)
		bytes[n++] = 0x40 | (rnd() & 15);
	if (f->escape >> 8)
		bytes[n++] = f->escape >> 8;
	if (f->escape)
		bytes[n++] = f->escape;
	bytes[n++] = f->first + rnd() % (f->last - f->first + 1u);
	before_modrm = n + (bytes[n - 1] == 0x8f ? 3 : 0); /* which may begin XOP */
	tail = rnd();
	memcpy(bytes + n, &tail, 8);
	tail = rnd();
	memcpy(bytes + n + 8, &tail, 8);
}

static u64 interesting(void)
{
	static const u64 edge[] = { 0,
				    1,
				    0x7f,
				    0x80,
				    0xff,
				    0x7fff,
				    0x8000,
				    0xffff,
				    0x7fffffff,
				    0x80000000,
				    0xffffffff,
				    0x7fffffffffffffff,
				    0x8000000000000000,
				    ~0ull };

	switch (rnd() & 3) {
	case 0: return edge[rnd() % ARRAY_SIZE(edge)];
	case 1: return rnd() & 0xff;
	default: return rnd();
	}
}

/* An address register: what lies above the address size must not matter. */
static u64 garbage_above(const struct insn *in, u64 value)
{
	if (in->adsize == 2)
		return (u16)value | rnd() << 16;
	return in->adsize == 4 ? (u32)value | rnd() << 32 : value;
}

/* Patch a displacement or absolute address, `width` bytes before the immediate. */
static void patch(const struct insn *in, unsigned imm_bytes, u64 value, unsigned width)
{
	memcpy(bytes + in->len - imm_bytes - width, &value, width);
}

static unsigned immediate_bytes(const struct insn *in)
{
	bool shift_by_one = in->map == INSN_MAP_ONE && (in->opcode == 0xd0 || in->opcode == 0xd1);

	if (in->src != INSN_IMM || shift_by_one)
		return 0;
	if (in->opsize == 1 || in->opcode == 0x83 || in->opcode == 0xc1 || in->opcode == 0xba)
		return 1;
	return in->opsize == 2 ? 2 : 4;
}

static void steer_registers(const struct insn *in, u64 offset)
{
	u64 rest = offset - (s64)in->disp, *gpr = native_regs.gpr;

	if (in->base == in->index) {
		gpr[in->base] = garbage_above(in, rest / (1 + (1u << in->scale)));
	} else if (in->base < 16) {
		if (in->index < 16)
			rest -= gpr[in->index] << in->scale;
		gpr[in->base] = garbage_above(in, rest);
	} else {
		gpr[in->index] = garbage_above(in, (in->adsize == 4 ? (u32)rest :
						    in->adsize == 2 ? (u16)rest :
								      rest) >>
							   in->scale);
	}
}

/* Make the memory operand lie near the middle of the scratch area, mostly aligned. */
static void steer(const struct insn *in)
{
	u64 target = MIDDLE + (rnd() & 511);

	if (rnd() & 3)
		target &= ~15ull;
	target -= setup->base[in->seg];
	if (in->base == INSN_R_MOFFS)
		patch(in, 0, target, in->adsize);
	else if (in->base == INSN_R_RIP)
		patch(in, immediate_bytes(in), target - (CODE + in->len), 4);
	else if (in->base == INSN_R_NONE && in->index == INSN_R_NONE)
		patch(in, immediate_bytes(in), target, in->adsize == 2 ? 2 : 4);
	else
		steer_registers(in, target);
}

static bool addresses(const struct insn *in, unsigned reg)
{
	return emul_has_mem(in) && (in->base == reg || in->index == reg);
}

/* Let comparisons succeed half the time. */
static void favour_equality(const struct insn *in, const struct emul_state *st)
{
	u64 linear = emul_linear(in, st);
	u8 *p = at(linear, 16);

	if (!p || rnd() & 1)
		return;
	if (in->op == INSN_CMPXCHG && !addresses(in, RAX))
		memcpy(&native_regs.gpr[RAX], p, in->opsize);
	if (in->op == INSN_CMPXCHG8B && !addresses(in, RAX) && !addresses(in, RDX)) {
		memcpy(&native_regs.gpr[RAX], p, in->opsize);
		memcpy(&native_regs.gpr[RDX], p + in->opsize, in->opsize);
	}
}

static void set_registers(const struct insn *in)
{
	u64 *gpr = native_regs.gpr;

	for (int i = 0; i < 16; i++) {
		gpr[i] = interesting();
		for (int k = 0; k < 16; k++)
			native_regs.xmm[i][k] = rnd();
	}
	gpr[RSP] = MIDDLE + 8 * (rnd() & 63);
	if (in->op >= INSN_MOVS && in->op <= INSN_SCAS) {
		gpr[RSI] = garbage_above(in, MIDDLE + (rnd() & 255) - setup->base[in->seg]);
		gpr[RDI] = garbage_above(in, MIDDLE + (rnd() & 255) - setup->base[EMUL_ES]);
		gpr[RCX] = garbage_above(in, rnd() % 100);
	}
	if (in->op >= INSN_BT && in->op <= INSN_BTC && in->src == INSN_REG)
		gpr[in->reg] = in->opsize == 4 ? (u32)(rnd() % 32768 - 16384) | rnd() << 32 : rnd() % 32768 - 16384;
	native_regs.rflags = (rnd() & (STATUS_FLAGS | FLAG_DF)) | 0x202;
}

static u64 shift_undefined(const struct insn *in, const u64 *gpr)
{
	unsigned count = (in->src == INSN_IMM ? in->imm : gpr[RCX]) & (in->opsize == 8 ? 63 : 31);
	u64 undefined = count == 1 ? 0 : FLAG_OF;

	if (count == 0)
		return 0;
	if (in->op >= INSN_SHL)
		undefined |= FLAG_AF;
	if ((in->op == INSN_SHL || in->op == INSN_SAL || in->op == INSN_SHR) && count >= in->opsize * 8u)
		undefined |= FLAG_CF;
	return undefined;
}

/* Flags that the architecture leaves undefined (APM volume 3). */
static u64 undefined_flags(const struct insn *in, const u64 *gpr)
{
	switch (in->op) {
	case INSN_AND:
	case INSN_OR:
	case INSN_XOR:
	case INSN_TEST: return FLAG_AF;
	case INSN_BT ... INSN_BTC: return STATUS_FLAGS & ~0x41ull;
	case INSN_ROL ... INSN_SAR: return shift_undefined(in, gpr);
	}
	return 0;
}

static const char *describe(const struct insn *in, const char *what)
{
	static char text[400];
	int n = snprintf(text, sizeof(text), "%s: op %u, bytes", what, in->op);

	for (int i = 0; i < 15; i++)
		n += snprintf(text + n, sizeof(text) - n, " %02x", bytes[i]);
	return text;
}

#define EXPECT(cond, what)                                                                                                       \
	do {                                                                                                                     \
		if (!(cond))                                                                                                     \
			ck_abort_msg("%s (case %lu)", describe(in, what), (unsigned long)cases);                                 \
	} while (0)

static u64 cases, compared, refused, protection;

/*
 * All 15 bytes are run, since there is no length. More than 15 raise #GP before anything
 * else is looked at; only what has 6 bytes before ModRM can have so many.
 */
static void expect_invalid(const struct insn *in)
{
	int sig;

	set_registers(in);
	sig = native_execute(kind, bytes, 15);
	refused++;
	EXPECT(sig == SIGILL || (sig == SIGSEGV && before_modrm >= 6), "refused, and hardware does not");
}

static int run_emulated(const struct insn *in, struct emul_state *st)
{
	int r;

	do
		r = emul_execute(in, st, &ops, NULL);
	while (r == EMUL_AGAIN);
	return r;
}

/* A repeated string instruction whose count is 0, with 32-bit addresses in 64-bit mode. */
static bool repeats_nothing(const struct insn *in)
{
	return in->op >= INSN_MOVS && in->op <= INSN_SCAS && in->prefix & (INSN_P_REP | INSN_P_REPNE) && in64() &&
	       in->adsize == 4 && (u32)before.gpr[RCX] == 0;
}

/*
 * Where nothing is repeated, AMD's CPUs leave all registers alone, as the emulator does. Intel's clear the upper halves of
 * RCX and, depending on the instruction, of RSI and RDI. No manual promises either.
 */
static bool same_register(const struct insn *in, unsigned reg)
{
	u64 native = native_regs.gpr[reg];

	if (repeats_nothing(in) && (reg == RCX || reg == RSI || reg == RDI))
		return native == emu.gpr[reg] || native == (u32)emu.gpr[reg];
	return native == emu.gpr[reg];
}

static void compare_states(const struct insn *in, const struct emul_state *st, u64 undefined)
{
	EXPECT(st->rip == setup->rip + in->len, "rip");
	for (int i = 0; i < 16; i++)
		if (!same_register(in, i))
			ck_abort_msg("%s %d: was %#lx, is %#lx, not %#lx", describe(in, "register"), i,
				     (unsigned long)before.gpr[i], (unsigned long)emu.gpr[i], (unsigned long)native_regs.gpr[i]);
	EXPECT(!((st->rflags ^ native_regs.rflags) & (STATUS_FLAGS | FLAG_DF) & ~undefined), "flags");
	EXPECT(!memcmp(emu.xmm, native_regs.xmm, sizeof(emu.xmm)), "XMM register");
	EXPECT(!memcmp(mirror, (void *)SCRATCH, SCRATCH_SIZE), "memory");
	compared++;
}

/* Outside 64-bit mode there are eight registers of four bytes. */
static void fit_registers(void)
{
	for (int i = 0; i < 16 && !in64(); i++)
		native_regs.gpr[i] = i < 8 ? (u32)native_regs.gpr[i] : 0;
}

/* Registers, memory operand, and the emulator's copy of everything. */
static void set_state(struct insn *in, struct emul_state *st)
{
	*st = (struct emul_state){ .gpr = emu.gpr, .mode = setup->mode, .rip = setup->rip, .ss_big = true };
	for (unsigned i = 0; i < EMUL_NR_SEGS; i++)
		segments[i] = (struct emul_segment){ .attrib = 0xc93, .limit = ~0u, .base = setup->base[i] };
	st->seg = segments;
	st->linear_bits = 57;
	set_registers(in);
	if (emul_has_mem(in)) {
		steer(in);
		emul_decode(in, bytes, 15, setup->mode);
		fit_registers();
		emu = native_regs;
		favour_equality(in, st);
	}
	fit_registers();
	before = emu = native_regs;
	st->rflags = emu.rflags;
}

/* Both ways. */
static void run_and_compare(struct insn *in)
{
	struct emul_state st;
	u64 undefined;
	int r, sig;

	set_state(in, &st);
	undefined = undefined_flags(in, emu.gpr);
	r = run_emulated(in, &st);
	if (r == IN_MEMORY) { /* out of reach; repeated ones may have written some */
		memcpy(mirror, (void *)SCRATCH, SCRATCH_SIZE);
		return;
	}
	sig = native_execute(kind, bytes, in->len);
	if (r == EMUL_GP || r == EMUL_SS_FAULT) {
		protection++;
		EXPECT(sig == (r == EMUL_GP ? SIGSEGV : SIGBUS), "#GP or #SS, and hardware has another or none");
		return;
	}
	EXPECT(r == EMUL_DONE, "result");
	EXPECT(sig == 0, "hardware faulted");
	compare_states(in, &st, undefined);
}

static void one_case(const struct family *f)
{
	struct insn in = { 0 };

	cases++;
	generate(f);
	if (emul_decode(&in, bytes, 15, setup->mode) < 0)
		expect_invalid(&in);
	else if (in.op <= INSN_LAST_EXECUTED && !(in.op >= INSN_CALL && in.op <= INSN_RET))
		run_and_compare(&in);
}

static void prepare(enum native_kind which, u64 seed)
{
	bool has32 = native_init();

	kind = which;
	setup = &setups[which];
	if (!in64() && !has32) {
		fprintf(stderr, "left out: this kernel runs no 32-bit code, or has no LDT\n");
		exit(0);
	}
	rnd_seed(seed);
	for (unsigned i = 0; i < SCRATCH_SIZE; i++)
		mirror[i] = rnd();
	memcpy((void *)SCRATCH, mirror, SCRATCH_SIZE);
}

/* REX prefixes in 64-bit mode, ARPL elsewhere: nothing to compare. */
static bool vacuous(const struct family *f)
{
	return f->escape == 0 && f->first == (in64() ? 0x40 : 0x63);
}

START_TEST(family)
{
	const struct family *f = &families[_i / NR_NATIVE];

	prepare(_i % NR_NATIVE, 1000 + _i);
	if (vacuous(f))
		return;
	for (int n = 0; n < (in64() ? 24000 : 8000); n++)
		one_case(f);
	ck_assert_uint_gt(compared, 400);
	ck_assert_uint_gt(compared + refused + protection, 1000);
}
END_TEST

/* ---- branches: a few instructions, with one way through them or another ---- */

/* A displacement of the mode's size. */
static unsigned displacement(unsigned n, u32 value)
{
	const unsigned width = kind == NATIVE_16 ? 2 : 4;

	memcpy(bytes + n, &value, width);
	return width;
}

static unsigned put(unsigned n, u8 byte)
{
	bytes[n] = byte;
	return n + 1;
}

/*
 * Into `bytes`: how many. A branch that is taken leaves out a MOV to AL. A call makes it, returns by RET or REP RET, and the jump
 * behind the call leaves both out.
 */
static unsigned branch(unsigned form)
{
	const u8 cc = rnd() & 15;
	const bool rep = rnd() & 1;
	unsigned n = 0;

	switch (form) {
	case 0: n = put(put(n, 0x70 | cc), 2); break;
	case 1: n = put(put(n, 0x0f), 0x80 | cc); break;
	case 2: n = put(put(n, 0xeb), 2); break;
	case 3: n = put(n, 0xe9); break;
	default: n = put(n, 0xe8);
	}
	if (form & 1 || form == 4)
		n += displacement(n, 2);
	if (form == 4)
		n = put(put(n, 0xeb), rep ? 4 : 3);
	n = put(put(n, 0xb0), (u8)rnd());
	if (form == 4 && rep)
		n = put(n, 0xf3);
	return form == 4 ? put(n, 0xc3) : n;
}

/* The emulator, from one instruction to the next until it is past them all. */
static bool run_branches(struct emul_state *st, unsigned len)
{
	struct insn in = { 0 };

	for (unsigned steps = 0; st->rip != setup->rip + len; steps++)
		if (steps > 5 || emul_decode(&in, bytes + (st->rip - setup->rip), 15, setup->mode) <= 0 || run_emulated(&in, st))
			return false;
	return true;
}

START_TEST(branches)
{
	struct insn insn, *const in = &insn;

	prepare(_i % NR_NATIVE, 77 + _i);
	for (unsigned n = 0; n < 4000; n++, cases++) {
		struct emul_state st;

		memset(bytes, 0x90, sizeof(bytes));
		insn = (struct insn){ .op = INSN_MOV, .opsize = 1, .adsize = 8 };
		in->len = (u8)branch(n % 5);
		set_state(in, &st);
		EXPECT(run_branches(&st, in->len), "they end elsewhere");
		EXPECT(native_execute(kind, bytes, in->len) == 0, "hardware faulted");
		compare_states(in, &st, 0);
	}
	ck_assert_uint_eq(compared, 4000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emul: executor against the CPU");
	TCase *t = tcase_create("execute");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, family, 0, ARRAY_SIZE(families) * NR_NATIVE);
	tcase_add_loop_test(t, branches, 0, NR_NATIVE);
	suite_add_tcase(s, t);
	return suite_run(s);
}
