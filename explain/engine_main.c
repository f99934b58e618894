/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-engine-<recipe>: a workload's operations on the hosted engine at native speed, nothing written down, and what each of its
 * regions cost, as JSON on the standard output. penumbra-engine-mix-<recipe>: the same of the oracle's programs.
 *   penumbra-engine-<recipe> NAME LEVELS "COMMAND LINE" MIB SHADOW-LEVELS POOL [REGION CONTROL-FD ANSWER-FD]
 * The last three are for `perf stat --control fd:CONTROL-FD,ANSWER-FD`, which is to count in that region, from 0 on. All others are as for
 * penumbra-explain-<recipe>. `./penumbra bench-engine` calls it.
 */
#include "engine_wish.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine_count.h"
#include "paging.h"

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out >= least && *out <= most;
}

static bool take_perf(char **argv)
{
	unsigned long region, control, answers;

	if (!number(argv[0], 0, 1000, &region) || !number(argv[1], 3, 1000000, &control) ||
	    !number(argv[2], 3, 1000000, &answers))
		return false;
	engine_perf((unsigned)region, (int)control, (int)answers);
	return true;
}

int main(int argc, char **argv)
{
	struct engine_wish w;
	unsigned audit = 0;
	json_t *out;

	if ((argc != 7 && argc != 10) || !number(argv[2], 2, 5, &w.levels) || !number(argv[4], 4, 512, &w.memory_mib) ||
	    !number(argv[5], 0, 5, &w.shadow_levels) || !number(argv[6], 0, 100000, &w.pool) ||
	    (argc == 10 && !take_perf(argv + 7))) {
		fprintf(stderr, "Usage: %s NAME LEVELS \"COMMAND LINE\" MIB SHADOW-LEVELS POOL [REGION CONTROL-FD ANSWER-FD]\n",
			argv[0]);
		return 2;
	}
	w.name = argv[1];
	w.command_line = argv[3];
	if (!engine_run(&w, &audit))
		return 2;
	out = json_pack("{s:i, s:s, s:s, s:i, s:i, s:o}", "format", 1, "recipe", paging_recipe_name, "workload", w.name, "levels",
			(int)w.levels, "audit", (int)audit, "regions", engine_regions());
	if (!out || json_dumpf(out, stdout, JSON_COMPACT) || fflush(stdout)) {
		fprintf(stderr, "the result could not be written\n");
		return EXIT_FAILURE;
	}
	putchar('\n');
	json_decref(out);
	return audit ? EXIT_FAILURE : EXIT_SUCCESS;
}
