/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: batch. Bulk updates are detected, and the table unshadowed, so that the rest of them are
 * stores without a fault; and fork as a special case, for which the whole user half goes at once, "to save having to
 * detect a batch update and unshadow each guest pagetable individually" (the shadow2 slides' future
 * optimisation 3).
 *
 * Bulk is BATCH_WRITES writes in a row, each to the entry after the one before, with no fault between: a
 * guest that populates page by page at faults does not look like it. Fork is BATCH_PROTECTS writes
 * to one table that each took PTE_RW from a user mapping which had it, gaps or not.
 *
 * Must hold: it is a guess that costs refills when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. clock comes after it.
 */
#ifndef PART_RECLAIM_BATCH_H
#define PART_RECLAIM_BATCH_H

#include "policy.h"

enum { RECLAIM_BATCH_FREES_PINNED = 0, BATCH_WRITES = 12, BATCH_PROTECTS = 4 };

/* The last write to a table. */
struct batch_domain {
	const void *at; /* NULL: there was none, or a fault since */
	u32 in_a_row;   /* writes up to this one, each right after the one before */
	u32 protects;   /* how many in a row took PTE_RW from a user mapping */
	bool protected; /* this one did */
};
SH_KEEPS_DOMAIN(batch)

SH_PART void batch_changed(struct domain *d, u64 old, u64 entry)
{
	const u64 user = PTE_P | PTE_US;

	if ((old & (user | PTE_RW)) == (user | PTE_RW) && (entry & (user | PTE_RW)) == user)
		batch_domain(d)->protected = true;
}

SH_PART void batch_over(struct domain *d)
{
	struct batch_domain *b = batch_domain(d);

	b->at = NULL;
	b->in_a_row = b->protects = 0;
}

SH_PART void batch_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct batch_domain *b = batch_domain(v->domain);
	uintptr_t last = (uintptr_t)b->at, at = (uintptr_t)p;
	bool same_table = (at & PAGE_MASK) == (last & PAGE_MASK);

	b->in_a_row = same_table && at - last - 1 < 8 ? b->in_a_row + 1 : 1;
	b->protects = b->protected ? (same_table ? b->protects : 0) + 1 : 0;
	b->protected = false;
	b->at = p;
	if (b->protects >= BATCH_PROTECTS) {
		COUNT(v->domain, batch_fork);
		sh_unhook_user(v);
		batch_over(v->domain);
	} else if (b->in_a_row >= BATCH_WRITES && f->shadows && sh_unshadow_fast(v->domain, f, UNSHADOW_BATCH)) {
		COUNT(v->domain, batch_unshadow);
		batch_over(v->domain);
	}
}

static const struct sh_reclaim reclaim_batch = {
	.keeps_domain = &batch_keeps_domain,
	.changed = batch_changed,
	.written = batch_written,
	.faulted = batch_over,
};

#endif
