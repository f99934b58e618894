/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our figures beside published ones. A metric first asks for all rows that it needs, then computes, so that what a run lacks is named whole,
 * and the command that would measure it follows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims_judge.h"
#include "published.h"

#define MOST_WORDS 8

struct asking {
	const struct published *p;
	struct judgement j;
	char *machines; /* asked for, comma-separated; NULL: none */
	char *at;       /* where the figure is of, besides what the table's line says; NULL: nothing besides */
};

const char *const published_states[PUBLISHED_STATES] = { "missed", "hit", "given", "not measured", "not counted" };

/* Comma-separated words, each as a string of its own. */
struct words {
	unsigned n;
	char *at[MOST_WORDS];
};

static void words_of(struct words *w, const char *list)
{
	w->n = 0;
	for (; *list && w->n < MOST_WORDS; list += strcspn(list, ","), list += *list == ',')
		w->at[w->n++] = xfmt("%.*s", (int)strcspn(list, ","), list);
}

static void words_free(struct words *w)
{
	for (unsigned i = 0; i < w->n; i++)
		free(w->at[i]);
}

static void want_machine(struct asking *a, const char *machine)
{
	if (!list_has(a->machines, ',', machine))
		list_add(&a->machines, ",", "%s", machine);
}

/* A cell, modelled on that machine. */
static bool ask_modelled(struct asking *a, const char *recipe, const char *machine, const char *workload, const char *phase,
			 struct cell *c)
{
	want_machine(a, machine);
	if (!ask(&a->j, recipe, workload, phase, c))
		return false;
	if (!modelled_is(c->r, machine))
		lack(&a->j, "modelled cycles of %s under %s on %s", workload, recipe, machine);
	return modelled_is(c->r, machine);
}

/* Modelled cycles per operation of the phase, or of all phases of the workload together. */
static bool cycles_of(struct asking *a, const char *recipe, const char *machine, const char *workload, const char *phase,
		      double *cycles)
{
	const char *each;
	struct cell c;

	*cycles = 0;
	if (*phase) {
		if (ask_modelled(a, recipe, machine, workload, phase, &c))
			*cycles = per_op(&c, modelled_cycles(c.r, machine));
		return *cycles > 0;
	}
	if (!ask_modelled(a, recipe, machine, workload, NULL, &c))
		return false;
	for (unsigned i = 0; (each = dataset_phase(a->j.d, workload, i)); i++) {
		if (!strcmp(each, PHASE_EMPTY))
			continue;
		if (!ask_modelled(a, recipe, machine, workload, each, &c))
			return false;
		*cycles += (double)modelled_cycles(c.r, machine);
	}
	return *cycles > 0;
}

static double per_cent(double a, double b)
{
	return 100 * (a / b - 1);
}

/* ---- metrics ---- */

/* By how many per cent the recipe is dearer than the other. */
static bool ours_gain(struct asking *a, double *value)
{
	const struct published *p = a->p;
	double one, other;
	bool both = cycles_of(a, p->recipe, p->machine, p->workloads, p->phase, &one);

	if (!cycles_of(a, p->other, p->other_machine, p->workloads, p->phase, &other) || !both)
		return false;
	*value = per_cent(one, other);
	return true;
}

/* The same of the best of several recipes. */
static bool ours_best_gain(struct asking *a, double *value)
{
	const struct published *p = a->p;
	double best = INFINITY, one, other;
	struct words recipes;
	const char *which = "";
	bool all = cycles_of(a, p->other, p->other_machine, p->workloads, p->phase, &other);

	words_of(&recipes, p->recipe);
	for (unsigned i = 0; i < recipes.n; i++) {
		if (!cycles_of(a, recipes.at[i], p->machine, p->workloads, p->phase, &one)) {
			all = false;
		} else if (one < best) {
			best = one;
			which = recipes.at[i];
		}
	}
	if (all) {
		a->at = xfmt("the better one is %s", which);
		*value = per_cent(best, other);
	}
	words_free(&recipes);
	return all;
}

