/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine costs where it runs hosted at native speed, by measured region: its own time and, under callgrind, its own
 * instructions; and where `perf stat` counts, that it counts in the region alone. Whoever calls the engine says so by
 * engine_enter() and engine_leave(), which explain/engine_calls.h puts around each call.
 */
#ifndef ENGINE_COUNT_H
#define ENGINE_COUNT_H

#include <jansson.h>

#include "types.h"

struct engine_count {
	u64 calls, ticks; /* of the engine: how often it was entered, and TSC ticks in it */
	u32 depth;
};
extern struct engine_count engine_count;

/*
 * Which region `perf stat` counts, from 0; none of that number: none. The descriptors are those of its --control: commands go to the one,
 * answers come by the other.
 */
void engine_perf(unsigned region, int control, int answers);

/* Regions must not be one in another. Under callgrind each ends with a dump that is called after it. */
void engine_region_begin(const char *phase);
/* trips, bytes: the region's; kinds: of its trips, or NULL; taken over. */
void engine_region_end(u64 ops, u64 trips, u64 bytes, json_t *kinds);
/* All regions, an array. */
json_t *engine_regions(void);

static inline u64 engine_ticks(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

static inline void engine_enter(void)
{
	if (engine_count.depth++)
		return;
	engine_count.calls++;
	engine_count.ticks -= engine_ticks();
	CALLGRIND_TOGGLE_COLLECT;
}

static inline void engine_leave(void)
{
	if (--engine_count.depth)
		return;
	CALLGRIND_TOGGLE_COLLECT;
	engine_count.ticks += engine_ticks();
}

#endif
