/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits of vCPUs that are not alone in their domain. Each is handled under the
 * domain's lock, by the full handlers.
 *
 * What must always hold:
 *  - in_guest is set from before the last look at flush_wanted until after the exit: who changed
 *    shadows and sets the one sees the other, or is seen (plat.c);
 *  - who wants attention interrupts this pCPU besides, which ends the guest's run before it begins;
 *  - the lock is not held there, nor while this pCPU stands for another's measured region.
 */
#include "attend.h"
#include "cpu.h"
#include "domu.h"
#include "lock.h"
#include "quick.h"

/* Shadows changed under us, or a flush came up after the books were closed. */
static void flush_at_entry(struct svm_vcpu *s)
{
	s->vmcb.tlb_control = svm_tlb_flush_kind;
	s->v.tlb_flushed = 1;
	s->v.tlb_flush = 0;
}

void svm_enter_smp(struct svm_vcpu *s)
{
	quiet_stand_if_asked();
	__atomic_store_n(&s->in_guest, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->flush_wanted, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(&s->flush_wanted, 0, __ATOMIC_SEQ_CST);
		flush_at_entry(s);
	}
	svm_hold_delivery(s);
}

bool svm_exit_smp(struct svm_vcpu *s, u32 why)
{
	struct domu_vcpu *c = s->v.backend;
	const bool page_fault = (u32)s->vmcb.exitcode == VMEXIT_EXCP0 + VECTOR_PF;
	const gva_t va = s->vmcb.exitinfo2;
	bool go;

	__atomic_store_n(&s->in_guest, 0, __ATOMIC_SEQ_CST);
	paging_lock(&s->v);
	lapic_set_cr8(&c->lapic, s->vmcb.v_tpr & 15);
	go = svm_exit(s, why);
	if (page_fault)
		paging_recheck(&s->v, va);
	if (s->v.tlb_flush)
		flush_at_entry(s);
	s->vmcb.v_tpr = lapic_cr8(&c->lapic);
	paging_unlock(&s->v);
	if (go)
		svm_enter_smp(s);
	return go;
}
