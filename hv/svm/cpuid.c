/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU that a domU sees: the host's, as far as cpuid.def goes; and the bits of CR4, EFER and XCR0 that follow from it.
 *
 * What must hold: a bit is offered only if cpuid.def lists it and the host has it, and a feature's control bit can be set only if
 * the feature is offered. Answers that never change are computed once, for each vCPU.
 */
#include "cpu.h"
#include "exit_insn.h"
#include "hypercall_abi.h"
#include "svm.h"

enum reg { EAX, EBX, ECX, EDX };

#define MAX_LEAF          0xd
#define MAX_EXTENDED_LEAF 0x8000001f
#define CPUID_APIC        BIT(9)
#define CPUID_HYPERVISOR  BIT(31)
#define CPUID_RDTSCP      BIT(27)
#define XCR0_X87          BIT(0)
#define XCR0_SSE          BIT(1)
#define XCR0_AVX          BIT(2)
#define XSAVE_BYTES       576 /* of an area with x87 and SSE */
#define XSAVE_AVX_BYTES   832 /* with AVX */

/* The bits of a leaf's register that cpuid.def lists: a constant for constant arguments. */
static inline __attribute__((always_inline)) u32 mask_of(u32 of_leaf, u32 of_subleaf, enum reg of_reg)
{
	u32 all = 0;

#define CPUID(leaf, subleaf, reg, mask, why)                                                                                     \
	all |= (leaf) == of_leaf && (subleaf) == of_subleaf && (reg) == of_reg ? (u32)(mask) : 0;
#include "cpuid.def"
	return all;
}

static inline __attribute__((always_inline)) struct cpuid masked(struct cpuid r, u32 leaf, u32 subleaf)
{
	return (struct cpuid){ r.eax & mask_of(leaf, subleaf, EAX), r.ebx & mask_of(leaf, subleaf, EBX),
			       r.ecx & mask_of(leaf, subleaf, ECX), r.edx & mask_of(leaf, subleaf, EDX) };
}

#define KEY(leaf, subleaf) ((u64)(leaf) << 32 | (subleaf))

/* The host's answer less what cpuid.def does not list. A leaf that it does not name at all is zero, as beyond the highest one. */
static struct cpuid offered(u32 leaf, u32 subleaf, struct cpuid r)
{
	switch (KEY(leaf, leaf == 7 || leaf == 0xd ? subleaf : 0)) {
/* The formatter takes the list for a part of the macro. */
/* clang-format off */
#define CPUID_LEAF(leaf, subleaf) case KEY(leaf, subleaf): return masked(r, leaf, subleaf);
#include "cpuid.def"
		/* clang-format on */
	}
	return (struct cpuid){ 0, 0, 0, 0 };
}

