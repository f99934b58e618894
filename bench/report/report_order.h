/* SPDX-License-Identifier: BSD-2-Clause */
/* Which recipes and workloads of a run the report shows, in which order, in which colours. */
#ifndef BENCH_REPORT_ORDER_H
#define BENCH_REPORT_ORDER_H

#include "dataset.h"

/* The nth recipe of all that the run has, each followed by its variants. NULL past the last. */
const char *ordered_recipe(const struct dataset *d, unsigned nth);
/*
 * Recipes that stand side by side in tables: in that order, but no variants where they would be
 * too many. NULL past the last. And in one workload's pictures: those with results in that form.
 */
const char *shown_recipe(const struct dataset *d, unsigned nth);
const char *pictured_recipe(const struct dataset *d, const char *form, unsigned nth);
/*
 * Workloads, each once whatever forms of it the run has; and the form that stands for it: the 4-level one, or the first, of those
 * with results.
 */
const char *nth_base(const struct dataset *d, unsigned nth);
const char *main_form(const struct dataset *d, const char *base);
/* Does that one stand for its workload? No, if the run's catalogue does not know it. */
bool is_main_form(const struct dataset *d, const char *form);
/* The nth form of a workload that the run has; NULL past the last. */
const char *nth_form(const struct dataset *d, const char *base, unsigned nth);

/*
 * Workloads that differ in one size only, as their names say (growth-<of what>-<size>): `base` and those that belong with it, in the
 * catalogue's order, in which sizes ascend. False: there are no two of them with results.
 */
#define MAX_SIZES 16
struct sizes {
	char what[32];
	const char *form[MAX_SIZES];
	double size[MAX_SIZES];
	unsigned n;
};
bool sizes_with(const struct dataset *d, const char *base, struct sizes *s);
/* Such workloads have a section together, and none of their own. */
bool sizes_are_compared(const struct dataset *d, const char *base);

/* Does the run have the recipe? Is it one without shadows: npt or native? */
bool recipe_is_used(const struct dataset *d, const char *recipe);
bool recipe_is_baseline(const struct dataset *d, const char *recipe);

/* A recipe's colour, "#rrggbb", which its place in the catalogue gives: it is one everywhere. */
const char *recipe_colour(const struct dataset *d, const char *recipe);
/* A kind of trip's colour, "#rrggbb"; rare kinds share one. */
const char *trip_colour(enum trip t);

#endif
