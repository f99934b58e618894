/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quick handlers for instructions whose encoding names a register of the guest's: CPUID, moves to and
 * from CR3, INVLPG. Those registers that C preserves are not saved while a quick handler runs (entry.S):
 * the guest's values are still in the CPU, and so here they are variables.
 *
 * What must hold: the guest makes no single step (with_code leaves those to the full handlers); nothing that is compiled here
 * keeps anything else in the six registers (their declarations see to that, and come before every function), and no call comes
 * back that is to see a change of theirs.
 */
register unsigned long guest_rbx asm("rbx");
register unsigned long guest_rbp asm("rbp");
register unsigned long guest_r12 asm("r12");
register unsigned long guest_r13 asm("r13");
register unsigned long guest_r14 asm("r14");
register unsigned long guest_r15 asm("r15");

#include "cpu.h"
#include "kept_walk.h"
#include "paging.h"
#include "quick.h"
#include "short_forms.h"
#include "svm.h"
#include "svm_code.h"

/* Where each register is: DO(its name, an lvalue). All are named, so that the compiler makes one jump of it. */
#define SAVED(DO, reg) DO(reg, s->v.gpr[reg])
#define EACH_REG(DO)                                                                                                             \
	DO(RAX, s->vmcb.rax)                                                                                                     \
	SAVED(DO, RCX)                                                                                                           \
	SAVED(DO, RDX)                                                                                                           \
	DO(RBX, guest_rbx)                                                                                                       \
	DO(RSP, s->vmcb.rsp)                                                                                                     \
	DO(RBP, guest_rbp)                                                                                                       \
	SAVED(DO, RSI)                                                                                                           \
	SAVED(DO, RDI)                                                                                                           \
	SAVED(DO, R8)                                                                                                            \
	SAVED(DO, R9)                                                                                                            \
	SAVED(DO, R10)                                                                                                           \
	SAVED(DO, R11)                                                                                                           \
	DO(R12, guest_r12)                                                                                                       \
	DO(R13, guest_r13)                                                                                                       \
	DO(R14, guest_r14)                                                                                                       \
	DO(R15, guest_r15)

/* A register by number, below NR_GPRS. */
static inline __attribute__((always_inline)) u64 read_reg(const struct svm_vcpu *s, unsigned reg)
{
#define READ(n, place)                                                                                                           \
	case n: return place;
	switch (reg) {
		EACH_REG(READ)
	}
	__builtin_unreachable();
}

static inline __attribute__((always_inline)) void write_reg(struct svm_vcpu *s, unsigned reg, u64 val)
{
#define WRITE(n, place)                                                                                                          \
	case n: place = val; return;
	switch (reg) {
		EACH_REG(WRITE)
	}
	__builtin_unreachable();
}

/* What a handler does once it knows the instruction's bytes, which are at p. `in_32`: in flat 32-bit code, else in 64-bit code. */
typedef quick_t (*at_t)(struct svm_vcpu *s, const u8 *p, bool in_32);

/* The page of code is not the kept one: keep it, for next time too. Apart, because this calls and comes back. */
static __attribute__((noinline)) quick_t learn_then(struct svm_vcpu *s, at_t at, bool in_32)
{
	const u8 *p = svm_learn_code(s, in_32);

	return p ? at(s, p, in_32) : QUICK_NOT;
}

/* A handler behind the bytes of its instruction. A guest that makes single steps is left to the full handler, which raises #DB. */
static inline __attribute__((always_inline)) quick_t with_code(struct svm_vcpu *s, at_t at, bool in_32)
{
	const u8 *p;

	if (unlikely(svm_is_stepping(s)))
		return QUICK_NOT;
	return likely(svm_known_code(s, in_32, &p)) ? at(s, p, in_32) : learn_then(s, at, in_32);
}

/* CPUID (0F A2), for a leaf whose answer is kept. */
static inline __attribute__((always_inline)) quick_t cpuid_at(struct svm_vcpu *s, const u8 *p, bool in_32)
{
	const u32 leaf = (u32)s->vmcb.rax;
	const struct cpuid *r = svm_cpuid_kept(s, leaf);

	if (unlikely(*(const u16 *)p != 0xa20f || !r))
		return QUICK_NOT;
	s->vmcb.exitinfo1 = leaf; /* for the trace */
	s->vmcb.rax = r->eax;
	guest_rbx = r->ebx;
	s->v.gpr[RCX] = r->ecx;
	s->v.gpr[RDX] = r->edx;
	svm_past_quick(s, 2);
	return quick_done(s, TRIP_cpuid, 0);
}

