/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A results tree as rows: one per measured region of every guest that
 * finished. What did not finish has no rows, only an entry in the list of those.
 * Strings are borrowed from the tree, which must outlive the dataset.
 */
#ifndef BENCH_DATASET_H
#define BENCH_DATASET_H

#include <jansson.h>

#include "abi/control_abi.h"
#include "util.h"

#define PHASE_EMPTY "empty" /* of null-exit: what the brackets cost by themselves */

struct trip_cost {
#define REGION_TRIPS(id, kind, unit, text) uint64_t id;
#include "abi/region.def"
};

struct row {
	const char *recipe, *workload, *phase;
	unsigned repetition;
	bool traced;
#define REGION_NUMBER(type, id, key, kind, unit, text) type id;
#include "abi/region.def"
#define HOST(id, event, heading, text) uint64_t host_##id;
#include "host.def"
#undef HOST
	bool by_peer;         /* measured on another hypervisor: kinds of trips and bytes touched are not known, and 0 */
	bool trips_uncounted; /* nor is how many trips there were */
	uint64_t emulator;    /* trips that no hardware makes: in none of the others */
	struct trip_cost trip[TRIP_MAX];
	uint64_t counter[PN_CNT_MAX];
	const json_t *item;   /* the guest run that it belongs to */
	const json_t *cycles; /* modelled, by machine (bench/run/cycles.h); NULL: not */
};

struct dataset {
	struct row *row;
	unsigned nr_rows;
	const json_t **unfinished; /* items */
	unsigned nr_unfinished;
	const json_t *root;
	/* What is asked for again and again, found once: */
	const struct row **sorted; /* by recipe, workload, phase, traced, instructions */
	struct phase {
		const char *workload, *phase;
	} * phase; /* each once, in order of appearance */
	unsigned nr_phases;
	const char **recipe, **workload; /* in use, in catalogue order */
	unsigned nr_recipes, nr_workloads;
};

/*
 * The tree must be sound by the schema (results_load() sees to that). Rows are in the tree's order; a region of no operations has none,
 * since nothing can be said per operation of it.
 */
void dataset_load(struct dataset *d, const json_t *root);
void dataset_free(struct dataset *d);

/* One row's untraced repetitions: those of `sorted` from `first` to before `end`. */
struct repetitions {
	const struct row *row; /* the first of them; NULL: there is none */
	unsigned first, end;
};

/* The row behind the one given, which at first is all zero, in the order of recipe, workload, phase. False: it was the last. */
bool dataset_next(const struct dataset *d, struct repetitions *r);

/* All repetitions of one (recipe, workload, phase). */
struct cell {
	unsigned n;          /* repetitions; 0: not measured, and nothing else here means anything */
	const struct row *r; /* the one whose instructions are the median */
	uint64_t instructions_min, instructions_max, trips_min, trips_max;
};

/* phase NULL: the main one. True if there is at least one row. */
bool dataset_cell(const struct dataset *d, const char *recipe, const char *workload, const char *phase, bool traced,
		  struct cell *c);
/* instructions (trips, ...) per operation of a cell that has rows. */
double per_op(const struct cell *c, uint64_t total);

/* The nth distinct phase of a workload, in order of appearance; NULL past the last. */
const char *dataset_phase(const struct dataset *d, const char *workload, unsigned nth);
/* Is it one of the phases that count together: the one asked for, or with NULL all that do not just measure the brackets? */
bool dataset_phase_is_in(const char *phase, const char *asked);
/* The phase that a workload is about: its first that does not just measure the brackets ("empty"). NULL: it has none. */
const char *dataset_main_phase(const struct dataset *d, const char *workload);
/* Distinct recipes/workloads that have rows or are unfinished: in the tree's catalogue order. NULL past the last. */
const char *dataset_recipe(const struct dataset *d, unsigned nth);
const char *dataset_workload(const struct dataset *d, unsigned nth);
/* Whether a recipe keeps shadows, rather than being a baseline; and whether it is a variant of another. */
bool dataset_is_shadow(const struct dataset *d, const char *recipe);
/* Neither is one that goes from one to the other, as hybrid does. */
bool dataset_is_nested(const struct dataset *d, const char *recipe);
bool dataset_is_variant(const struct dataset *d, const char *recipe);
/* Whether it is another hypervisor than ours. */
bool dataset_is_peer(const struct dataset *d, const char *recipe);
/* A recipe's kind, "shadow", "nested", "hybrid", "native" or "peer"; and of a variant its base, else "". */
const char *dataset_kind(const struct dataset *d, const char *recipe);
const char *dataset_variant_base(const struct dataset *d, const char *recipe);
/* Why that pair was not run to its end, if it is in the run and did not finish; "" otherwise. */
const char *dataset_why_not(const struct dataset *d, const char *recipe, const char *workload);
/* Text of a catalogue entry of the tree ("recipes", "workloads", "trips", "counters") by name; "" if there is none. */
const char *dataset_text(const struct dataset *d, const char *list, const char *name);
/* The workload that a form belongs to ("demand-fault" of "demand-fault.2"), and its levels; in a tree that has no forms, `form` itself and 4. */
const char *dataset_base(const struct dataset *d, const char *form);
unsigned dataset_levels(const struct dataset *d, const char *form);
/* A value of an item's whole-life counters, or -1 when the item has none. */
int64_t item_counter(const json_t *item, enum pn_counter c);

/* abi/trips.def and the counters by number: names as in results.json, texts as the report shows them. */
extern const char *const trip_names[TRIP_MAX];
extern const char *const trip_texts[TRIP_MAX];
extern const bool trip_is_paging[TRIP_MAX];
extern const char *const counter_names[PN_CNT_MAX];

#endif
