/* SPDX-License-Identifier: BSD-2-Clause */
/* How targets are judged. Those per operation come from figures.def; those about whole runs are here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "figures.h"

enum quantity { Q_instructions, Q_trips };
enum relation { R_at_most, R_exactly };

static const struct target {
	const char *what, *recipe, *workload, *phase;
	enum quantity quantity;
	enum relation relation;
	double value;
} targets[] = {
#define FIGURE(what, recipe, workload, phase, quantity, relation, value)                                                         \
	{ what, recipe, workload, phase, Q_##quantity, R_##relation, value },
#define BEST(...)
#include "figures.def"
#undef FIGURE
#undef BEST
};

static const struct best_target {
	const char *what, *workload, *phase;
	double instructions, trips;
} best_targets[] = {
#define FIGURE(...)
#define BEST(what, workload, phase, instructions, trips) { what, workload, phase, instructions, trips },
#include "figures.def"
#undef FIGURE
#undef BEST
};

/* One more figure at the end of the list. Takes `what` and `target`. The pointer is good until the next call. */
static struct figure *add(struct figure **f, unsigned *n, char *what, char *target)
{
	*f = xrealloc(*f, (*n + 1) * sizeof(**f));
	(*f)[*n] = (struct figure){ .what = what, .target = target };
	return &(*f)[(*n)++];
}

/* One recipe's target, per operation. `exactly` leaves half of a hundredth, as figures are told to two places. */
static void judge_target(const struct target *t, const struct dataset *d, struct figure **f, unsigned *n)
{
	static const char *const unit[] = { "instructions", "trips" };
	struct figure *g = add(f, n, xfmt("%s under %s, %s per operation", t->what, t->recipe, unit[t->quantity]),
			       xfmt("%s %.0f", t->relation == R_exactly ? "exactly" : "at most", t->value));
	struct cell c;
	double value;

	if (!dataset_cell(d, t->recipe, t->workload, t->phase, false, &c)) {
		g->measured = xstrdup("not measured");
		return;
	}
	/* The worst repetition counts. */
	value = per_op(&c, t->quantity == Q_trips ? c.trips_max : c.instructions_max);
	g->measured = xfmt(t->quantity == Q_trips ? "%.3f" : "%.2f", value);
	if (t->relation == R_exactly)
		g->met = fabs(value - t->value) < 0.005 ? MET : MISSED;
	else
		g->met = value <= t->value ? MET : MISSED;
}

/* Of all repetitions the one with the most, per operation: a target is met when it is met each time. */
static double worst_instructions(const struct cell *c)
{
	return per_op(c, c->instructions_max);
}

static double worst_trips(const struct cell *c)
{
	return per_op(c, c->trips_max);
}

/* Fewer than half a per cent of an operation more is rounding: a first fault of the region, say. */
static bool within_trips(const struct cell *c, double trips)
{
	return worst_trips(c) <= trips + 0.005;
}

const char *best_recipe(const struct dataset *d, const char *workload, const char *phase, double trips, struct cell *best)
{
	const char *name = NULL, *recipe;
	struct cell c;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		if (!dataset_is_shadow(d, recipe) || !dataset_cell(d, recipe, workload, phase, false, &c))
			continue;
		if (name && within_trips(best, trips) > within_trips(&c, trips))
			continue;
		if (!name || within_trips(&c, trips) > within_trips(best, trips) ||
		    worst_instructions(&c) < worst_instructions(best)) {
			name = recipe;
			*best = c;
		}
	}
	return name;
}

/* A target that some shadow recipe is to reach, whichever it is. ANY_TRIPS stands for trips without a limit. */
static void judge_best(const struct best_target *t, const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g =
		add(f, n, xstrdup(t->what),
		    t->trips < 1e9 ? xfmt("%.0f, %.0f trips", t->instructions, t->trips) : xfmt("%.0f", t->instructions));
	struct cell c;
	const char *recipe = best_recipe(d, t->workload, t->phase, t->trips, &c);

	if (!recipe) {
		g->measured = xstrdup("not measured");
		return;
	}
	g->recipe = xstrdup(recipe);
	g->measured = xfmt("%.1f, %.2f trips", worst_instructions(&c), worst_trips(&c));
	g->met = worst_instructions(&c) <= t->instructions && within_trips(&c, t->trips) ? MET : MISSED;
}

struct figure *figures_best(const struct dataset *d, unsigned *n)
{
	struct figure *f = NULL;

	*n = 0;
	for (unsigned i = 0; i < COUNT_OF(best_targets); i++)
		judge_best(&best_targets[i], d, &f, n);
	return f;
}

/* npt against native wherever npt's region has no exits at all. */
static void judge_npt(const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g =
		add(f, n, xstrdup("npt against native, wherever the workload has no exits of its own"), xstrdup("within 1 %"));
	const char *where = NULL, *workload, *phase;
	double worst = 0;
	unsigned cells = 0;

	for (unsigned w = 0; (workload = dataset_workload(d, w)); w++)
		for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++) {
			struct cell npt, native;
			double off;

			/* An empty region is all brackets, which do differ. */
			if (!strcmp(phase, PHASE_EMPTY) || !dataset_cell(d, "npt", workload, phase, false, &npt) ||
			    !dataset_cell(d, "native", workload, phase, false, &native) || npt.trips_max)
				continue;
			off = per_op(&npt, npt.r->instructions) / per_op(&native, native.r->instructions) - 1;
			if (!cells++ || fabs(off) > fabs(worst)) {
				worst = off;
				where = workload;
			}
		}
	if (!cells) {
		g->measured = xstrdup("not measured");
		return;
	}
	g->measured = xfmt("%+.3f %% at most (%s), %u phases compared", 100 * worst, where, cells);
	g->met = fabs(worst) <= 0.01 ? MET : MISSED;
}

