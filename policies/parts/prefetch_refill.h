/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: refill. As adaptive; and after a domain has come back from nested paging, which leaves it without shadows, the first
 * fault in a table fills all that its accesses have marked, for what it used before it will use again. Tables in which that found
 * little are new, and the guest fills them itself: some of these end it until the domain comes back again.
 *
 * Must hold: what is filled is what the guest's entries give.
 */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "reach.h"

enum { PREFETCH_LOOKS_AROUND = 1 };

struct refill_page {
	s8 reach; /* of a leaf: as in adaptive */
	bool done;
};
SH_KEEPS_PAGE(refill)

SH_PART void refill_made(struct sh_page *sp)
{
	*refill_page(sp) = (struct refill_page){ 0 };
}

SH_PART bool refill_sweeps(const struct vcpu *v, struct sh_page *leaf)
{
	if (likely(!v->domain->refills) || refill_page(leaf)->done)
		return false;
	refill_page(leaf)->done = true;
	return true;
}

SH_PART void refill_swept(struct domain *d, struct sh_page *leaf, u32 filled)
{
	d->refills -= filled < REFILL_LITTLE;
}

SH_PART bool refill_learn(struct sh_page *leaf, bool upwards)
{
	return reach_learn(&refill_page(leaf)->reach, upwards);
}

SH_PART void refill_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	reach_window(refill_page(leaf)->reach, slot, entries, first, end);
}

static const struct sh_prefetch prefetch_part = {
	.keeps_page = &refill_keeps_page,
	.window = refill_window,
	.upwards = true,
	.learn = refill_learn,
	.made = refill_made,
	.sweeps = refill_sweeps,
	.swept = refill_swept,
	.swath = 512,
	.sweeps_clean = true,
};

#endif
