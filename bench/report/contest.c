/* SPDX-License-Identifier: BSD-2-Clause */
/* See contest.h. */
#include <string.h>

#include "bench/model/cost.h"
#include "contest.h"
#include "report_order.h"

/* One row more. */
static void add_row(struct contender *k, const struct row *r, const char *machine)
{
	uint64_t count[MODEL_COUNT_MAX];

	k->cycles += (double)modelled_cycles(r, machine);
	k->counted &= modelled_counts(r, machine, count);
	for (unsigned i = 0; k->counted && i < MODEL_COUNT_MAX; i++)
		k->count[i] += count[i];
	for (int i = 0; i < MACHINE_KEYS; i++)
		for (unsigned way = 0; way < 2; way++) {
			const int64_t cycles = modelled_varied(r, machine, (struct machine_variation){ i, way });

			k->varied[i][way] = cycles < 0 || k->varied[i][way] < 0 ? -1 : k->varied[i][way] + cycles;
		}
}

/* All phases that count, or the one. False: some of them were not modelled. */
static bool contender_of(const struct dataset *d, const char *recipe, const struct contest *c, const char *machine,
			 struct contender *k)
{
	const char *phase;
	struct cell cell;

	*k = (struct contender){
		.recipe = recipe, .shadow = dataset_is_shadow(d, recipe), .nested = dataset_is_nested(d, recipe), .counted = true
	};
	for (unsigned p = 0; (phase = dataset_phase(d, c->workload, p)); p++) {
		if (!dataset_phase_is_in(phase, c->phase))
			continue;
		if (!dataset_cell(d, recipe, c->workload, phase, false, &cell) || !modelled_is(cell.r, machine))
			return false;
		add_row(k, cell.r, machine);
	}
	return k->cycles > 0;
}

bool contest_of(const struct dataset *d, const char *workload, const char *phase, const char *machine, struct contest *c)
{
	const char *recipe;
	struct contender k;

	*c = (struct contest){ .workload = workload, .phase = phase };
	for (unsigned r = 0; (recipe = shown_recipe(d, r)) && c->n < CONTEST_MOST; r++) {
		if (!contender_of(d, recipe, c, machine, &k))
			continue;
		if (!strcmp(dataset_kind(d, recipe), "native"))
			c->native = k.cycles;
		else
			c->by[c->n++] = k;
	}
	for (unsigned i = 1; i < c->n; i++)
		if (c->by[i].cycles < c->by[c->best].cycles)
			c->best = i;
	return c->n > 1;
}

/* Of those that keep shadows, of those with nested tables, or (any) of all, the one that costs least. */
static int cheapest(const struct contest *c, const double *cost, bool any, bool shadow)
{
	int best = -1;

	for (unsigned i = 0; i < c->n; i++)
		if ((any || (shadow ? c->by[i].shadow : c->by[i].nested)) && (best < 0 || cost[i] < cost[best]))
			best = (int)i;
	return best;
}

int contest_best_of(const struct contest *c, bool shadow)
{
	double cost[CONTEST_MOST];

	for (unsigned i = 0; i < c->n; i++)
		cost[i] = c->by[i].cycles;
	return cheapest(c, cost, false, shadow);
}

/* What each takes there. False: the run does not have what that needs. */
static bool costs_on(const struct contest *c, const struct machine *m, const struct machine_variation *v, double *cost)
{
	const bool counts = !v || machine_is_cost(v->key);
	struct machine other = *m;

	if (v && !machine_vary(m, *v, &other))
		return false;
	for (unsigned i = 0; i < c->n; i++) {
		const struct contender *k = &c->by[i];

		if (counts ? !k->counted : k->varied[v->key][v->doubled] < 0)
			return false;
		cost[i] = counts ? (double)model_cost(&other, k->count) / 100 : (double)k->varied[v->key][v->doubled];
	}
	return true;
}

int contest_winner_on(const struct contest *c, const struct machine *m, const struct machine_variation *v)
{
	double cost[CONTEST_MOST];
	int now;

	if (!costs_on(c, m, v, cost))
		return -1;
	now = cheapest(c, cost, true, false);
	return cost[now] < (1 - CONTEST_EVEN) * cost[c->best] ? now : (int)c->best;
}

enum side contest_side_on(const struct contest *c, const struct machine *m, const struct machine_variation *v)
{
	double cost[CONTEST_MOST];
	int shadow, nested;

	if (!costs_on(c, m, v, cost))
		return SIDE_UNKNOWN;
	shadow = cheapest(c, cost, false, true);
	nested = cheapest(c, cost, false, false);
	if (shadow < 0 || nested < 0)
		return SIDE_UNKNOWN;
	return cost[shadow] < (1 - CONTEST_EVEN) * cost[nested] ? SIDE_SHADOW :
	       cost[nested] < (1 - CONTEST_EVEN) * cost[shadow] ? SIDE_NESTED :
								  SIDE_EVEN;
}
