/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about what a guest page is shadowed as: T21, T22. */
#include <string.h>

#include "claims_hearing.h"

static bool about(double value, double whole)
{
	return value > whole - 0.1 && value < whole + 0.1;
}

void judge_quadrants(struct hearing *h)
{
	struct cell c;
	double one, two;

	if (!ask(h, "shadow2", "fork-cow-pae.2", NULL, &c))
		return;
	if (!life(&c, PN_CNT_l1_tables) || !life(&c, PN_CNT_l2_tables)) {
		lack(h, "table that was shadowed in fork-cow-pae.2 under shadow2");
		return;
	}
	one = life(&c, PN_CNT_l1_shadows) / life(&c, PN_CNT_l1_tables);
	two = life(&c, PN_CNT_l2_shadows) / life(&c, PN_CNT_l2_tables);
	measured(h, "%.0f level-1 tables took %.0f shadow pages, %.2f each; %.0f level-2 tables took %.0f, %.2f each (%u on %u)",
		 life(&c, PN_CNT_l1_tables), life(&c, PN_CNT_l1_shadows), one, life(&c, PN_CNT_l2_tables), life(&c, PN_CNT_l2_shadows), two,
		 c.r->guest_levels, c.r->shadow_levels);
	if (about(one, 2) && about(two, 4))
		decide(h, CONFIRMED, "two and four");
	else if (one < 1.1 && two < 1.1)
		decide(h, REFUTED, "one each");
	else
		decide(h, DIFFERS, "two and four are what there can be: a shadow page is made when its part of the guest's table is first used");
}

static bool is_string(const json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && !strcmp(s, value);
}

/* Guests of that workload that ended badly of themselves, or whose shadows the audit found wrong, under shadow recipes. */
static unsigned wrong_runs(const struct dataset *d, const char *workload, unsigned *runs)
{
	const json_t *item;
	unsigned wrong = 0;
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item) {
		const char *recipe = json_string_value(json_object_get(item, "recipe"));

		if (!recipe || !dataset_is_shadow(d, recipe) || !is_string(item, "workload", workload))
			continue;
		++*runs;
		wrong += is_string(item, "state", "failed") || is_string(item, "state", "crashed") ||
			 json_integer_value(json_object_get(item, "audit")) > 0;
	}
	return wrong;
}

void judge_several_types(struct hearing *h)
{
	struct cell linear, modes;
	unsigned runs = 0, wrong;
	double a, b;

	ask(h, "shadow2", "linear-map", NULL, &linear);
	ask(h, "shadow2", "mode-switch", NULL, &modes);
	if (!enough(h))
		return;
	a = life(&linear, PN_CNT_second_type);
	b = life(&modes, PN_CNT_second_type);
	wrong = wrong_runs(h->d, "linear-map", &runs);
	wrong += wrong_runs(h->d, "mode-switch", &runs);
	measured(h, "under shadow2 %.0f pages of linear-map and %.0f of mode-switch came to be shadowed as a second type; %u of the %u guest runs under "
		    "all shadow recipes ended wrong or with a wrong shadow", a, b, wrong, runs);
	if (wrong)
		decide(h, REFUTED, "a guest's own checks or the audit found something wrong");
	else if (a > 0 && b > 0)
		decide(h, CONFIRMED, "it happens, the guests found all that they wrote, and the audit every shadow right");
	else
		decide(h, DIFFERS, "nothing went wrong, but in %s no page was shadowed as two types", a > 0 ? "mode-switch" : "linear-map");
}
