/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: adaptive. Behind the entry that a fault asked for, as many more as the table's readers have deserved. A fault
 * whose neighbour below is in use, or that has none, says that they go upwards: each doubles the reach, from 16 entries to 128; each other fault
 * halves it, down to none. So a prefetched entry that was used pays for the next ones, one that was not for
 * none, and what is touched here and there costs one entry a fault.
 *
 * Must hold: the reach says how far to look, never what to fill.
 */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "policy.h"

enum { PREFETCH_LOOKS_AROUND = 1, ADAPTIVE_NEAR = 16, ADAPTIVE_FAR = 3, ADAPTIVE_NOTHING = -1 };

struct reach_page {
	s8 reach; /* of a leaf: ADAPTIVE_NEAR entries, doubled so many times; or ADAPTIVE_NOTHING */
};
SH_KEEPS_PAGE(reach)

SH_PART void adaptive_reach_made(struct sh_page *sp)
{
	reach_page(sp)->reach = 0;
}

SH_PART bool adaptive_learn(struct sh_page *leaf, bool upwards)
{
	s8 *reach = &reach_page(leaf)->reach;

	if (upwards)
		*reach += *reach < ADAPTIVE_FAR;
	else
		*reach -= *reach > ADAPTIVE_NOTHING;
	return *reach > ADAPTIVE_NOTHING;
}

SH_PART void adaptive_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	s8 reach = reach_page(leaf)->reach;
	u32 far = slot + 1 + (ADAPTIVE_NEAR << (reach > 0 ? reach : 0));

	*first = slot + 1;
	*end = far < entries ? far : entries;
}

static const struct sh_prefetch prefetch_part = {
	.keeps_page = &reach_keeps_page,
	.window = adaptive_window,
	.upwards = true,
	.learn = adaptive_learn,
	.made = adaptive_reach_made,
};

#endif
