/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions into the guest.
 *
 * What must hold: at most one event is in EVENTINJ, which hardware delivers at the next VMRUN (APM volume 2, section 15.20); an
 * exception raised while another event was being delivered merges with it as hardware does (section 8.2.9): into a double fault,
 * or into the triple fault that ends the domain.
 */
#include "prepare_entry.h"

#include "cpu.h"
#include "plat.h"

/* #DE, #TS, #NP, #SS and #GP (APM volume 2, section 8.2.9). */
static bool contributory(unsigned vector)
{
	return vector == 0 || (vector >= 10 && vector <= 13);
}

/* Does `second`, raised while `first` was being delivered, make a double fault? */
static bool makes_double_fault(u64 first, unsigned second)
{
	unsigned vector = first & 0xff;

	if (!(first & EVENT_VALID) || EVENT_TYPE(first) != 3)
		return false;
	if (vector == VECTOR_PF)
		return second == VECTOR_PF || contributory(second);
	return contributory(vector) && contributory(second);
}

/* An exception during the delivery of #DF is a shutdown: the triple fault (APM volume 2, section 8.2.9). */
static bool is_double_fault(u64 event)
{
	return (event & EVENT_VALID) && EVENT_TYPE(event) == 3 && (event & 0xff) == VECTOR_DF;
}

void svm_inject_exception(struct svm_vcpu *s, unsigned vector, bool has_error, u32 error)
{
	if (unlikely(is_double_fault(s->pending))) {
		plat_domain_crash(s->v.domain, "triple fault: exception %u while delivering a double fault, at rip %lx", vector,
				  s->vmcb.rip);
		return;
	}
	if (unlikely(makes_double_fault(s->pending, vector))) {
		vector = VECTOR_DF;
		has_error = true;
		error = 0;
	}
	s->pending = 0; /* what was cut is dropped, as hardware drops it: a fault in delivery replaces the event */
	has_error = has_error && s->vmcb.cr0 & CR0_PE; /* in real mode no exception has an error code */
	if (!has_error)
		error = 0;
	s->vmcb.eventinj = (u64)error << 32 | EVENT_VALID | EVENT_EXCEPTION | vector | (has_error ? EVENT_ERROR : 0);
}

/*
 * A single step's #DB is a trap: RIP is past the instruction. Delivery by hardware sets DR6.BS and clears DR7.GD; injection
 * leaves both to us.
 */
__attribute__((noinline, cold)) void svm_end_step(struct svm_vcpu *s)
{
	s->vmcb.rflags &= ~RFLAGS_RF;
	if (!(s->vmcb.rflags & RFLAGS_TF))
		return;
	vmcb_set_dr(&s->vmcb, s->vmcb.dr6 | DR6_BS, s->vmcb.dr7 & ~DR7_GD);
	svm_inject_exception(s, VECTOR_DB, false, 0);
}

void svm_inject_gp(struct svm_vcpu *s)
{
	svm_inject_exception(s, VECTOR_GP, true, 0);
}

void svm_inject_ud(struct svm_vcpu *s)
{
	svm_inject_exception(s, VECTOR_UD, false, 0);
}
