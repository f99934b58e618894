/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: early. Two whole entries in a row set to zero in one table: the guest tears the table
 * down and will use the page as data, so its shadow goes now and the rest is the guest's own (the shadow2
 * slides' future optimisation 5; Xen: SHOPT_EARLY_UNSHADOW). Any other write to a table begins anew.
 *
 * Must hold: it is a guess that costs a refill when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. It ends no want of pages: lru
 * comes after it.
 */
#ifndef PART_RECLAIM_EARLY_H
#define PART_RECLAIM_EARLY_H

#include "policy.h"

enum { RECLAIM_EARLY_FREES_PINNED = 0 };

SH_PART bool early_is_zero(const struct frame_info *f, const void *p, u32 bytes)
{
	u32 entry = ROLE_GUEST_LEVELS(f->shadows->role) == 2 ? 4 : 8;

	if (bytes < entry || (uintptr_t)p % entry)
		return false;
	return entry == 4 ? !*(const u32 *)p : !*(const u64 *)p;
}

SH_PART void early_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct sh_domain *s = v->domain->shadow;
	bool again = s->written.zeroed == f;

	s->written.zeroed = NULL;
	if (!f->shadows || !early_is_zero(f, p, bytes))
		return;
	if (again && sh_unshadow_fast(v->domain, f, UNSHADOW_EARLY))
		COUNT(v->domain, early_unshadow);
	else
		s->written.zeroed = f;
}

static const struct sh_reclaim reclaim_early = { .written = early_written };

#endif
