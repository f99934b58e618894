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

#include "reach.h"

enum { PREFETCH_LOOKS_AROUND = 1 };

struct reach_page {
	s8 reach; /* of a leaf */
};
SH_KEEPS_PAGE(reach)

SH_PART void adaptive_reach_made(struct sh_page *sp)
{
	reach_page(sp)->reach = 0;
}

SH_PART bool adaptive_learn(struct sh_page *leaf, bool upwards)
{
	return reach_learn(&reach_page(leaf)->reach, upwards);
}

SH_PART void adaptive_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	reach_window(reach_page(leaf)->reach, slot, entries, first, end);
}

static const struct sh_prefetch prefetch_part = {
	.keeps_page = &reach_keeps_page,
	.window = adaptive_window,
	.upwards = true,
	.learn = adaptive_learn,
	.made = adaptive_reach_made,
};

#endif
