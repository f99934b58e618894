/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quick way through the commonest exits, taken with only some of the guest's registers
 * saved: see entry.S.
 *
 * What must hold of a quick handler:
 *  - of gpr[] it reads and writes RCX, RDX, RSI, RDI and R8 to R11 alone; RAX and
 *    RSP are in the VMCB, and the others in the CPU (quick_regs.c);
 *  - it ends in quick_done(), or returns QUICK_NOT having changed nothing that matters to
 *    the full handler, which is then called with all registers saved: the exit's own,
 *    or the one that it has put into s->rest;
 *  - it may leave clean bits clear: that costs hardware a reload, no more.
 */
#ifndef SVM_QUICK_H
#define SVM_QUICK_H

#include "cpu.h"
#include "entry.h"
#include "svm.h"
#include "trace.h"

/* QUICK_DONE, QUICK_DUE or QUICK_NOT: plain numbers, because assembly reads them. */
typedef u32 quick_t;

/* Write the trip's record, and answer for the quick handler. */
quick_t svm_trace_trip(struct svm_vcpu *s, enum trip kind, u64 cost, u64 bytes);

/*
 * Books of one trip: count, ticks, bytes of page tables, histogram; returns the ticks. Costs are differences of the
 * TSC's low half: no trip but HLT takes 2^32 ticks, and exit_hlt adds what that loses.
 */
static inline __attribute__((always_inline)) u64 svm_account(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	struct pn_trip_stat *t = &s->v.trip[kind];
	u64 cost = (u32)rdtsc_low() - s->vmcb.begin;

	t->count++;
	t->ticks += cost;
	t->bytes += bytes;
	t->hist[highest_bit(cost)]++;
	return cost;
}

/* CR3, if no more than that changed, or not even that. */
static inline __attribute__((always_inline)) void svm_settle_hw(struct svm_vcpu *s)
{
	if (unlikely(s->v.hw_dirty & (HW_ALL | HW_NESTED)))
		svm_load_hw(s);
	else
		vmcb_set_cr3(&s->vmcb, s->v.hw_cr3);
}

/* A TLB flush or none; one that hardware was asked for last time is over. */
static inline __attribute__((always_inline)) void svm_settle_tlb(struct svm_vcpu *s, bool flush)
{
	s->vmcb.tlb_control = flush ? svm_tlb_flush_kind : TLB_NOTHING;
	s->v.hw_due = flush ? HW_DUE_FLUSHED : 0;
}

/* Control registers and TLB flushes that the handler asked for. */
static inline __attribute__((always_inline)) void svm_settle(struct svm_vcpu *s)
{
	if (s->v.hw_dirty)
		svm_settle_hw(s);
	svm_settle_tlb(s, s->v.tlb_flush);
}

/* The same after a CR3 load, which flushes and most often brings another CR3. */
static inline __attribute__((always_inline)) void svm_settle_load(struct svm_vcpu *s)
{
	svm_settle_hw(s);
	svm_settle_tlb(s, true);
}

/* QUICK_DUE if the backend has business before the guest runs on. */
static inline quick_t quick_answer(const struct svm_vcpu *s)
{
	_Static_assert(QUICK_DONE == 0 && QUICK_DUE == 1, "attention is 0 or 1");
	return s->v.attention;
}

/* The end of a handler that has settled what was due: books. Every call here is the last, so a quick one needs no stack. */
static inline __attribute__((always_inline)) quick_t quick_booked(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	u64 cost = svm_account(s, kind, bytes);

	if (TRACE_ON(trip))
		return svm_trace_trip(s, kind, cost, bytes);
	return quick_answer(s);
}

/* The end of any other quick handler. */
quick_t svm_quick_due(struct svm_vcpu *s, enum trip kind, u64 bytes);
static inline __attribute__((always_inline)) quick_t quick_done(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	if (unlikely(s->v.due))
		return svm_quick_due(s, kind, bytes);
	u64 cost = svm_account(s, kind, bytes);
	if (TRACE_ON(trip))
		return svm_trace_trip(s, kind, cost, bytes);
	return QUICK_DONE;
}

/* Before the first: quick_cpuid must know one answer. */
void svm_learn_cpuid(struct svm_vcpu *s);

quick_t quick_not(struct svm_vcpu *s);
/* The same, and hardware's nested paging holds again: what every exit under it begins with where svm_quirks.loses_host_paging. */
quick_t quick_not_nested(struct svm_vcpu *s);
quick_t quick_cpuid(struct svm_vcpu *s);
quick_t quick_pf(struct svm_vcpu *s);
/* The same while CR4.SMAP is set: a fault's error code must tell whether it binds. */
quick_t quick_pf_smap(struct svm_vcpu *s);
quick_t quick_invlpg(struct svm_vcpu *s);
quick_t quick_cr3_read(struct svm_vcpu *s);
quick_t quick_cr3_write(struct svm_vcpu *s);
/* The same for guests in modes of two or three levels. */
quick_t quick_cpuid_32(struct svm_vcpu *s);
quick_t quick_pf_32(struct svm_vcpu *s);
quick_t quick_invlpg_32(struct svm_vcpu *s);
quick_t quick_cr3_read_32(struct svm_vcpu *s);
quick_t quick_cr3_write_32(struct svm_vcpu *s);

/* The ends of some, who have stepped past the instruction: flush the page at va; load CR3, which is legal. */
quick_t quick_flush_page(struct svm_vcpu *s, gva_t va);
quick_t quick_load_root(struct svm_vcpu *s, u64 cr3);
/* In a mode of two or three levels, before that step of `len` bytes: QUICK_NOT if it is not legal. */
quick_t quick_load_root_32(struct svm_vcpu *s, unsigned len, u32 cr3);

extern const quick_handler_t domu_quick[NR_QUICK], domu_quick_smap[NR_QUICK], domu_quick_32[NR_QUICK];
extern const quick_handler_t quick_none[NR_QUICK], quick_none_nested[NR_QUICK];
/* The table of a domU's vCPU whose exits all go to the full handlers: one of the last two. */
const quick_handler_t *svm_quick_none(void);

#endif
