/* SPDX-License-Identifier: BSD-2-Clause */
/* The address space of engine_tables.h, for recipes that let tables go out of sync. */
#ifndef TESTS_ENGINE_UNSYNC_H
#define TESTS_ENGINE_UNSYNC_H

#include "engine.h"
#include "engine_tables.h"

static bool unsync(u64 gfn)
{
	const struct frame_info *f = sh_frame(&g.d, GFN(gfn));

	return f->shadows && f->shadows->unsync;
}

/* The guest's own write, through its linear map; returns the trips that it took. */
static u32 store(u64 gfn, u32 slot, u64 value)
{
	return trips(linear(gfn, slot), W, value);
}

#endif