/* `len` bytes load CR3 from that register, in 64-bit code. */
static inline __attribute__((always_inline)) quick_t cr3_load(struct svm_vcpu *s, unsigned len, unsigned reg)
{
	u64 val = read_reg(s, reg);

	if (unlikely(!svm_cr3_fits(val)))
		return QUICK_NOT;
	svm_past_quick(s, len);
	return quick_load_root(s, val);
}

/* The register is R8 to R15: the move has REX.B, apart, as the rarer case. */
static __attribute__((noinline)) quick_t cr3_load_high(struct svm_vcpu *s, const u8 *p)
{
	unsigned reg;

	return *p == 0x41 && short_cr3(p + 1, MOV_TO_CR, &reg) ? cr3_load(s, 4, reg + 8) : QUICK_NOT;
}

static inline __attribute__((always_inline)) quick_t cr3_write_at(struct svm_vcpu *s, const u8 *p, bool in_32)
{
	unsigned reg, len = short_cr3(p, MOV_TO_CR, &reg);

	if (in_32)
		return likely(len) ? quick_load_root_32(s, len, (u32)read_reg(s, reg)) : QUICK_NOT;
	return likely(len) ? cr3_load(s, len, reg) : cr3_load_high(s, p);
}

static inline __attribute__((always_inline)) quick_t cr3_read_at(struct svm_vcpu *s, const u8 *p, bool in_32)
{
	unsigned reg, len = in_32 ? short_cr3(p, MOV_FROM_CR, &reg) : short_cr3_any(p, MOV_FROM_CR, &reg);

	if (unlikely(!len))
		return QUICK_NOT;
	write_reg(s, reg, in_32 ? (u32)s->v.cr3 : s->v.cr3);
	svm_past_quick(s, len);
	return quick_done(s, TRIP_cr_read, 0);
}

/*
 * The operand has a base register and nothing besides. DS has no base in 64-bit code; in 32-bit code a register other than EBP and
 * ESP is an offset into DS.
 */
static inline __attribute__((always_inline)) quick_t invlpg_at(struct svm_vcpu *s, const u8 *p, bool in_32)
{
	unsigned reg, len = short_invlpg(p, &reg);

	if (unlikely(!len || (in_32 && s->vmcb.ds.base)))
		return QUICK_NOT;
	svm_past_quick(s, len);
	return quick_flush_page(s, in_32 ? (u32)read_reg(s, reg) : read_reg(s, reg));
}

/* The handlers: each by what it does, for both kinds of code. */
#define BOTH_MODES(name)                                                                                                         \
	quick_t quick_##name(struct svm_vcpu *s)                                                                                 \
	{                                                                                                                        \
		return with_code(s, name##_at, false);                                                                           \
	}                                                                                                                        \
	quick_t quick_##name##_32(struct svm_vcpu *s)                                                                            \
	{                                                                                                                        \
		return with_code(s, name##_at, true);                                                                            \
	}
BOTH_MODES(cpuid)
BOTH_MODES(cr3_read)
BOTH_MODES(cr3_write)
BOTH_MODES(invlpg)

/* Under nested paging: by the walk that was kept, or all of one. */
quick_t quick_cpuid_nested(struct svm_vcpu *s)
{
	const u64 offset = s->vmcb.rip - s->v.code_walk.va;

	svm_regain_paging();
	if (unlikely(svm_is_stepping(s)))
		return QUICK_NOT;
	svm_cpuid_follow_cr4(s, s->vmcb.cr4);
	if (likely(offset <= PAGE_SIZE - FETCH_BYTES && s->vmcb.efer & EFER_LMA && s->vmcb.cs.attrib & SEG_L) &&
	    likely(kept_walk_stands(&s->v.code_walk, s->vmcb.cr3, s->vmcb.cr4)))
		return cpuid_at(s, s->v.code_walk.page + offset, false);
	return learn_then(s, cpuid_at, false);
}
