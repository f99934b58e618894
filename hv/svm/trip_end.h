/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a trip, by a full handler or a quick one: what the handler asked of control registers and TLB is given to hardware,
 * and the trip is booked by its kind, in ticks of the TSC and bytes of page tables, and traced if somebody traces.
 *
 * Must hold: a trip is settled before it is booked, so that its cost is in its figure; and is booked once.
 */
#ifndef SVM_TRIP_END_H
#define SVM_TRIP_END_H

#include "cpu.h"
#include "svm.h"
#include "trace.h"

/* Write the trip's record. Returns what svm_book does. */
u32 svm_trace_trip(struct svm_vcpu *s, enum trip kind, u64 cost, u64 bytes);

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

/* Most trips change no more than CR3: that alone is written then, even if it did not change either. */
static inline __attribute__((always_inline)) void svm_settle_hw(struct svm_vcpu *s)
{
	if (unlikely(s->v.hw_dirty & (HW_ALL | HW_NESTED | HW_INVLPG)))
		svm_load_hw(s);
	else
		vmcb_set_cr3(&s->vmcb, s->v.hw_cr3);
}

/* A TLB flush or none; one that hardware was asked for last time is over. */
static inline __attribute__((always_inline)) void svm_settle_tlb(struct svm_vcpu *s, bool flush)
{
	s->vmcb.tlb_control = flush ? svm_tlb_flush_kind : TLB_NOTHING;
	s->v.hw_work = flush ? HW_WORK_FLUSHED : 0;
}

/* Control registers and TLB flushes that the handler asked for. */
static inline __attribute__((always_inline)) void svm_settle(struct svm_vcpu *s)
{
	if (s->v.hw_dirty)
		svm_settle_hw(s);
	svm_settle_tlb(s, s->v.tlb_flush);
}

/* svm_settle after a CR3 load, which always flushes and most often brings another CR3. */
static inline __attribute__((always_inline)) void svm_settle_load(struct svm_vcpu *s)
{
	svm_settle_hw(s);
	svm_settle_tlb(s, true);
}

/*
 * A settled trip ends here: into the books, and into the trace. Returns 1 if svm_prepare_entry() is to look before the guest runs
 * on, else 0. Every call here is the last one of its function, so that a quick handler needs no stack.
 */
static inline __attribute__((always_inline)) u32 svm_book(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	u64 cost = svm_account(s, kind, bytes);

	if (TRACE_ON(trip))
		return svm_trace_trip(s, kind, cost, bytes);
	return s->v.request;
}

#endif