/* The most of something over all phases of the workloads; `of` says what, false where a phase has none. */
typedef bool phase_fn(struct asking *a, const char *workload, const char *phase, double *value, const char **note);

static bool most(struct asking *a, phase_fn *of, double *value)
{
	struct words workloads;
	const char *phase, *note;
	bool any = false;
	double one;

	words_of(&workloads, a->p->workloads);
	for (unsigned w = 0; w < workloads.n; w++) {
		/* A workload that the run has nothing of is asked for all the same, and then lacks. */
		if (!dataset_phase(a->j.d, workloads.at[w], 0))
			of(a, workloads.at[w], NULL, &one, &note);
		for (unsigned i = 0; (phase = dataset_phase(a->j.d, workloads.at[w], i)); i++) {
			note = NULL;
			if (!strcmp(phase, PHASE_EMPTY) || !of(a, workloads.at[w], phase, &one, &note) || (any && one <= *value))
				continue;
			any = true;
			*value = one;
			free(a->at);
			a->at = note ? xfmt("most in %s (%s), %s", workloads.at[w], phase, note) :
				       xfmt("most in %s (%s)", workloads.at[w], phase);
		}
	}
	words_free(&workloads);
	return any;
}

static bool gain_in(struct asking *a, const char *workload, const char *phase, double *value, const char **note)
{
	const struct published *p = a->p;
	struct cell one, other;
	bool both = ask_modelled(a, p->recipe, p->machine, workload, phase, &one);

	(void)note;
	if (!ask_modelled(a, p->other, p->other_machine, workload, phase, &other) || !both)
		return false;
	*value = per_cent(per_op(&one, modelled_cycles(one.r, p->machine)),
			  per_op(&other, modelled_cycles(other.r, p->other_machine)));
	return true;
}

static bool ours_most_gain(struct asking *a, double *value)
{
	return most(a, gain_in, value);
}

/* How many times the worst shadow recipe's cycles are the best one's, without variants; at least two have to be there. */
static bool spread_in(struct asking *a, const char *workload, const char *phase, double *value, const char **note)
{
	const char *recipe, *machine = a->p->machine;
	double best = INFINITY, worst = 0, one;
	unsigned n = 0;
	struct cell c;

	for (unsigned i = 0; (recipe = dataset_recipe(a->j.d, i)); i++) {
		if (!dataset_is_shadow(a->j.d, recipe) || dataset_is_variant(a->j.d, recipe) ||
		    !dataset_cell(a->j.d, recipe, workload, phase, false, &c) || !modelled_is(c.r, machine))
			continue;
		one = (double)modelled_cycles(c.r, machine) / (double)c.r->ops;
		best = one < best ? one : best;
		if (one > worst) {
			worst = one;
			*note = recipe;
		}
		n++;
	}
	*value = worst / best;
	return n >= 2 && best > 0;
}

static bool ours_spread(struct asking *a, double *value)
{
	struct words workloads;
	struct cell c;

	/* Worst and best of all that there are: but without these two it is no range. */
	words_of(&workloads, a->p->workloads);
	for (unsigned i = 0; i < workloads.n; i++) {
		ask_modelled(a, "vtlb", a->p->machine, workloads.at[i], NULL, &c);
		ask_modelled(a, "shadow1", a->p->machine, workloads.at[i], NULL, &c);
		ask_modelled(a, "adaptive", a->p->machine, workloads.at[i], NULL, &c);
	}
	words_free(&workloads);
	return most(a, spread_in, value);
}

static bool count_of(struct asking *a, struct cell *c, uint64_t count[MODEL_COUNT_MAX])
{
	const struct published *p = a->p;

	if (!ask_modelled(a, p->recipe, p->machine, p->workloads, p->phase, c))
		return false;
	if (modelled_counts(c->r, p->machine, count))
		return true;
	lack(&a->j, "all counts of %s under %s", p->workloads, p->recipe);
	return false;
}

