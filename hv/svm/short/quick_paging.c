/* SPDX-License-Identifier: BSD-2-Clause */
/* The quick handlers' ends that are about paging: page faults, CR3 loads, INVLPG. What they leave goes to exit_paging.c. */
#include "cpu.h"
#include "quick.h"
#include "svm.h"
#include "svm_code.h"

/* Apart, so that the trips that ask for nothing, which are most, have no frame for it. */
__attribute__((noinline)) quick_t svm_quick_entry_work(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	svm_settle(s);
	return svm_book(s, kind, bytes);
}

/* Handles, with all registers, the page fault that paging has answered by s->verdict already. */
static enum trip deferred_pf(struct svm_vcpu *s)
{
	if (likely(s->verdict == SH_EMULATE))
		return svm_emulate(s, TRIP_pf_emulate);
	return svm_answer_pf(s, s->verdict);
}

/*
 * A fault whose answer needs no more of the guest's registers ends here; the two likely answers come first. A write to be
 * emulated needs them all: paging's verdict is kept for the full handler, which does not ask again.
 */
static inline __attribute__((always_inline)) quick_t quick_pf_with(struct svm_vcpu *s, bool smap)
{
	enum verdict r;

	if (unlikely(vmcb_event_cut(&s->vmcb)))
		return QUICK_NOT;
	s->v.bytes = 0;
	r = svm_ask_paging(s, smap);
	if (likely(r == SH_GUEST_FAULT)) {
		svm_set_pf(s);
		return quick_done(s, TRIP_pf_guest, s->v.bytes);
	}
	if (likely(r == SH_FIXED))
		return quick_done(s, TRIP_pf_fixed, s->v.bytes);
	if (r == SH_RETRY)
		return quick_done(s, TRIP_pf_retry, s->v.bytes);
	s->verdict = r;
	s->deferred = deferred_pf;
	return QUICK_NOT;
}

quick_t quick_pf(struct svm_vcpu *s)
{
	return quick_pf_with(s, false);
}

quick_t quick_pf_smap(struct svm_vcpu *s)
{
	return quick_pf_with(s, true);
}

/* One table serves guests of two and three levels with and without CR4.SMAP, so that the handler looks. */
quick_t quick_pf_32(struct svm_vcpu *s)
{
	return quick_pf_with(s, s->v.cr4 & CR4_SMAP);
}

/* An INVLPG may resync the entry, where its table is out of sync: the bytes are what that touched. */
quick_t quick_flush_page(struct svm_vcpu *s, gva_t va)
{
	s->v.bytes = 0;
	paging_invlpg(&s->v, va);
	return quick_done(s, TRIP_invlpg, s->v.bytes);
}

/* A CR3 load always settles, so that it does not come by quick_done(), which would ask. */
static inline __attribute__((always_inline)) quick_t load_root(struct svm_vcpu *s, u64 cr3)
{
	s->v.bytes = 0;
	s->v.cr3 = cr3;
	paging_load_root(&s->v);
	svm_settle_load(s);
	return svm_book(s, TRIP_cr3, s->v.bytes);
}

quick_t quick_load_root(struct svm_vcpu *s, u64 cr3)
{
	return load_root(s, cr3);
}

/* A PAE guest's CR3 load reads its PDPTEs, and is #GP if reserved bits are set in them: the full handler raises it. */
quick_t quick_load_root_32(struct svm_vcpu *s, unsigned len, u32 cr3)
{
	if (unlikely(!paging_load_pdptes(&s->v, s->v.cr0, cr3, s->v.cr4, s->v.efer)))
		return QUICK_NOT;
	svm_past_quick(s, len);
	return load_root(s, cr3);
}
