/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of domain is stopped at.
 *
 * What must hold: whatever reaches another domain, the hypervisor or the machine is intercepted for a domU, and so is what
 * cpuid.def does not offer. dom0 is stopped only at what would take the machine from the hypervisor, since its devices are its
 * own; its nested page table keeps it to its memory.
 */
#include "svm.h"
#include "cpu.h"
#include "lib.h"
#include "turns.h"

/*
 * Instructions of SVM itself: no guest here has them. VMRUN's intercept is mandatory (APM volume 2, section 15.5.1,
 * "Canonicalization and Consistency Checks").
 */
#define SVM_INSTRUCTIONS                                                                                                         \
	(INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE | INTERCEPT_STGI | INTERCEPT_CLGI |           \
	 INTERCEPT_SKINIT)

/*
 * Instructions that cpuid.def does not offer: a CPU that has them executes them all the same. XSETBV is offered, for those
 * components of the extended state alone that cpuid.def offers.
 */
#define UNOFFERED2 (INTERCEPT_MONITOR | INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED | INTERCEPT_XSETBV | INTERCEPT_RDPRU)
#define UNOFFERED3 (INTERCEPT_INVLPGB | INTERCEPT_INVLPGB_ILLEGAL | INTERCEPT_INVPCID | INTERCEPT_MCOMMIT | INTERCEPT_TLBSYNC)

/*
 * The MSR permission map: two bits an MSR (read, write), three ranges of 2 KiB (APM volume 2, section 15.11). An MSR in none of
 * the ranges always exits.
 */
static void msr_intercept(u8 *msrpm, u32 msr, bool on)
{
	u32 base = msr < 0x2000 ? 0 : msr < 0xc0002000 ? 0x800 : 0x1000;
	u32 bit = (msr & 0x1fff) * 2;
	u8 mask = (u8)(3 << (bit & 7));

	if (on)
		msrpm[base + bit / 8] |= mask;
	else
		msrpm[base + bit / 8] &= (u8)~mask;
}

/*
 * Shadow paging has hardware walk other tables than the guest's, so what makes or changes them must exit; INVLPG's intercept is there
 * while paging wants it (svm_load_hw). Under nested paging that, page faults and CR3 loads exit only to be counted.
 */
void svm_intercept_paging(struct svm_vcpu *s)
{
	const bool nested = s->v.nested, faults = !nested || s->v.probed;
	struct vmcb *b = &s->vmcb;

	b->cr_read = nested ? 0 : BIT(0) | BIT(3) | BIT(4);
	b->cr_write = !nested ? BIT(0) | BIT(3) | BIT(4) : s->v.probed ? BIT(3) : 0;
	b->exceptions = (b->exceptions & ~(u32)BIT(VECTOR_PF)) | (faults ? BIT(VECTOR_PF) : 0);
	b->intercept1 = (b->intercept1 & ~(u32)INTERCEPT_TASK_SWITCH) | (nested ? 0 : INTERCEPT_TASK_SWITCH);
	if (nested) {
		s->v.hw_invlpg = s->v.probed;
		b->intercept1 = (b->intercept1 & ~(u32)INTERCEPT_INVLPG) | (s->v.probed ? INTERCEPT_INVLPG : 0);
	}
	b->clean &= ~(u32)CLEAN_INTERCEPTS;
}

void svm_setup_domu(struct svm_vcpu *s)
{
	/* MSRs that live in the CPU and only change what the guest itself does. */
	static const u32 own[] = {
#define MSR_OWN(number, name, why) number,
#include "msr.def"
	};
	struct vmcb *b = &s->vmcb;

	/* Everything exits but what msr.def lists: a port or MSR of a machine to come must not be open by chance. */
	memset(s->iopm, 0xff, 3 * PAGE_SIZE);
	memset(s->msrpm, 0xff, 2 * PAGE_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		msr_intercept(s->msrpm, own[i], false);
	b->intercept1 = INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_RDPMC | INTERCEPT_CPUID | INTERCEPT_INVD |
			INTERCEPT_HLT | INTERCEPT_INVLPGA | INTERCEPT_IOIO | INTERCEPT_MSR | INTERCEPT_SHUTDOWN |
			INTERCEPT_FERR_FREEZE;
	b->intercept2 = SVM_INSTRUCTIONS | INTERCEPT_WBINVD | UNOFFERED2;
	b->intercept3 = UNOFFERED3;
	/* Why these pass through the hypervisor: exit_exceptions.c. */
	b->exceptions = BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC);
	s->v.nested = paging_is_nested;
	svm_intercept_paging(s);
	/* The guest's IF and TPR mask virtual interrupts alone (APM volume 2, section 15.21.1). */
	b->v_intr_masking = 1;
	b->v_intr_flags = 0x0f;
	/*
	 * ASID 0 is the host's and 1 dom0's. All domUs share one, however few the processor has: each pinned vCPU has the TLB of a pCPU to itself,
	 * and flushes it when it begins.
	 */
	b->asid = 2;
	s->smp = s->v.domain->nr_vcpus > 1;
	if (s->smp && turns_of_pcpus)
		b->intercept1 |= INTERCEPT_PAUSE;
	s->ops = s->smp ? &svm_guest_ops_smp : &svm_guest_ops;
	s->quick = !s->smp && paging_short_ways; /* the quick handlers take no lock */
	b->quick = s->quick ? svm_quick_table(s) : svm_quick_none(s);
	b->exit = s->smp ? svm_exit_smp : paging_cluster_most ? svm_exit_near : svm_exit;
	s->cluster.last = CLUSTER_NONE;
	svm_learn_cpuid(s);
	s->exits = domu_exits;
}

/*
 * EFER is intercepted because it must keep SVME, VM_CR and VM_HSAVE_PA because they are SVM's own. An NMI has dom0's pCPU stand
 * still for a domU's measured region, as its interrupts are dom0's.
 */
void svm_setup_dom0(struct svm_vcpu *s, hpa_t nested_root)
{
	struct vmcb *b = &s->vmcb;

	s->iopm[0xcf8 / 8] |= 0xff; /* 0xcf8 to 0xcff: the control device's configuration space */
	msr_intercept(s->msrpm, MSR_EFER, true);
	msr_intercept(s->msrpm, MSR_VM_CR, true);
	msr_intercept(s->msrpm, MSR_VM_HSAVE_PA, true);
	b->intercept1 = INTERCEPT_NMI | INTERCEPT_CPUID | INTERCEPT_IOIO | INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	b->intercept2 = SVM_INSTRUCTIONS;
	b->asid = 1;
	b->np_enable = 1;
	b->n_cr3 = s->v.hw_nested_cr3 = nested_root;
	b->quick = quick_none;
	b->exit = svm_exit;
	s->exits = dom0_exits;
}
