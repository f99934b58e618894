/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of the oracle's guest. Guest-physical: LOW_FRAMES frames from 0 on, with a hole, in which everything happens, and
 * areas large enough for a superpage of any mode, of which programs touch few frames. In the domU pool the areas come first, so
 * that they are aligned there, too; what lies where may change while a program runs (OP_remove, OP_add).
 */
#ifndef TESTS_ORACLE_MEMORY_H
#define TESTS_ORACLE_MEMORY_H

#include "types.h"

#define LOW_FRAMES  96
#define HOLE_AT     88
#define HOLE        4
#define NR_AREAS    2
#define AREA_FRAMES 1024
#define AREA(i)     ((1ull + (i)) * AREA_FRAMES)

#define MEMORY_GFNS   AREA(NR_AREAS)                        /* beyond, there is nothing */
#define MEMORY_FRAMES (NR_AREAS * AREA_FRAMES + LOW_FRAMES) /* of the domU pool */
#define NO_FRAME      0xffffu

/* Low guest frames are mixed, so that no two in a row are in the pool; in the hole are frames that the guest has not got. */
static inline u32 low_frame(u64 gfn)
{
	return NR_AREAS * AREA_FRAMES + (u32)((gfn & ~7ull) | (gfn * 5 & 7));
}

/* Where a guest frame lies in the pool when a program begins. */
static inline u32 first_frame(u64 gfn)
{
	if (gfn < LOW_FRAMES)
		return gfn - HOLE_AT < HOLE ? NO_FRAME : low_frame(gfn);
	return gfn >= AREA(0) && gfn < MEMORY_GFNS ? (u32)(gfn - AREA(0)) : NO_FRAME;
}

#endif
