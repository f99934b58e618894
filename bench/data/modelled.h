/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modelled cycles of a run's rows: by machine and by where they went (docs/model.md). Of guest and hypervisor together, and of all operations of
 * a row, where it does not say otherwise.
 */
#ifndef BENCH_MODELLED_H
#define BENCH_MODELLED_H

#include "bench/model/model.h"
#include "dataset.h"
#include "stats.h"

/* The run with modelled cycles that a run has beside it, in its directory (bench/run/beside.h). */
#define MODELLED_DIR "modelled"

/* Where cycles went, in sums.def's order: keys as in results.json, and words for readers. */
extern const char *const modelled_part_names[MODEL_CYCLES_MAX];
extern const char *const modelled_part_texts[MODEL_CYCLES_MAX];

/* The nth machine that some row was modelled on; NULL past the last, and of a run without cycles. */
const char *modelled_machine(const struct dataset *d, unsigned nth);
/* What that machine's file said; false: the run did not keep it, or not all of it. */
bool modelled_values(const struct dataset *d, const char *machine, struct machine *m);

bool modelled_is(const struct row *r, const char *machine);
uint64_t modelled_part(const struct row *r, const char *machine, enum model_cycles part);
uint64_t modelled_cycles(const struct row *r, const char *machine);
/*
 * The row's trips of a kind: how many, and what the hypervisor took for them from exit to entry, without the world switch. False: there were none, or
 * the run is of a version that did not tell trips apart.
 */
struct modelled_trip {
	uint64_t count, cycles;
	struct histogram hist; /* in cycles, whatever stats.h says of ticks */
};
bool modelled_trip(const struct row *r, const char *machine, enum trip kind, struct modelled_trip *t);
/* What was counted, for model_cost(); false: the run is of a version that did not count all of that. */
bool modelled_counts(const struct row *r, const char *machine, uint64_t count[MODEL_COUNT_MAX]);

/* Cycles if that assumed size or kind of the machine were another; below 0: the run has none of that (run --sensitivity). */
int64_t modelled_varied(const struct row *r, const char *machine, struct machine_variation v);

/* Why a recipe's guest has results and no cycles, in words. */
const char *modelled_why_not(const struct dataset *d, const char *recipe, const char *workload);

#endif
