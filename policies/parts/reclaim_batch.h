/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: batch. Bulk updates are detected, and the table unshadowed, so that the rest of them are
 * plain stores; and fork as a special case, for which the whole user half goes at once, "to save having to
 * detect a batch update and unshadow each guest pagetable individually" (the shadow2 slides' future
 * optimisation 3).
 *
 * Bulk is BATCH_RUN writes in a row, each to the entry after the one before, with no fault between: a
 * guest that populates page by page at faults does not look like it. Fork is BATCH_PROTECTS writes
 * to one table that each took PTE_RW from a user mapping which had it, gaps or not.
 *
 * Must hold: it is a guess that costs refills when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. lru comes after it.
 */
#ifndef PART_RECLAIM_BATCH_H
#define PART_RECLAIM_BATCH_H

#include "policy.h"

enum { RECLAIM_BATCH_FREES_PINNED = 0, BATCH_RUN = 12, BATCH_PROTECTS = 4 };

SH_PART void batch_changed(struct domain *d, u64 old, u64 entry)
{
	const u64 user = PTE_P | PTE_US;

	if ((old & (user | PTE_RW)) == (user | PTE_RW) && (entry & (user | PTE_RW)) == user)
		d->shadow->written.protected = true;
}

SH_PART void batch_over(struct domain *d)
{
	struct sh_domain *s = d->shadow;

	s->written.at = NULL;
	s->written.run = s->written.protects = 0;
}

SH_PART void batch_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct sh_domain *s = v->domain->shadow;
	uintptr_t last = (uintptr_t)s->written.at, at = (uintptr_t)p;
	bool same_table = (at & PAGE_MASK) == (last & PAGE_MASK);

	s->written.run = same_table && at - last - 1 < 8 ? s->written.run + 1 : 1;
	s->written.protects = s->written.protected ? (same_table ? s->written.protects : 0) + 1 : 0;
	s->written.protected = false;
	s->written.at = p;
	if (s->written.protects >= BATCH_PROTECTS) {
		COUNT(v->domain, batch_fork);
		sh_unhook_user(v);
		batch_over(v->domain);
	} else if (s->written.run >= BATCH_RUN && f->shadows && sh_unshadow_fast(v->domain, f, UNSHADOW_BATCH)) {
		COUNT(v->domain, batch_unshadow);
		batch_over(v->domain);
	}
}

static const struct sh_reclaim reclaim_batch = {
	.changed = batch_changed,
	.written = batch_written,
	.faulted = batch_over,
};

#endif