static u32 at_most(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* The whole answer: the host's bits that are offered, and what is this vCPU's own. */
static struct cpuid filter(const struct svm_vcpu *s, u32 leaf, u32 subleaf)
{
	struct cpuid r = offered(leaf, subleaf, cpuid(leaf, subleaf));

	switch (leaf) {
	case 0: r.eax = at_most(r.eax, MAX_LEAF); break;
	case 1:
		r.ebx |= s->v.id << 24 | 1 << 16; /* one logical CPU a package */
		r.ecx |= CPUID_HYPERVISOR;        /* OSXSAVE: svm_cpuid_follow_cr4() */
		r.edx &= ~(s->smp ? 0 : (u32)CPUID_APIC);
		break;
	case 7:
		r.eax = 0; /* no subleaves */
		break;
	case 0xd:
		if (!subleaf)
			r.ecx = !r.eax ? 0 : r.eax & XCR0_AVX ? XSAVE_AVX_BYTES : XSAVE_BYTES;
		break;
	case PN_CPUID_BASE: return (struct cpuid){ PN_CPUID_BASE + 1, PN_CPUID_EBX, PN_CPUID_ECX, PN_CPUID_EDX };
	case PN_CPUID_BASE + 1: return (struct cpuid){ PN_HYPERCALL_VERSION, 0, 0, 0 };
	case 0x80000000: r.eax = at_most(r.eax, MAX_EXTENDED_LEAF); break;
	case 0x80000001: r.edx &= ~(s->smp ? 0 : (u32)CPUID_APIC); break;
	case 0x80000008: r.eax |= GUEST_PHYS_BITS; break;
	}
	return r;
}

bool svm_offers_tsc_aux(void)
{
	return cpuid(0x80000001, 0).edx & CPUID_RDTSCP;
}

/* ---- what follows from it ---- */

/* Does this vCPU see that bit? */
static bool has(const struct svm_vcpu *s, u32 leaf, enum reg reg, unsigned bit)
{
	struct cpuid r = filter(s, leaf, 0);
	const u32 regs[] = { r.eax, r.ebx, r.ecx, r.edx };

	return regs[reg] >> bit & 1;
}

/* The bits of CR4 that the guest may set: those of features that it sees. All others are #GP, as on a CPU without them. */
static u64 cr4_bits(const struct svm_vcpu *s)
{
	u64 all = 0;

#define CR4(mask, leaf, reg, bit, what) all |= has(s, leaf, reg, bit) ? (mask) : 0;
#include "cpuid.def"
	return all;
}

/* The bits of EFER that the guest may set, likewise; SVME is never one. */
static u64 efer_bits(const struct svm_vcpu *s)
{
	u64 all = 0;

#define EFER(mask, leaf, reg, bit, what) all |= has(s, leaf, reg, bit) ? (mask) : 0;
#include "cpuid.def"
	return all;
}

/* Leaves 7, 0xd and 0x8000001d have subleaves, and 0xd tells of XCR0. */
static bool leaf_decides(u32 leaf)
{
	return leaf != 7 && leaf != 0xd && leaf != 0x8000001d;
}

void svm_learn_cpuid(struct svm_vcpu *s)
{
	for (u32 i = 0; i < CPUID_SLOTS; i++) {
		u32 leaf = (i & 31) | i >> 5 << 31;

		s->cpuid[CPUID_SLOT(leaf)] = (struct cpuid_kept){ filter(s, leaf, 0), leaf_decides(leaf) ? leaf : leaf + 1 };
	}
	svm_cpuid_follow_cr4(s, s->vmcb.cr4);
	s->v.cr4_refused = ~cr4_bits(s);
	s->efer_offered = efer_bits(s);
	s->xcr0_offered = filter(s, 0xd, 0).eax;
}

/* XCR0 has x87 on always, and nothing without what it is made of (APM volume 2, section 11.5.2). */
static bool write_xcr0(const struct svm_vcpu *s, u64 val)
{
	if (val & ~s->xcr0_offered || !(val & XCR0_X87) || ((val & XCR0_AVX) && !(val & XCR0_SSE)))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	xsetbv0(val);
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	return true;
}

/* XSETBV, where hardware has checked CPL and CR4.OSXSAVE already. XCR0 is the one such register. */
enum trip exit_xsetbv(struct svm_vcpu *s)
{
	u64 val = s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax;
	unsigned len = svm_exit_length(s, 0xd1010f, 0xffffff, 3);

	if (!len)
		return TRIP_other;
	return svm_exit_end(s, len, !(u32)s->v.gpr[RCX] && write_xcr0(s, val), TRIP_other);
}

/* ---- the instruction ---- */

/* CPUID writes 32 bits of each register, which clears the upper halves. */
enum trip exit_cpuid(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;
	u32 leaf = (u32)s->vmcb.rax, subleaf = (u32)v->gpr[RCX];
	const struct cpuid *kept = svm_cpuid_kept(s, leaf);
	struct cpuid r;
	unsigned len = svm_exit_length(s, 0xa20f, 0xffff, 2);

	if (!len)
		return TRIP_cpuid;
	svm_cpuid_follow_cr4(s, s->vmcb.cr4);
	r = kept ? *kept : filter(s, leaf, subleaf);
	s->vmcb.exitinfo1 = leaf; /* for the trace */
	s->vmcb.rax = r.eax;
	v->gpr[RBX] = r.ebx;
	v->gpr[RCX] = r.ecx;
	v->gpr[RDX] = r.edx;
	svm_exit_done(s, len);
	return TRIP_cpuid;
}