/* By the catalogue that the run itself has: an older run's workloads need not be this version's. */
static bool is_bare_metal(const struct dataset *d, const char *workload)
{
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(d->root, "workloads"), i, w) {
		const char *name = json_string_value(json_object_get(w, "name"));
		const char *kind = json_string_value(json_object_get(w, "kind"));

		if (name && kind && !strcmp(name, workload))
			return strcmp(kind, "linux") && strcmp(kind, "own");
	}
	return false;
}

bool left_alone(const char *workload)
{
	const struct workload *w = workload_find(workload);

	return !w || ((workload_vcpus(w) == 1 || !strcmp(w->kind, "pvh")) && !workload_exercise(w));
}

/* Such repetitions agree to the last instruction, or something is left to chance that should not be. It takes two of each. */
static void judge_repeats(const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g =
		add(f, n, xstrdup("repetitions of a bare-metal workload that dom0 leaves alone: instructions and trips"),
		    xstrdup("identical"));
	const char *recipe, *workload, *phase;
	unsigned cells = 0, differ = 0;
	struct cell c;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		for (unsigned w = 0; (workload = dataset_workload(d, w)) && !dataset_is_peer(d, recipe); w++)
			for (unsigned p = 0;
			     is_bare_metal(d, workload) && left_alone(workload) && (phase = dataset_phase(d, workload, p)); p++) {
				if (!dataset_cell(d, recipe, workload, phase, false, &c) || c.n < 2)
					continue;
				cells++;
				differ += c.instructions_min != c.instructions_max || c.trips_min != c.trips_max;
			}
	if (!cells) {
		g->measured = xstrdup("not measured: it takes --repeat 2");
		return;
	}
	g->measured = xfmt("%u of %u phases identical", cells - differ, cells);
	g->met = differ ? MISSED : MET;
}

double trace_record_cost(const struct dataset *d)
{
	const char *recipe, *workload, *phase;
	double extra = 0, records = 0;
	struct cell on, off;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		for (unsigned w = 0; (workload = dataset_workload(d, w)); w++)
			for (unsigned p = 0; is_bare_metal(d, workload) && (phase = dataset_phase(d, workload, p)); p++) {
				if (!dataset_cell(d, recipe, workload, phase, true, &on) ||
				    !dataset_cell(d, recipe, workload, phase, false, &off) || !on.r->trace_written ||
				    on.r->trace_lost)
					continue;
				extra += (double)on.r->instructions - (double)off.r->instructions;
				records += (double)on.r->trace_written;
			}
	return records ? extra / records : -1;
}

/* The cost is the mean over all regions that were traced without losing a record. */
static void judge_tracing(const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g = add(f, n, xstrdup("a trace record, when on"), xstrdup("at most 60 instructions"));
	double cost = trace_record_cost(d);

	g->measured = cost < 0 ? xstrdup("not measured") : xfmt("%.1f instructions", cost);
	g->met = cost < 0 ? MET_UNKNOWN : cost <= 60 ? MET : MISSED;
}

/* 40 MB (10^6 bytes), packed, as the run's machine.json lists it. */
static void judge_initramfs(const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g = add(f, n, xstrdup("dom0's initramfs"), xstrdup("below 40 MB"));
	const json_t *image;
	double bytes = 0;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(d->root, "machine"), "images"), i, image) {
		const char *name = json_string_value(json_object_get(image, "name"));

		if (name && strstr(name, "dom0-initramfs"))
			bytes = (double)json_integer_value(json_object_get(image, "bytes"));
	}
	g->measured = bytes ? xfmt("%.1f MB", bytes / 1e6) : xstrdup("not measured");
	g->met = !bytes ? MET_UNKNOWN : bytes < 40e6 ? MET : MISSED;
}

/* Wall time in seconds, on the machine that the run had. A run of other options, or one that is not whole, is not judged. */
static void judge_duration(const struct dataset *d, struct figure **f, unsigned *n)
{
	struct figure *g = add(f, n, xstrdup("the default run, two CPUs"), xstrdup("at most 10 min"));
	bool defaults = json_is_true(json_object_get(json_object_get(d->root, "options"), "defaults"));
	double s = json_number_value(json_object_get(d->root, "wall_seconds"));
	char text[32];

	if (!defaults || !json_is_true(json_object_get(d->root, "complete")) || s <= 0) {
		g->measured = xstrdup("not measured: this was not a whole default run");
		return;
	}
	g->measured = xstrdup(human_seconds(s, text));
	g->met = s <= 600 ? MET : MISSED;
}

struct figure *figures_all(const struct dataset *d, unsigned *n)
{
	struct figure *f = NULL;

	*n = 0;
	for (unsigned i = 0; i < COUNT_OF(targets); i++)
		judge_target(&targets[i], d, &f, n);
	judge_npt(d, &f, n);
	judge_repeats(d, &f, n);
	judge_tracing(d, &f, n);
	judge_initramfs(d, &f, n);
	judge_duration(d, &f, n);
	return f;
}

void figures_free(struct figure *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(f[i].what);
		free(f[i].target);
		free(f[i].measured);
		free(f[i].recipe);
	}
	free(f);
}
