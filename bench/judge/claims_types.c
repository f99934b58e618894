/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about what a guest page is shadowed as: T21, T22. */
#include "claims_judge.h"

/* Is `value`, in shadow pages a table, within a tenth of `whole`? */
static bool about(double value, double whole)
{
	return value > whole - 0.1 && value < whole + 0.1;
}

/* A 32-bit table of 1024 entries has two shadows of 512 at level 1, and four at level 2, where PAE entries map half as much. */
void judge_quadrants(struct judgement *j)
{
	struct cell c;
	double one, two;

	if (!ask(j, "shadow2", "fork-cow-pae.2", NULL, &c))
		return;
	if (!life(&c, PN_CNT_l1_tables) || !life(&c, PN_CNT_l2_tables)) {
		lack(j, "table that was shadowed in fork-cow-pae.2 under shadow2");
		return;
	}
	one = life(&c, PN_CNT_l1_shadows) / life(&c, PN_CNT_l1_tables);
	two = life(&c, PN_CNT_l2_shadows) / life(&c, PN_CNT_l2_tables);
	measured(j, "%.0f level-1 tables took %.0f shadow pages, %.2f each; %.0f level-2 tables took %.0f, %.2f each (%u on %u)",
		 life(&c, PN_CNT_l1_tables), life(&c, PN_CNT_l1_shadows), one, life(&c, PN_CNT_l2_tables),
		 life(&c, PN_CNT_l2_shadows), two, c.r->guest_levels, c.r->shadow_levels);
	if (about(one, 2) && about(two, 4))
		decide(j, CONFIRMED, "two and four");
	else if (one < 1.1 && two < 1.1)
		decide(j, REFUTED, "one each");
	else
		decide(j, DIFFERS,
		       "two and four are what there can be: a shadow page is made when its part of the guest's table is first "
		       "used");
}

/* A page has several types where its frame is shadowed at two levels (linear-map) or in two modes (mode-switch). */
void judge_several_types(struct judgement *j)
{
	struct cell linear, modes;
	struct runs x, y;
	double a, b;

	ask(j, "shadow2", "linear-map", NULL, &linear);
	ask(j, "shadow2", "mode-switch", NULL, &modes);
	if (!enough(j))
		return;
	a = life(&linear, PN_CNT_second_type);
	b = life(&modes, PN_CNT_second_type);
	x = runs_of(j->d, "linear-map");
	y = runs_of(j->d, "mode-switch");
	measured(j,
		 "under shadow2 %.0f pages of linear-map and %.0f of mode-switch came to be shadowed as a second type; %u of the "
		 "%u guest runs under "
		 "all shadow recipes ended wrong or with a wrong shadow",
		 a, b, x.wrong + y.wrong, x.all + y.all);
	if (x.wrong + y.wrong)
		decide(j, REFUTED, "a guest's own checks or the audit found something wrong");
	else if (a > 0 && b > 0)
		decide(j, CONFIRMED, "it happens, the guests found all that they wrote, and the audit every shadow right");
	else
		decide(j, DIFFERS, "nothing went wrong, but in %s no page was shadowed as two types",
		       a > 0 ? "mode-switch" : "linear-map");
}
