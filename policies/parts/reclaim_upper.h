/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: upper. Tables above level 1 whose writers tear them down or make them anew lose their shadows before the page is
 * used as data: UPPER_ENOUGH writes in a row to one such table, with nothing filled between, of which one that clears an
 * entry counts twice. (Level-1 tables are left to sync parts that let them go out of sync.)
 *
 * A table in which nothing is left is parked at once, and so are those above it that led to nothing else. A root of which
 * something was taken out, and that is left then, is, most often, a process's that ends, and parked as well.
 *
 * It is early and flood in one, without flood's look at every fault: whether anything was filled meanwhile
 * is in the domain's statistics. Two zeros or three others are what those two have, and `recycle` bears them out.
 *
 * Must hold: it is a guess that costs refills when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. clock comes after it.
 */
#ifndef PART_RECLAIM_UPPER_H
#define PART_RECLAIM_UPPER_H

#include "cleared.h"

enum { RECLAIM_UPPER_FREES_PINNED = 0, UPPER_ENOUGH = 3, UPPER_CLEARED = 2 };

/* The last write to a table above level 1. */
struct upper_domain {
	const struct frame_info *table; /* NULL: it has lost its shadows, or there was none */
	u64 fills;                      /* entries filled until then */
	u32 weight;                     /* of the writes in a row: a cleared entry counts UPPER_CLEARED */
	const struct sh_page *emptied;  /* the root that lost its entry last, not left since; a hint, to be compared alone */
};
SH_KEEPS_DOMAIN(upper)

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
		upper_domain(d)->emptied = sp;
}

SH_PART void upper_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct upper_domain *last = upper_domain(v->domain);
	u64 fills = v->domain->counter[PN_CNT_fill];
	enum cleared kind;

	if (!f->shadows || ROLE_LEVEL(f->shadows->role) == 1)
		return;
	kind = cleared_by(f, p, bytes);
	if (kind == CLEARED_NEITHER)
		return;
	if (last->table != f || last->fills != fills)
		last->weight = 0;
	last->table = f;
	last->fills = fills;
	last->weight += kind == CLEARED_ENTRY ? UPPER_CLEARED : 1;
	if (last->weight < UPPER_ENOUGH) {
		if (kind == CLEARED_ENTRY)
			upper_emptied(v->domain, f);
		return;
	}
	if (!sh_unshadow_fast(v->domain, f, kind == CLEARED_ENTRY ? UNSHADOW_EARLY : UNSHADOW_BATCH))
		return;
	last->table = NULL;
	if (kind == CLEARED_ENTRY)
		COUNT(v->domain, early_unshadow);
	else
		COUNT(v->domain, batch_unshadow);
}

SH_PART bool upper_parks_left(struct domain *d, const struct sh_page *root)
{
	if (likely(upper_domain(d)->emptied != root))
		return false;
	upper_domain(d)->emptied = NULL;
	return true;
}

static const struct sh_reclaim reclaim_upper = {
	.keeps_domain = &upper_keeps_domain,
	.written = upper_written,
	.parks_left = upper_parks_left,
};

#endif
