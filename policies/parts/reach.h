/* SPDX-License-Identifier: BSD-2-Clause */
/* What the prefetch parts adaptive and sweep have in common: how far behind an entry a table's readers have deserved to look. */
#ifndef PART_REACH_H
#define PART_REACH_H

#include "policy.h"

/* A reach: REACH_NEAR entries, doubled so many times, or REACH_NOTHING. */
enum { REACH_NEAR = 16, REACH_FAR = 3, REACH_NOTHING = -1 };

/* A fault has shown that they go upwards, or not. False: there is to be no look behind it. */
SH_PART bool reach_learn(s8 *reach, bool upwards)
{
	if (upwards)
		*reach += *reach < REACH_FAR;
	else
		*reach -= *reach > REACH_NOTHING;
	return *reach > REACH_NOTHING;
}

SH_PART void reach_window(s8 reach, u32 slot, u32 entries, u32 *first, u32 *end)
{
	const u32 far = slot + 1 + (REACH_NEAR << (reach > 0 ? reach : 0));

	*first = slot + 1;
	*end = far < entries ? far : entries;
}

#endif
