/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dependent loads: each line of mib MiB holds the place of the next, in an order without a pattern, and all lie on one circle. Each
 * address is known when the load before has come back, so nothing overlaps: what a miss costs, it costs whole.
 *
 * One operation is one load. Checked: the rest of the circle leads back to where it began. Serves: the map of shadow and nested paging.
 */
#include "lib/arena.h"

/* A random cycle through all lines (Sattolo: each is exchanged with one before it, never with itself). */
static void circle_make(ulong lines)
{
	u64 x = 1;

	for (ulong i = 0; i < lines; i++)
		poke(ARENA + i * LINE, ARENA + i * LINE);
	for (ulong i = lines - 1; i; i--) {
		ulong a = ARENA + i * LINE, b, kept;

		x = random_next(x);
		b = ARENA + (ulong)((x >> 32) * i >> 32) * LINE;
		kept = peek(a);
		poke(a, peek(b));
		poke(b, kept);
	}
}

static ulong follow(ulong va, ulong steps)
{
	while (steps--)
		va = peek(va);
	return va;
}

void workload_main(void)
{
	const ulong ops = param("ops", 200000, 1, 100000000);
	ulong lines, end;

	arena_make(64);
	lines = arena_bytes / LINE;
	circle_make(lines);
	region_begin("load");
	end = follow(ARENA, ops);
	region_end(ops);

	need(follow(end, lines - ops % lines) == ARENA, "the circle is broken behind %#lx", end);
	need(ops % lines == 0 || end != ARENA, "the circle is shorter than %lu lines", lines);
}
