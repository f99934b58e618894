/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's MSRs. */
#include "cpu.h"
#include "domu.h"
#include "exit_insn.h"
#include "lib.h"
#include "svm.h"

/* Linux reads these on AMD CPUs without asking whether they exist: zero, as on a part without the feature. */
static const u32 zero_msrs[] = { 0x8b /* patch level */, 0xc0010010 /* SYSCFG */, 0xc0010015 /* HWCR */,
				 0xc001001f /* NB_CFG */, 0xc0011029 /* DE_CFG */, 0xc001102c, 0xc0010117,
				 MSR_VM_CR, 0xc0011005, 0xc0011023, 0x179 /* MCG_CAP */, 0xc0000104 /* TSC_RATIO */,
				 0xc0010055, 0xc0010058, 0xc0010112, 0xc0010131 /* SEV_STATUS */, 0xc0011020 /* LS_CFG */ };

static bool is_zero_msr(u32 msr)
{
	for (size_t i = 0; i < ARRAY_SIZE(zero_msrs); i++)
		if (zero_msrs[i] == msr)
			return true;
	return false;
}

/* The local APIC is where a reset puts it, and stays there. */
#define APIC_BASE(s) (LAPIC_BASE | BIT(11) | ((s)->v.id ? 0 : BIT(8)))

static bool read_msr(struct svm_vcpu *s, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_TSC:
		*val = rdtsc() + s->vmcb.tsc_offset;
		return true;
	case MSR_EFER:
		*val = s->v.efer;
		return true;
	case MSR_PAT:
		*val = s->pat;
		return true;
	case MSR_TSC_AUX:
		*val = s->tsc_aux;
		return true;
	case MSR_APIC_BASE:
		*val = s->smp ? APIC_BASE(s) : 0;
		return true;
	case MSR_MTRR_CAP:
		*val = 0;
		return true;
	}
	*val = 0;
	return is_zero_msr(msr);
}

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_TSC:
		s->vmcb.tsc_offset = val - rdtsc();
		s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
		return true;
	case MSR_EFER:
		return svm_write_efer(s, val);
	case MSR_PAT:
		s->pat = val;
		return true;
	case MSR_TSC_AUX:
		if (val >> 32) /* reserved: a fault of our own, otherwise */
			return false;
		s->tsc_aux = val;
		wrmsr(MSR_TSC_AUX, val);
		return true;
	case MSR_APIC_BASE:
		return s->smp && val == APIC_BASE(s);
	}
	return is_zero_msr(msr);
}

enum trip exit_msr(struct svm_vcpu *s)
{
	u32 msr = (u32)s->v.gpr[RCX];
	bool is_write = s->vmcb.exitinfo1 & 1, ok;
	unsigned len = svm_exit_length(s, is_write ? 0x300f : 0x320f, 0xffff, 2);
	u64 val = 0;

	if (!len)
		return TRIP_msr;
	s->vmcb.exitinfo1 = msr; /* for the trace */
	if (is_write) {
		ok = write_msr(s, msr, s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax);
	} else {
		ok = read_msr(s, msr, &val);
		if (ok) {
			s->vmcb.rax = (u32)val;
			s->v.gpr[RDX] = val >> 32;
		}
	}
	if (ok)
		svm_exit_done(s, len);
	else
		svm_inject_gp(s);
	return msr == MSR_EFER && is_write ? TRIP_efer : TRIP_msr;
}
