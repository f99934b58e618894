/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's CPUID. */
#include "cpu.h"
#include "exit_insn.h"
#include "hypercall_abi.h"
#include "quick.h"
#include "svm.h"

/*
 * What this virtual CPU is: the host's, less what we do not virtualise: SVM, the
 * APIC (of a single CPU), MTRRs, machine checks, MONITOR, 1 GiB pages, PCID, more than one thread.
 */
#define CPUID_APIC BIT(9)
static struct cpuid filter(struct svm_vcpu *s, u32 leaf, struct cpuid r)
{
	switch (leaf) {
	case 1:
		r.ebx &= 0x0000ffff; /* one logical CPU a package */
		r.ebx |= s->v.id << 24 | 1 << 16;
		r.ecx &= ~(u32)(BIT(3) | BIT(5) | BIT(17) | BIT(21) | BIT(24) | BIT(27));
		r.ecx |= BIT(31) | (s->vmcb.cr4 & CR4_OSXSAVE ? BIT(27) : 0);
		r.edx &= ~(u32)(BIT(7) | (s->smp ? 0 : CPUID_APIC) | BIT(12) | BIT(14) | BIT(28));
		break;
	case 7:
		r.ecx &= ~(u32)(BIT(3) | BIT(4) | BIT(22)); /* PKU, OSPKE, RDPID */
		break;
	case 0xa:
	case 0xb:
	case 0x8000000a:
	case 0x8000001e:
		return (struct cpuid){ 0, 0, 0, 0 };
	case 0x80000001:
		r.ecx &= ~(u32)(BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(22) | BIT(23) | BIT(24));
		r.edx &= ~(u32)(BIT(7) | (s->smp ? 0 : CPUID_APIC) | BIT(12) | BIT(14) | BIT(26));
		break;
	case 0x80000008:
		r.eax = (r.eax & ~0xffu) | 40;
		r.ecx = 0;
		break;
	case PN_CPUID_BASE:
		return (struct cpuid){ PN_CPUID_BASE + 1, PN_CPUID_EBX, PN_CPUID_ECX, PN_CPUID_EDX };
	case PN_CPUID_BASE + 1:
		return (struct cpuid){ PN_HYPERCALL_VERSION, 0, 0, 0 };
	}
	return r;
}

/*
 * Leaves without subleaves that never change: their last answer is kept, because hardware's is costly. (Leaf 1
 * shows CR4.OSXSAVE, which guests change without an exit.)
 */
static bool cpuid_is_constant(u32 leaf)
{
	return leaf == 0 || leaf - PN_CPUID_BASE < 2 || leaf - 0x80000000 <= 8;
}

enum trip exit_cpuid(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;
	u32 leaf = (u32)s->vmcb.rax, subleaf = (u32)v->gpr[RCX];
	unsigned len = svm_exit_length(s, 0xa20f, 0xffff, 2);

	if (!len)
		return TRIP_cpuid;
	struct cpuid r = filter(s, leaf, cpuid(leaf, subleaf));

	if (cpuid_is_constant(leaf)) {
		s->cpuid.leaf = leaf;
		s->cpuid.answer = r;
	}
	s->vmcb.exitinfo1 = leaf; /* for the trace */
	s->vmcb.rax = r.eax;
	v->gpr[RBX] = r.ebx;
	v->gpr[RCX] = r.ecx;
	v->gpr[RDX] = r.edx;
	svm_exit_done(s, len);
	return TRIP_cpuid;
}

void svm_learn_cpuid(struct svm_vcpu *s)
{
	s->cpuid.leaf = PN_CPUID_BASE;
	s->cpuid.answer = filter(s, PN_CPUID_BASE, cpuid(PN_CPUID_BASE, 0));
}