/* References to tables of either dimension, for each page walk. */
static bool ours_references(struct asking *a, double *value)
{
	uint64_t count[MODEL_COUNT_MAX];
	struct cell c;

	if (!count_of(a, &c, count) || !count[MODEL_COUNT_walks])
		return false;
	*value = (double)(count[MODEL_COUNT_walk_references] + count[MODEL_COUNT_nested_references]) /
		 (double)count[MODEL_COUNT_walks];
	return true;
}

/* What second TLBs and walks take of all cycles. */
static bool ours_share(struct asking *a, double *value)
{
	const char *machine = a->p->machine;
	struct cell c;

	if (!ask_modelled(a, a->p->recipe, machine, a->p->workloads, a->p->phase, &c))
		return false;
	*value = 100 *
		 (double)(modelled_part(c.r, machine, MODEL_CYCLES_tlb) + modelled_part(c.r, machine, MODEL_CYCLES_walk) +
			  modelled_part(c.r, machine, MODEL_CYCLES_walk_nested)) /
		 (double)modelled_cycles(c.r, machine);
	return true;
}

/* Of the hypervisor, for an emulated write without its world switch. */
static bool ours_emulated(struct asking *a, double *value)
{
	struct modelled_trip t;
	struct cell c;

	if (!ask_modelled(a, a->p->recipe, a->p->machine, a->p->workloads, a->p->phase, &c))
		return false;
	if (!modelled_trip(c.r, a->p->machine, TRIP_pf_emulate, &t)) {
		lack(&a->j, "emulated write there");
		return false;
	}
	*value = (double)t.cycles / (double)t.count;
	return true;
}

/* Two cells that are asked for their trips alone. */
static bool ask_both(struct asking *a, struct cell *one, struct cell *other)
{
	const struct published *p = a->p;
	bool both = ask(&a->j, p->recipe, p->workloads, p->phase, one);

	return ask(&a->j, p->other, p->workloads, p->phase, other) && both;
}

static bool ours_trips(struct asking *a, double *value)
{
	struct cell one, other;

	if (!ask_both(a, &one, &other) || !trips(&other))
		return false;
	*value = per_cent(trips(&one), trips(&other));
	return true;
}

static bool ours_emulations(struct asking *a, double *value)
{
	struct cell one, other;

	if (!ask_both(a, &one, &other) || !kind_per_op(&other, TRIP_pf_emulate))
		return false;
	*value = per_cent(kind_per_op(&one, TRIP_pf_emulate), kind_per_op(&other, TRIP_pf_emulate));
	return true;
}

/* The world switch as the machine's file has it: counted, but no result. */
static bool ours_given(struct asking *a, double *value)
{
	struct cell c;

	if (!ask_modelled(a, a->p->recipe, a->p->machine, a->p->workloads, a->p->phase, &c))
		return false;
	*value = cycles_per_switch(&c, a->p->machine);
	return *value > 0;
}

static bool ours_uncounted(struct asking *a, double *value)
{
	(void)a;
	(void)value;
	return false;
}

/* ---- the table, and what becomes of a metric ---- */

#define UNIT_gain       "%"
#define UNIT_best_gain  "%"
#define UNIT_most_gain  "%"
#define UNIT_spread     "×"
#define UNIT_references "references"
#define UNIT_share      "%"
#define UNIT_emulated   "cycles"
#define UNIT_trips      "%"
#define UNIT_emulations "%"
#define UNIT_given      "cycles"
#define UNIT_uncounted  ""
enum known { blind, seen };

const struct published published[] = {
#define PUBLISHED(what, figure, source, setup, metric, low, high, known, machine, recipe, other_machine, other, workloads,       \
		  phase, why)                                                                                                    \
	{ what,          figure,  source, setup,         ours_##metric, UNIT_##metric, low,   high,                              \
	  known == seen, machine, recipe, other_machine, other,         workloads,     phase, why },
#include "published.def"
};
const unsigned nr_published = COUNT_OF(published);

