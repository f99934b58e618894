/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CPU holds and VMRUN does not switch (APM volume 2, section 15.5 and appendix B). A pCPU has one domain's vCPU at
 * a time, and the hypervisor uses none of this, so it stays in the CPU; but the next domain's vCPU must not find it.
 *
 *   x87, MMX, XMM, MXCSR   given back as a reset leaves them: FNINIT for the pointers, which FXRSTOR leaves alone on AMD
 *                          (volume 5, FXRSTOR), FXRSTOR for the rest
 *   YMM and later ones     XRSTOR of nothing, with every component on that the CPU has, whatever CPUID offers; XCR0 then
 *   DR0 to DR3             zero. DR6 and DR7 are in the VMCB
 *   TSC_AUX                what the guest will read
 *   FS, GS, TR, LDTR, KERNEL_GS_BASE, STAR, LSTAR, CSTAR, SFMASK, SYSENTER_*
 *                          loaded by VMLOAD
 *   PAT                    in the VMCB under nested paging. Without it the memory types are those of the host's PAT; what the
 *                          guest writes is kept for it to read
 *   CR8                    V_TPR. The host's is never touched, as V_INTR_MASKING is set
 *   the TLB                flushed as svm_run enters
 *
 * All else is beyond a guest's reach, so that nothing of a domain's is ever in it: MTRRs, SPEC_CTRL, DEBUGCTL and the branch
 * records, performance counters, XSS and the shadow stacks, address masks of breakpoints, LWP, the x2APIC, TSC_RATIO are MSRs
 * that are intercepted (msr.def names those that are not); RDPMC, RDPRU, MONITOR and XSETBV are intercepted as well (setup.c).
 */
#include "cpu.h"
#include "svm.h"

#define CPUID_XSAVE  BIT(26)
#define CPUID_RDTSCP BIT(27)
#define FCW_RESET    0x37f /* what FNINIT makes it */
#define MXCSR_RESET  0x1f80

/* An image of registers that are all zero, in the legacy form; as an XSAVE area it has no component but MXCSR. */
static const struct {
	u16 fcw, fsw, tags, opcode;
	u64 ip, dp;
	u32 mxcsr, mxcsr_mask;
	u8 registers[480], components[64];
} __attribute__((aligned(64))) nothing = { .fcw = FCW_RESET, .mxcsr = MXCSR_RESET };

_Static_assert(sizeof(nothing) == 576, "an XSAVE area without components of its own");

/* All components of the extended state get their reset values, and XCR0 becomes 1, as after a reset. */
static void reset_extended(void)
{
	struct cpuid r = cpuid(0xd, 0);
	u64 all = (u64)r.edx << 32 | r.eax;

	write_cr4(read_cr4() | CR4_OSXSAVE);
	xsetbv0(all);
	xrstor(&nothing, all);
	xsetbv0(1);
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
}

static void reset_registers(struct svm_vcpu *s)
{
	fninit();
	fxrstor(&nothing);
	if (cpuid(1, 0).ecx & CPUID_XSAVE)
		reset_extended();
	if (cpuid(0x80000001, 0).edx & CPUID_RDTSCP)
		wrmsr(MSR_TSC_AUX, s->tsc_aux);
}

/* INIT leaves registers of the floating-point units, XCR0 and all MSRs but EFER alone (APM volume 2, table 14-1). */
void svm_load_unswitched(struct svm_vcpu *s)
{
	vmload(&s->vmcb);
	clear_dr0_3();
	if (!s->holds)
		reset_registers(s);
	s->holds = true;
}

void svm_save_unswitched(struct svm_vcpu *s)
{
	if (s->holds)
		vmsave(&s->vmcb);
}
