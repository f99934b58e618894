/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about what a shadow costs while nothing changes, and about what it may be spared: T18 to T20, T28. */
#include <string.h>

#include "claims_judge.h"

/* The guest run with the most page tables: ratios of a handful of pages say little. */
static const struct row *biggest_guest(const struct dataset *d, const char *recipe)
{
	const struct row *best = NULL;
	int64_t most = 0;

	for (unsigned i = 0; i < d->nr_rows; i++) {
		const struct row *r = &d->row[i];
		int64_t guest = item_counter(r->item, PN_CNT_guest_tables_peak);

		if (strcmp(r->recipe, recipe) || r->traced || guest <= most)
			continue;
		most = guest;
		best = r;
	}
	return best;
}

/* One shadow page a guest table is exactly double; a quarter off is still "doubles". */
void judge_doubles_memory(struct judgement *j)
{
	const struct row *r = biggest_guest(j->d, "shadow2");
	struct cell c = { .n = 1, .r = r };
	double guest, shadow, factor;

	if (!r) {
		ask(j, "shadow2", "linux-process", NULL, &c);
		return;
	}
	guest = life(&c, PN_CNT_guest_tables_peak);
	shadow = life(&c, PN_CNT_shadow_peak);
	factor = 1 + shadow / guest;
	measured(j, "%s: at most %.0f guest tables and %.0f shadow pages at once, together %.2f times the guest's own",
		 r->workload, guest, shadow, factor);
	if (factor >= 1.75 && factor <= 2.25)
		decide(j, CONFIRMED, "%.2f is within a quarter of 2", factor);
	else if (factor < 1.5 || factor > 3)
		decide(j, REFUTED, "%.2f is not double", factor);
	else if (factor > 2 && life(&c, PN_CNT_splinter) > 0)
		decide(j, DIFFERS,
		       "%.2f is more than double: superpages were splintered %.0f times, and each takes a shadow page that "
		       "stands "
		       "for no guest table",
		       factor, life(&c, PN_CNT_splinter));
	else
		decide(j, DIFFERS, "%.2f is %s than double, by %.0f shadow pages", factor, factor > 2 ? "more" : "less",
		       factor > 2 ? shadow - guest : guest - shadow);
}

/* The worst shadow recipe decides: within 1 % is native speed, above 10 % is not. */
void judge_native_speed(struct judgement *j)
{
	const char *worst_recipe = NULL, *recipe;
	double worst = 0, worst_trips = 0;
	struct cell base, c;

	if (!ask(j, "native", "compute", NULL, &base))
		return;
	for (unsigned i = 0; (recipe = nth_shadow_recipe(j->d, i)); i++) {
		double over;

		if (!dataset_cell(j->d, recipe, "compute", NULL, false, &c))
			continue;
		over = instructions(&c) / instructions(&base) - 1;
		if (!worst_recipe || over > worst) {
			worst = over;
			worst_recipe = recipe;
			worst_trips = (double)c.r->trips;
		}
	}
	if (!worst_recipe) {
		ask(j, "shadow2", "compute", NULL, &c);
		return;
	}
	measured(j, "%+.3f %% instructions against native under %s, the furthest of the shadow recipes; %.0f trips in the region",
		 100 * worst, worst_recipe, worst_trips);
	if (worst <= 0.01)
		decide(j, CONFIRMED, "within 1 %%");
	else if (worst > 0.1)
		decide(j, REFUTED, "more than 10 %% over native");
	else
		decide(j, DIFFERS, "between 1 %% and 10 %% over native: it is not left entirely alone");
}

/* Keeping: every other shadow recipe of the run; the worst decides. Next to none: a twentieth. */
void judge_dump_refills(struct judgement *j)
{
	const char *recipe, *worst_recipe = NULL;
	struct cell dump, keep, c;
	double a, b = -1;

	ask(j, "vtlb", "context-switch", NULL, &dump);
	ask(j, "shadow2", "context-switch", NULL, &keep);
	if (!enough(j))
		return;
	a = kind_per_op(&dump, TRIP_pf_fixed);
	for (unsigned i = 0; (recipe = nth_shadow_recipe(j->d, i)); i++)
		if (strcmp(recipe, "vtlb") && dataset_cell(j->d, recipe, "context-switch", NULL, false, &c) &&
		    kind_per_op(&c, TRIP_pf_fixed) > b) {
			b = kind_per_op(&c, TRIP_pf_fixed);
			worst_recipe = recipe;
		}
	measured(j,
		 "refills per switch: %.2f under vtlb, at most %.2f under those that keep shadows (%s); %.0f instructions under "
		 "vtlb, %.0f "
		 "under shadow2",
		 a, b, worst_recipe, instructions(&dump), instructions(&keep));
	if (a >= 1 && b <= a / 20)
		decide(j, CONFIRMED, "dumping costs %.1f refills a switch, keeping next to none", a);
	else if (a <= b)
		decide(j, REFUTED, "dumping costs no more refills than keeping");
	else
		decide(j, DIFFERS, "dumping costs more, but keeping is not free either (%.2f a switch under %s)", b,
		       worst_recipe);
}

/* Keeps what trapping loses: the hypercall is worth it if a write through it costs half a trapped one or less. */
void judge_pv_batches(struct judgement *j)
{
	struct cell pv, trapped;
	double a, b;

	if (!(ask(j, "shadow2", "hypercall-batch", "map", &pv) & ask(j, "shadow2", "map-batch", "map", &trapped)))
		return;
	a = instructions(&pv);
	b = instructions(&trapped);
	measured(j,
		 "per entry %.1f instructions and %.4f trips by hypercall, %.1f instructions and %.3f trips by trapping each "
		 "write",
		 a, trips(&pv), b, trips(&trapped));
	if (a <= b / 2 && trips(&pv) < trips(&trapped))
		decide(j, CONFIRMED, "a batched entry costs %.1f times less", b / a);
	else if (a >= b)
		decide(j, REFUTED, "a batched entry costs no less than a trapped write");
	else
		decide(j, DIFFERS, "a batched entry costs less, but not by half");
}
