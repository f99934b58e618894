/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions that are the guest's own but for what they can do to a pCPU. Delivering #AC or #DB can raise the same again, for
 * ever and with no instruction in between at which an interrupt could be taken (CVE-2015-5307, CVE-2015-8104): so each passes
 * through here, where the pCPU's interrupts end it. #MC is the machine's.
 */
#include "cpu.h"
#include "plat.h"
#include "svm.h"

#define DR6_HITS        0xfull  /* breakpoints 0 to 3 */
#define DR6_BD          BIT(13) /* a debug register was accessed under DR7.GD */
#define DR7_RW(dr7, n)  ((dr7) >> (16 + 4 * (n)) & 3)
#define RW_EXECUTE      0
#define MCG_RIPV        BIT(0)
#define MC_STATUS_VALID BIT(63)
#define MC_STATUS_PCC   BIT(57)

/*
 * Is the #DB a fault, raised before its instruction: by a breakpoint on it, or by DR7.GD? All others are traps, raised behind it.
 */
static bool is_fault(const struct vmcb *b)
{
	if (b->dr6 & DR6_BD)
		return true;
	for (unsigned n = 0; n < 4; n++)
		if (b->dr6 & DR6_HITS & BIT(n) && DR7_RW(b->dr7, n) == RW_EXECUTE)
			return true;
	return false;
}

/*
 * The VMCB has DR6 and DR7 as the guest's handler is to see them (APM volume 2, section 15.12.2). A fault's frame has RF set, so
 * that the instruction gets past its own breakpoint when the handler returns.
 */
enum trip exit_db(struct svm_vcpu *s)
{
	if (is_fault(&s->vmcb))
		s->vmcb.rflags |= RFLAGS_RF;
	svm_inject_exception(s, VECTOR_DB, false, 0);
	return TRIP_other;
}

/* #AC is a fault: RF is set in its frame, too (APM volume 2, section 3.1.6). */
enum trip exit_ac(struct svm_vcpu *s)
{
	s->vmcb.rflags |= RFLAGS_RF;
	svm_inject_exception(s, VECTOR_AC, true, (u32)s->vmcb.exitinfo1);
	return TRIP_other;
}

/* Log the banks that hold an error. True: one of them has corrupted what the processor was doing. */
static bool log_banks(void)
{
	unsigned n = rdmsr(MSR_MCG_CAP) & 0xff;
	bool corrupt = false;

	for (unsigned i = 0; i < n; i++) {
		u64 status = rdmsr(MSR_MC_STATUS(i));

		if (!(status & MC_STATUS_VALID))
			continue;
		plat_log(LOG_ERROR, "machine check: bank %u, status %lx", i, status);
		corrupt |= (status & MC_STATUS_PCC) != 0;
		wrmsr(MSR_MC_STATUS(i), 0);
	}
	return corrupt;
}

/* A machine check came while the guest ran: what is lost is the guest's, unless the processor itself cannot go on. */
enum trip exit_mc(struct svm_vcpu *s)
{
	u64 status = rdmsr(MSR_MCG_STATUS);

	if (log_banks() || !(status & MCG_RIPV))
		plat_panic("a machine check: this processor cannot go on");
	wrmsr(MSR_MCG_STATUS, 0);
	plat_domain_crash(s->v.domain, "the machine reports an error of its hardware (machine check) at rip %lx", s->vmcb.rip);
	return TRIP_other;
}
