/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle's programs (tests/oracle/gen.h) as they come from their seeds, judged as always: what is counted is the engine alone. NAME is
 * "oracle", COMMAND LINE "programs=N steps=N seed=N"; the other numbers are not asked. A region for all guests together, and one for those of
 * each number of levels. Operations are steps, trips are calls of the engine; bytes are not counted.
 */
#include <stdio.h>
#include <string.h>

#include "engine_wish.h"
#include "tests/oracle/gen.h"

static struct run run;

static void region(const char *name, u32 guests, u64 seed, u64 programs, u32 steps)
{
	static struct prog prog;
	const u64 calls = engine_count.calls;
	u64 ops = 0;

	engine_region_begin(name);
	for (u64 i = 0; i < programs; i++) {
		struct gen g = {
			.r = &run, .p = &prog, .rng = (seed + i) * 0x2545f4914f6cdd1dull, .guests = guests, .max_steps = steps
		};

		gen_program(&g);
		ops += g.steps;
	}
	engine_region_end(ops, engine_count.calls - calls, 0, NULL);
}

bool engine_run(const struct engine_wish *w, unsigned *audit)
{
	unsigned long programs, steps, seed;

	if (strcmp(w->name, "oracle") ||
	    sscanf(w->command_line, "programs=%lu steps=%lu seed=%lu", &programs, &steps, &seed) != 3 || steps > PROG_STEPS) {
		fprintf(stderr, "no such mix: %s %s\n", w->name, w->command_line);
		return false;
	}
	run.check_every = ~0u;
	region("mix", 1u << 0 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5, seed, programs, (u32)steps);
	region("2-levels", 1u << 2, seed, programs, (u32)steps);
	region("3-levels", 1u << 3, seed, programs, (u32)steps);
	region("4-levels", 1u << 4, seed, programs, (u32)steps);
	*audit = 0; /* each program ends with one */
	return true;
}
