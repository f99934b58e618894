/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: upper. Tables above level 1 whose writers tear them down or make them anew lose their shadows before the page is
 * used as data: UPPER_ENOUGH writes in a row to one such table, with nothing filled between, of which one that clears an
 * entry counts twice. (Level-1 tables are left to sync parts that let them go out of sync.)
 *
 * A table in which nothing is left is parked at once, and so are those above it that led to nothing else.
 *
 * It is early and flood in one, without flood's look at every fault: whether anything was filled meanwhile
 * is in the domain's statistics. Two zeros or three others are what those two have, and `recycle` bears them out.
 *
 * Must hold: it is a guess that costs refills when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. lru comes after it.
 */
#ifndef PART_RECLAIM_UPPER_H
#define PART_RECLAIM_UPPER_H

#include "cleared.h"

enum { RECLAIM_UPPER_FREES_PINNED = 0, UPPER_ENOUGH = 3, UPPER_CLEARED = 2 };

/* Nothing is left in the table: it is parked, and the next above it for which that is true then. */
SH_PART void upper_emptied(struct domain *d, struct frame_info *f)
{
	struct sh_page *sp;

	while ((sp = f->shadows) && !sp->same_frame && !sp->entries && ROLE_LEVEL(sp->role) < ROLE_GUEST_LEVELS(sp->role) &&
	       sp->refs == 1 && sp->up && ROLE_LEVEL(sp->role) > 1) {
		f = sp->up->role & ROLE_DIRECT ? NULL : sh_frame(d, GFN(sp->up->gfn));
		sh_park_table(d, sp);
		COUNT(d, early_unshadow);
		if (!f)
			return;
	}
	if (sp && ROLE_LEVEL(sp->role) == ROLE_GUEST_LEVELS(sp->role))
		d->shadow->written.emptied = sp;
}

SH_PART void upper_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct sh_domain *s = v->domain->shadow;
	u64 fills = v->domain->counter[PN_CNT_fill];
	enum cleared kind;

	if (!f->shadows || ROLE_LEVEL(f->shadows->role) == 1)
		return;
	kind = cleared_by(f, p, bytes);
	if (kind == CLEARED_NEITHER)
		return;
	if (s->written.flooded != f || s->written.fills != fills)
		s->written.run = 0;
	s->written.flooded = f;
	s->written.fills = fills;
	s->written.run += kind == CLEARED_ENTRY ? UPPER_CLEARED : 1;
	if (s->written.run < UPPER_ENOUGH) {
		if (kind == CLEARED_ENTRY)
			upper_emptied(v->domain, f);
		return;
	}
	if (!sh_unshadow_fast(v->domain, f, kind == CLEARED_ENTRY ? UNSHADOW_EARLY : UNSHADOW_BATCH))
		return;
	s->written.flooded = NULL;
	if (kind == CLEARED_ENTRY)
		COUNT(v->domain, early_unshadow);
	else
		COUNT(v->domain, batch_unshadow);
}

static const struct sh_reclaim reclaim_upper = { .written = upper_written };

#endif
