/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recipe that chooses for itself is worth: beside the best of the others, phase by phase. The section is left out of the
 * report of a run without that recipe. Variants are left out: they are there to show what one part does, and a suite has them in
 * few workloads.
 */
#include <string.h>

#include "report_parts.h"

#define BOUND (0.02 + 1e-9) /* of the best recipe's instructions: what it may take more; two in a hundred are two in a hundred */

/* A phase in which the recipe was measured. */
struct standing {
	const char *form, *phase, *best;
	struct cell own, least; /* least: of `best`, which may be itself */
	double beyond;
};

static bool standing_of(const struct dataset *d, const struct phase *p, struct standing *x)
{
	const char *recipe;
	struct cell c;

	*x = (struct standing){ .form = p->workload, .phase = p->phase };
	if (!strcmp(p->phase, PHASE_EMPTY) || !dataset_cell(d, ADAPTIVE, p->workload, p->phase, false, &x->own) ||
	    !x->own.r->instructions)
		return false;
	x->best = ADAPTIVE;
	x->least = x->own;
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if (dataset_is_shadow(d, recipe) && !dataset_is_variant(d, recipe) &&
		    dataset_cell(d, recipe, p->workload, p->phase, false, &c) &&
		    per_op(&c, c.r->instructions) < per_op(&x->least, x->least.r->instructions)) {
			x->best = recipe;
			x->least = c;
		}
	x->beyond = per_op(&x->own, x->own.r->instructions) / per_op(&x->least, x->least.r->instructions) - 1;
	return true;
}

static void cost_cell(FILE *f, const struct cell *c)
{
	fputs("<td class=n>", f);
	report_cost(f, c);
}

static void row(FILE *f, const struct standing *x)
{
	fputs("<tr><th scope=row>", f);
	html_text(f, x->form);
	fputs("<br><small class=soft>", f);
	html_text(f, x->phase);
	fputs("</small></th>", f);
	html_td_text(f, x->best);
	cost_cell(f, &x->least);
	cost_cell(f, &x->own);
	if (x->beyond > BOUND)
		fprintf(f, "<td><span class=\"tag bad\">✗ %+.1f %%</span></td></tr>\n", 100 * x->beyond);
	else
		fprintf(f, "<td><span class=\"tag good\">✓ %s</span></td></tr>\n",
			strcmp(x->best, ADAPTIVE) ? "within 2 %" : "the best");
}

void report_adaptive(FILE *f, const struct dataset *d)
{
	unsigned phases = 0, within = 0;
	struct standing x;

	for (unsigned i = 0; i < d->nr_phases; i++)
		if (standing_of(d, &d->phase[i], &x)) {
			phases++;
			within += x.beyond <= BOUND;
		}
	if (!phases)
		return;
	fprintf(f,
		"<section id=adaptive><h2>Adaptive against the best</h2><p>The recipe <b>" ADAPTIVE
		"</b> decides for each page table, from what the "
		"guest lately did with it. It is to be the best of the recipes in every workload, or within 2 %% of the best. It "
		"is in "
		"<b>%u of %u</b> phases, those of all forms counted.</p>\n",
		within, phases);
	table_begin(f,
		    "<th scope=col>workload, phase</th><th scope=col>best recipe</th><th scope=col class=n>its instructions</th>"
		    "<th scope=col class=n>" ADAPTIVE "'s</th><th scope=col>" ADAPTIVE " is</th>");
	for (unsigned i = 0; i < d->nr_phases; i++)
		if (standing_of(d, &d->phase[i], &x) && (x.beyond > BOUND || is_main_form(d, x.form)))
			row(f, &x);
	table_end(f, "Instructions per operation, trips per operation below; the median repetition. Guests with four levels of "
		     "page tables, of others "
		     "only what is beyond the bound. Variants are not compared.");
	fputs("</section>\n", f);
}
