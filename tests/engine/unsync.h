/* SPDX-License-Identifier: BSD-2-Clause */
/* The address space of tests/engine/tables.h, for recipes that let tables go out of sync. */
#ifndef TESTS_ENGINE_UNSYNC_H
#define TESTS_ENGINE_UNSYNC_H

#include "engine.h"
#include "tests/engine/tables.h"

static inline struct frame_info *frame(u64 gfn)
{
	return sh_frame(&g.d, GFN(gfn));
}

static bool unsync(u64 gfn)
{
	const struct frame_info *f = frame(gfn);

	return f->shadows && f->shadows->unsync;
}

/* The guest's own write, through its linear map; returns the trips that it took. */
static u32 store(u64 gfn, u32 slot, u64 value)
{
	return trips(linear(gfn, slot), W, value);
}

static inline void load_root(void)
{
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
}

/* A further level-1 table in frame `gfn`, linked at slot `slot` of USER_L2 and in use. */
static inline void another_l1(u64 gfn, u32 slot)
{
	guest_table(&g, gfn)[0] = at(DATA, ALL);
	store(USER_L2, slot, at(gfn, ALL));
	expect_done(USER + ((u64)slot << 21), U, 0, DATA);
}

#endif