/* "+9.3 %", "4.00 references", "31×"; differences have a sign. */
static char *value_text(const struct published *p, double value)
{
	const bool difference = !strcmp(p->unit, "%") && p->metric != ours_share, times = !strcmp(p->unit, "×");
	const int digits = fabs(value) >= 100 ? 0 : fabs(value) >= 10 ? 1 : 2;

	return xfmt("%s%.*f%s%s", !difference ? "" : value < 0 ? "−" : "+", digits, fabs(value), times ? "" : " ", p->unit);
}

/* With a minus that is one. */
static char *bound(double v)
{
	return xfmt("%s%g", v < 0 ? "−" : "", fabs(v));
}

char *published_band(const struct published *p)
{
	char *low, *high, *text;

	if (p->metric == ours_given || p->metric == ours_uncounted)
		return xstrdup("none");
	low = bound(p->low);
	high = bound(p->high);
	text = isinf(p->high) ? xfmt("above %s %s", low, p->unit) :
				xfmt("%s to %s%s%s", low, high, strcmp(p->unit, "×") ? " " : "", p->unit);
	free(low);
	free(high);
	return text;
}

/* What ours is of, from the table's line. */
static char *where_of(const struct asking *a)
{
	const struct published *p = a->p;
	char *text = xfmt("%s%s%s%s", p->workloads, *p->phase ? " (" : "", p->phase, *p->phase ? ")" : "");
	struct words recipes;

	words_of(&recipes, p->metric == ours_spread ? "" : p->recipe);
	for (unsigned i = 0; i < recipes.n; i++)
		list_add(&text, i ? " or " : ", ", "%s", recipes.at[i]);
	words_free(&recipes);
	if (*p->machine)
		list_add(&text, " on ", "%s", p->machine);
	if (*p->other)
		list_add(&text, " against ", "%s", p->other);
	if (*p->other_machine && strcmp(p->machine, p->other_machine))
		list_add(&text, " on ", "%s", p->other_machine);
	if (a->at)
		list_add(&text, "; ", "%s", a->at);
	return text;
}

static void absent(struct asking *a, struct ours *o)
{
	const struct judgement *j = &a->j;

	o->state = PUBLISHED_ABSENT;
	o->value_text = xstrdup("–");
	if (j->unknown)
		o->where = xfmt("this version has %s", j->unknown);
	else
		o->where = xfmt("this run has no %s", j->lacking ? j->lacking : "figures for it");
	if (j->unknown || !j->recipes || !j->workloads)
		o->command = xstrdup("");
	else
		o->command = xfmt("./penumbra run%s%s --recipe %s --workload %s --repeat 1 --no-trace",
				  a->machines ? " --qemu next --cycles --machine " : "", a->machines ? a->machines : "",
				  j->recipes, j->workloads);
}

void published_judge(const struct published *p, const struct dataset *d, struct ours *o)
{
	struct asking a = { .p = p, .j = { .d = d } };
	double value = 0;

	*o = (struct ours){ 0 };
	if (p->metric == ours_uncounted) {
		*o = (struct ours){ PUBLISHED_UNCOUNTED, 0, xstrdup("–"), xstrdup("this hypervisor does not count it"),
				    xstrdup("") };
	} else if (p->metric(&a, &value) && enough(&a.j) && isfinite(value)) {
		o->value = value;
		o->value_text = value_text(p, value);
		o->where = where_of(&a);
		o->command = xstrdup("");
		o->state = p->metric == ours_given             ? PUBLISHED_GIVEN :
			   value >= p->low && value <= p->high ? PUBLISHED_HIT :
								 PUBLISHED_MISS;
	} else {
		absent(&a, o);
	}
	free(a.j.lacking);
	free(a.j.unknown);
	free(a.j.recipes);
	free(a.j.workloads);
	free(a.machines);
	free(a.at);
}

void published_free(struct ours *o)
{
	free(o->value_text);
	free(o->where);
	free(o->command);
	*o = (struct ours){ 0 };
}
