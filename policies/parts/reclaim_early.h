/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: early. Two whole entries in a row set to zero in one table: the guest tears the table
 * down and will use the page as data, so its shadow goes now and the rest is the guest's own (the shadow2
 * slides' future optimisation 5; Xen: SHOPT_EARLY_UNSHADOW). Any other write to a table begins anew.
 *
 * Must hold: it is a guess that costs a refill when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. It ends no want of pages: clock
 * comes after it.
 */
#ifndef PART_RECLAIM_EARLY_H
#define PART_RECLAIM_EARLY_H

#include "cleared.h"

enum { RECLAIM_EARLY_FREES_PINNED = 0 };

struct early_domain {
	const struct frame_info *zeroed; /* the table that was written last, if the write set an entry to zero */
};
SH_KEEPS_DOMAIN(early)

SH_PART void early_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct early_domain *last = early_domain(v->domain);
	enum cleared kind = f->shadows ? cleared_by(f, p, bytes) : CLEARED_NONE;
	bool again = last->zeroed == f;

	if (kind == CLEARED_NEITHER)
		return;
	last->zeroed = NULL;
	if (kind == CLEARED_NONE)
		return;
	if (again && sh_unshadow_fast(v->domain, f, UNSHADOW_EARLY))
		COUNT(v->domain, early_unshadow);
	else
		last->zeroed = f;
}

static const struct sh_reclaim reclaim_early = { .keeps_domain = &early_keeps_domain, .written = early_written };

#endif
