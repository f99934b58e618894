/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs penumbra-engine-<recipe> and penumbra-engine-mix-<recipe> (explain/engine_main.c): found, run natively, under perf, under
 * valgrind. What they say is JSON: {"recipe", "workload", "levels", "audit", "regions": [{"phase", "ops", "trips", "bytes", "calls", "switches", "ns",
 * "engine_ns", "kinds": {}}]}.
 */
#ifndef BENCH_ENGINE_PROGRAM_H
#define BENCH_ENGINE_PROGRAM_H

#include <jansson.h>

#include "counted.h"
#include "paths.h"

/* One of them with what it is to do. */
struct engine_program {
	char *path, *numbers[5]; /* command line, levels, MiB, shadow levels, pool */
	const char *name;        /* of explained.def, or "oracle" */
};

/* w NULL: the oracle's mix, so many programs. The caller frees it. */
void engine_program_of(struct engine_program *e, const struct paths *p, const struct recipe *r, const struct workload *w,
		       unsigned programs);
void engine_program_free(struct engine_program *e);
/* True, or false after a message that says what makes it. */
bool engine_program_there(const struct engine_program *e, const char *recipe);

/* Run it at native speed. NULL, *why says why; the caller frees both. */
json_t *engine_program_run(const struct engine_program *e, char **why);
/* The CPU's counters of region `nth`, by perf. False, *why says why. */
bool engine_program_perf(const struct engine_program *e, unsigned nth, uint64_t count[HOST_FIGURES], char **why);
/* The engine's own instructions, by region: {phase: instructions}; by callgrind. NULL, *why says why. */
json_t *engine_program_callgrind(const struct engine_program *e, char **why);

/* Why perf can count nothing of host.def here; NULL: it can. Why there is no callgrind; likewise. The caller frees it. */
char *engine_no_perf(void);
char *engine_no_callgrind(void);

#endif
