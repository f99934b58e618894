/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits of vCPUs that are not alone in their domain. Each is handled under the
 * domain's lock, by the full handlers.
 *
 * What must always hold:
 *  - in_guest is set from before the last look at flush_wanted until after the exit: who changed
 *    shadows and sets the one sees the other, or is seen (plat.c);
 *  - who makes a request of a vCPU interrupts its pCPU besides, which ends the guest's run before it begins;
 *  - the lock is not held while a vCPU is in the guest, unless it makes a step (step.h); nor while this pCPU stands for
 *    another's measured region, unless a step is about to begin.
 */
#include "prepare_entry.h"
#include "cpu.h"
#include "domu.h"
#include "lock.h"
#include "pcpu.h"
#include "trip_end.h"

/* A flush for an entry whose trip has been settled already: another vCPU changed shadows, or this one did in paging_recheck(). */
static void flush_at_entry(struct svm_vcpu *s)
{
	s->vmcb.tlb_control = svm_tlb_flush_kind;
	s->v.tlb_flushed = 1;
	s->v.tlb_flush = 0;
}

static bool svm_exit_alone(struct svm_vcpu *s, u32 why);

/*
 * A vCPU makes a step while no other is in the guest: the lock stays its own until its next exit, and `alone` has vCPUs that are
 * about to enter wait for the lock. False: there is no step to be made.
 */
static bool step_alone(struct svm_vcpu *s)
{
	struct domain *d = s->v.domain;

	__atomic_store_n(&d->alone, 1, __ATOMIC_SEQ_CST);
	plat_tlb_flush_others(d);
	if (svm_step_begin(s)) {
		s->vmcb.exit = svm_exit_alone;
		__atomic_store_n(&s->in_guest, 1, __ATOMIC_SEQ_CST);
		return true;
	}
	__atomic_store_n(&d->alone, 0, __ATOMIC_SEQ_CST);
	return false;
}

/* A flush was asked of this vCPU while it was about to enter, or a step is to be made. False: it has to look once more. */
static __attribute__((noinline)) bool enter_asked(struct svm_vcpu *s)
{
	const struct domain *d = s->v.domain;
	bool steps;

	__atomic_store_n(&s->flush_wanted, 0, __ATOMIC_SEQ_CST);
	flush_at_entry(s);
	if (!s->step.wanted && !__atomic_load_n(&d->alone, __ATOMIC_SEQ_CST))
		return true;
	__atomic_store_n(&s->in_guest, 0, __ATOMIC_SEQ_CST);
	/* The lock is broken and the domain over: the interrupt that says so ends the guest's run before it begins. */
	if (!paging_lock(&s->v))
		return true;
	steps = s->step.wanted && step_alone(s);
	if (!steps)
		paging_unlock(&s->v);
	return steps;
}

/* What turns took in regions is no time of the guest's: whoever enters sees no more of it than the vCPUs before. */
static void hide_turns(struct svm_vcpu *s)
{
	const u64 ticks = turns_hide(s->v.owner);

	if (!ticks)
		return;
	s->vmcb.tsc_offset -= ticks;
	s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
}

/* in_guest is set before flush_wanted is read: whoever sets the one and reads the other in that order cannot miss this vCPU. */
void svm_enter_smp(struct svm_vcpu *s)
{
	do {
		pcpu_stand_if_asked();
		__atomic_store_n(&s->in_guest, 1, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&s->flush_wanted, __ATOMIC_SEQ_CST) && !enter_asked(s));
	svm_hold_delivery(s);
	hide_turns(s);
}

/* Its turn is over: others come first, and then it looks what came meanwhile. False: leave the run loop. */
static __attribute__((noinline)) bool pass_turn(struct svm_vcpu *s)
{
	bool go;

	turns_yield(s->v.owner, (u32)((u32)rdtsc_low() - s->vmcb.begin));
	if (!paging_lock(&s->v))
		return false;
	go = svm_prepare_entry(s);
	paging_unlock(&s->v);
	turns_resume(s->v.owner, ENTRY_UNSEEN_TICKS);
	return go;
}

/* An exit's handling under the domain's lock, which is given up. False: leave the run loop. */
static bool exit_locked(struct svm_vcpu *s, u32 why)
{
	struct domu_vcpu *c = s->v.owner;
	const bool page_fault = (u32)s->vmcb.exitcode == VMEXIT_EXCP0 + VECTOR_PF;
	const gva_t va = s->vmcb.exitinfo2;
	bool go;

	lapic_set_cr8(&c->lapic, s->vmcb.v_tpr & 15);
	go = svm_exit(s, why);
	if (page_fault)
		paging_recheck(&s->v, va);
	if (s->v.tlb_flush)
		flush_at_entry(s);
	s->vmcb.v_tpr = lapic_cr8(&c->lapic);
	paging_unlock(&s->v);
	if (go && c->turn.over && !s->step.wanted)
		go = pass_turn(s);
	if (go)
		svm_enter_smp(s);
	return go;
}

/* A lock that is not to be had is broken: the domain is over, and this vCPU leaves it. */
bool svm_exit_smp(struct svm_vcpu *s, u32 why)
{
	__atomic_store_n(&s->in_guest, 0, __ATOMIC_SEQ_CST);
	if (!paging_lock(&s->v))
		return false;
	if (svm_has_stood(s))
		svm_hide_stand(s);
	return exit_locked(s, why);
}

/* An exit that ends a step, for which the lock is held already. */
static bool svm_exit_alone(struct svm_vcpu *s, u32 why)
{
	struct domain *d = s->v.domain;

	__atomic_store_n(&s->in_guest, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&d->alone, 0, __ATOMIC_SEQ_CST);
	s->vmcb.exit = svm_exit_smp;
	return exit_locked(s, why);
}
