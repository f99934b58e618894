/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzz target of hv/svm knows of instructions by itself, from the manual and not from hv/emul: which bytes can have an exit,
 * and what comes of them. So a handler that took another instruction for its exit's own is found by what it did.
 */
#include <string.h>

#include "tests/svm/fuzz.h"

#define MOST_BYTES 15
#define CR0_BITS   0xe005003full

enum { NO_MODRM, MEMORY, REGISTER, BOTH };

/* An encoding that can have an exit: with `reg` in ModRM's middle, or ANY. */
#define ANY 8
static const struct form {
	u16 opcode;
	u8 operand, reg;
	u8 exit, exit_last;
	u8 kind;
} forms[] = {
	{ 0x0f20, REGISTER, ANY, VMEXIT_CR0_READ, VMEXIT_CR0_READ + 15, FUZZ_MOV_FROM_CR },
	{ 0x0f22, REGISTER, ANY, VMEXIT_CR0_WRITE, VMEXIT_CR0_WRITE + 15, FUZZ_MOV_TO_CR },
	{ 0x0f01, BOTH, 4, VMEXIT_CR0_READ, VMEXIT_CR0_READ, FUZZ_SMSW },
	{ 0x0f01, BOTH, 6, VMEXIT_CR0_WRITE, VMEXIT_CR0_WRITE, FUZZ_LMSW },
	{ 0x0f06, NO_MODRM, 0, VMEXIT_CR0_WRITE, VMEXIT_CR0_WRITE, FUZZ_CLTS },
	{ 0x0f01, MEMORY, 7, VMEXIT_INVLPG, VMEXIT_INVLPG, FUZZ_OTHER },
	{ 0x0fa2, NO_MODRM, 0, VMEXIT_CPUID, VMEXIT_CPUID, FUZZ_OTHER },
	{ 0x0f32, NO_MODRM, 0, VMEXIT_MSR, VMEXIT_MSR, FUZZ_RDMSR },
	{ 0x0f30, NO_MODRM, 0, VMEXIT_MSR, VMEXIT_MSR, FUZZ_WRMSR },
	{ 0x0f08, NO_MODRM, 0, VMEXIT_INVD, VMEXIT_INVD, FUZZ_OTHER },
	{ 0x0f09, NO_MODRM, 0, VMEXIT_WBINVD, VMEXIT_WBINVD, FUZZ_OTHER },
	{ 0xf4, NO_MODRM, 0, VMEXIT_HLT, VMEXIT_HLT, FUZZ_OTHER },
	{ 0x6c, NO_MODRM, 0, VMEXIT_IOIO, VMEXIT_IOIO, FUZZ_INS },
	{ 0x6d, NO_MODRM, 0, VMEXIT_IOIO, VMEXIT_IOIO, FUZZ_INS },
	{ 0x6e, NO_MODRM, 0, VMEXIT_IOIO, VMEXIT_IOIO, FUZZ_OUTS },
	{ 0x6f, NO_MODRM, 0, VMEXIT_IOIO, VMEXIT_IOIO, FUZZ_OUTS },
};

/* These two are of three bytes. */
static bool is_three(const u8 *p, u64 exit)
{
	return p[0] == 0x0f && p[1] == 0x01 &&
	       ((p[2] == 0xd9 && exit == VMEXIT_VMMCALL) || (p[2] == 0xd1 && exit == VMEXIT_XSETBV));
}

/* F3 90, with more prefixes or without; with REX.B it is XCHG with R8. */
static bool is_pause(const u8 *bytes, const u8 *p, u64 exit, const struct fuzz_bytes *f)
{
	return exit == VMEXIT_PAUSE && *p == 0x90 && !(f->rex & 1) && memchr(bytes, 0xf3, (size_t)(p - bytes));
}

static bool is_prefix(u8 b)
{
	return b && strchr("\x66\x67\xf0\xf2\xf3\x26\x2e\x36\x3e\x64\x65", b);
}

/* Behind the prefixes, of which a REX is one only right before the opcode. */
static const u8 *skip_prefixes(const u8 *p, enum emul_mode mode, struct fuzz_bytes *f)
{
	const u8 *end = p + MOST_BYTES;

	f->rex = 0;
	for (; p < end; p++) {
		if (mode == EMUL_LONG && (*p & 0xf0) == 0x40) {
			f->rex = *p;
			continue;
		}
		if (!is_prefix(*p))
			break;
		f->rex = 0;
		f->is_16 |= *p == 0x66;
		f->locked |= *p == 0xf0;
	}
	return p;
}

static bool has_form(const struct form *form, const u8 *p, u64 exit)
{
	unsigned n = form->opcode >> 8 ? 2 : 1;
	u8 modrm = p[n];

	if (exit < form->exit || exit > form->exit_last || p[n - 1] != (u8)form->opcode || (n == 2 && p[0] != 0x0f))
		return false;
	if (form->operand == NO_MODRM)
		return true;
	if (form->reg != ANY && (modrm >> 3 & 7) != form->reg)
		return false;
	return form->operand != MEMORY || modrm >> 6 != 3;
}

static void set_operand(struct fuzz_bytes *f, const struct form *form, u8 modrm)
{
	f->kind = form->kind;
	f->in_memory = form->operand != REGISTER && modrm >> 6 != 3; /* MOV to and from CR has no other operand */
	f->reg = (modrm & 7) | (f->rex & 1) << 3;
	f->cr = (modrm >> 3 & 7) | (f->rex & 4) << 1 | (f->locked ? 8 : 0);
}

bool fuzz_can_exit(const u8 *bytes, enum emul_mode mode, u64 exit, struct fuzz_bytes *f)
{
	const u8 *p;

	*f = (struct fuzz_bytes){ .kind = FUZZ_OTHER };
	p = skip_prefixes(bytes, mode, f);
	f->is_16 ^= mode == EMUL_REAL16 || mode == EMUL_PROT16;
	if (is_three(p, exit) || is_pause(bytes, p, exit, f))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!has_form(&forms[i], p, exit))
			continue;
		set_operand(f, &forms[i], p[forms[i].opcode >> 8 ? 2 : 1]);
		return true;
	}
	return false;
}

/* Into the register that the instruction names: what was there, what is to be written, in an operand of its size. */
u64 fuzz_into(const struct fuzz_bytes *f, enum emul_mode mode, u64 was, u64 val)
{
	if (f->kind == FUZZ_MOV_FROM_CR)
		return mode == EMUL_LONG ? val : (u32)val;
	if (f->rex & 8)
		return val;
	return f->is_16 ? (was & ~0xffffull) | (u16)val : (u32)val;
}

u64 fuzz_cr0(const struct fuzz_bytes *f, enum emul_mode mode, u64 was, u64 reg)
{
	switch (f->kind) {
	case FUZZ_CLTS: return was & ~CR0_TS;
	case FUZZ_LMSW: return (was & ~0xeull) | (reg & 0xf);
	}
	return ((mode == EMUL_LONG ? reg : (u32)reg) & CR0_BITS) | CR0_ET;
}
