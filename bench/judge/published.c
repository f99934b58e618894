/* SPDX-License-Identifier: BSD-2-Clause */
/* Our figures beside published ones. They are no verdict: neither the unit nor the workload is the same. */
#include <string.h>

#include "published.h"

/* Instructions of all regions of one guest run; 0 if it was not measured. */
static double whole_guest(const struct dataset *d, const char *recipe, const char *workload)
{
	const char *phase;
	double sum = 0;
	struct cell c;

	for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++) {
		if (!strcmp(phase, PHASE_EMPTY))
			continue;
		if (!dataset_cell(d, recipe, workload, phase, false, &c))
			return 0;
		sum += (double)c.r->instructions;
	}
	return sum;
}

static char *against(const struct dataset *d, const char *recipe, const char *other, const char *workload)
{
	double a = whole_guest(d, recipe, workload), b = whole_guest(d, other, workload);

	if (!a || !b)
		return xfmt("not measured: it takes %s under %s and %s", workload, recipe, other);
	return xfmt("%+.1f %% instructions: %s, %s against %s", 100 * (a / b - 1), workload, recipe, other);
}

static char *ours_oos_2(const struct dataset *d)
{
	return against(d, "shadow3", "shadow2", "linux-process.2");
}

static char *ours_oos_3(const struct dataset *d)
{
	return against(d, "shadow3", "shadow2", "linux-process.3");
}

static char *ours_oos_4(const struct dataset *d)
{
	return against(d, "shadow3", "shadow2", "linux-process");
}

struct extremes {
	const char *best, *worst;
	double least, most;
};

/* The range over the shadow recipes themselves, without their variants. */
static struct extremes extremes_of(const struct dataset *d, const char *workload, const char *phase)
{
	struct extremes x = { NULL, NULL, 0, 0 };
	const char *recipe;
	struct cell c;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		double v;

		if (!dataset_is_shadow(d, recipe) || dataset_is_variant(d, recipe) ||
		    !dataset_cell(d, recipe, workload, phase, false, &c))
			continue;
		v = per_op(&c, c.r->instructions);
		if (!x.best || v < x.least) {
			x.best = recipe;
			x.least = v;
		}
		if (!x.worst || v > x.most) {
			x.worst = recipe;
			x.most = v;
		}
	}
	return x;
}

static char *ours_worst_over_best(const struct dataset *d)
{
	const char *workload, *phase, *where = NULL, *where_phase = NULL;
	struct extremes widest = { NULL, NULL, 0, 0 };

	for (unsigned w = 0; (workload = dataset_workload(d, w)); w++)
		for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++) {
			struct extremes x = extremes_of(d, workload, phase);

			/* An empty region, or one of a few instructions in all, is no work to compare. */
			if (!strcmp(phase, PHASE_EMPTY) || !x.best || x.best == x.worst || x.least < 1)
				continue;
			if (!where || x.most / x.least > widest.most / widest.least) {
				widest = x;
				where = workload;
				where_phase = phase;
			}
		}
	if (!where)
		return xstrdup("not measured: it takes two shadow recipes");
	return xfmt("%.0f× instructions: %s (%s), %s against %s", widest.most / widest.least, where, where_phase, widest.worst,
		    widest.best);
}

static char *ours_shadow_over_nested(const struct dataset *d)
{
	double nested = whole_guest(d, "npt", "linux-process"), best = 0;
	const char *best_recipe = NULL, *recipe;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		double v = dataset_is_shadow(d, recipe) ? whole_guest(d, recipe, "linux-process") : 0;

		if (v && (!best_recipe || v < best)) {
			best = v;
			best_recipe = recipe;
		}
	}
	if (!nested || !best_recipe)
		return xstrdup("not measured: it takes linux-process under npt and a shadow recipe");
	return xfmt("%+.1f %% instructions: linux-process, %s against npt (whose longer page walks count nothing here)",
		    100 * (best / nested - 1), best_recipe);
}

static char *ours_nothing_counts_it(const struct dataset *d)
{
	return xstrdup("not counted by this hypervisor");
}

static char *ours_no_cycles(const struct dataset *d)
{
	return xstrdup("none: instructions are counted here, of which a world switch takes none");
}

const struct published published[] = {
#define PUBLISHED(what, figure, source, machine, ours) { what, figure, source, machine, ours_##ours },
#include "published.def"
#undef PUBLISHED
};
const unsigned nr_published = COUNT_OF(published);
