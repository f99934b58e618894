/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that compare everything with everything: at a glance, by the
 * guest's levels, and each variant with its base.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

/* The least instructions among the shadow recipes shown, for one line of a table; negative: there are no two to compare. */
static double least(const struct dataset *d, const char *workload, const char *phase)
{
	const char *recipe;
	unsigned measured = 0;
	double best = -1;
	struct cell c;

	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++)
		if (!recipe_is_baseline(d, recipe) && dataset_cell(d, recipe, workload, phase, false, &c) &&
		    (!measured++ || per_op(&c, c.r->instructions) < best))
			best = per_op(&c, c.r->instructions);
	return measured > 1 ? best : -1;
}

void report_cost(FILE *f, const struct cell *c)
{
	html_number(f, per_op(c, c->r->instructions));
	fputs("<br><small class=soft>", f);
	if (c->r->trips_uncounted) {
		fputs("trips not counted</small></td>", f);
		return;
	}
	html_number(f, per_op(c, c->r->trips));
	fputs(c->r->trips == c->r->ops ? " trip</small></td>" : " trips</small></td>", f);
}

/* A recipe's cell of a table; bold if it is the least of the shadow recipes, by `best` as least() gives it. */
static void figure_cell(FILE *f, const struct dataset *d, const char *recipe, const char *workload, const char *phase,
			double best)
{
	struct cell c;

	if (!dataset_cell(d, recipe, workload, phase, false, &c)) {
		const char *why = dataset_why_not(d, recipe, workload);

		fputs("<td class=n><span class=soft title=\"", f);
		html_text(f, *why ? why : "not measured");
		fputs("\">–</span></td>", f);
		return;
	}
	fprintf(f, "<td class=\"n%s\">", !recipe_is_baseline(d, recipe) && per_op(&c, c.r->instructions) <= best ? " best" : "");
	report_cost(f, &c);
}

static void glance_row(FILE *f, const struct dataset *d, const char *workload, const char *phase, bool first)
{
	double best = least(d, workload, phase);
	const char *recipe;

	fprintf(f, "<tr%s><th scope=row>", first ? " class=group" : "");
	if (first) {
		fputs("<a href=\"#w-", f);
		html_text(f, dataset_base(d, workload));
		fputs("\">", f);
		html_text(f, workload);
		fputs("</a><br>", f);
	}
	fputs("<small class=soft>", f);
	html_text(f, phase);
	fputs("</small></th>", f);
	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++)
		figure_cell(f, d, recipe, workload, phase, best);
	fputs("</tr>\n", f);
}

char *report_recipe_head(const struct dataset *d, const char *first)
{
	const char *recipe;
	char *head = NULL;
	size_t len;
	FILE *h = open_memstream(&head, &len);

	fprintf(h, "<th scope=col>%s</th>", first);
	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++) {
		fputs("<th scope=col class=n>", h);
		html_text(h, recipe);
		fputs("</th>", h);
	}
	fclose(h);
	return head;
}

void report_glance(FILE *f, const struct dataset *d)
{
	char *head = report_recipe_head(d, "workload, phase");
	const char *base, *phase;

	fputs("<h3>At a glance</h3>\n", f);
	table_begin(f, head);
	free(head);
	for (unsigned w = 0; (base = nth_base(d, w)); w++) {
		const char *form = main_form(d, base);
		bool first = true;

		for (unsigned p = 0; !sizes_are_compared(d, base) && (phase = dataset_phase(d, form, p)); p++) {
			if (!strcmp(phase, PHASE_EMPTY))
				continue;
			glance_row(f, d, form, phase, first);
			first = false;
		}
	}
	table_end(f, "Instructions per operation, trips per operation below; bold: the fewest instructions of the shadow "
		     "recipes. Tracing off, "
		     "guests with four levels of page tables; the others are in the workloads' own sections.");
}

void report_levels(FILE *f, const struct dataset *d, const char *base)
{
	char *head = report_recipe_head(d, "levels, phase");
	const char *form, *phase;

	fputs("<h4>By the guest's levels of page tables</h4>\n", f);
	table_begin(f, head);
	free(head);
	for (unsigned i = 0; (form = nth_form(d, base, i)); i++) {
		const char *recipe;
		double best;

		phase = dataset_main_phase(d, form);
		if (!phase)
			continue;
		best = least(d, form, phase);
		fprintf(f, "<tr><th scope=row>%u levels<br><small class=soft>", dataset_levels(d, form));
		html_text(f, phase);
		fputs("</small></th>", f);
		for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++)
			figure_cell(f, d, recipe, form, phase, best);
		fputs("</tr>\n", f);
	}
	table_end(f, "Instructions and trips per operation of the workload's main phase.");
}

/* One phase in which a variant and its base were both measured. */
struct difference {
	const char *workload, *phase;
	double change; /* of instructions, 1 is twice as many */
	struct cell base, variant;
};

/* False: the phase was not measured under both, or its figures owe something to chance (left_alone). */
static bool difference_of(const struct dataset *d, const char *variant, const struct phase *p, struct difference *x)
{
	const char *base = dataset_variant_base(d, variant);

	if (!strcmp(p->phase, PHASE_EMPTY) || !left_alone(p->workload) ||
	    !dataset_cell(d, base, p->workload, p->phase, false, &x->base) ||
	    !dataset_cell(d, variant, p->workload, p->phase, false, &x->variant) || !x->base.r->instructions)
		return false;
	x->workload = p->workload;
	x->phase = p->phase;
	x->change = per_op(&x->variant, x->variant.r->instructions) / per_op(&x->base, x->base.r->instructions) - 1;
	return true;
}

static void difference_cells(FILE *f, const struct difference *x)
{
	if (!x->workload) {
		fputs("<td colspan=2 class=soft>nowhere</td>", f);
		return;
	}
	fprintf(f, "<td class=n>%+.0f %%</td><td>", 100 * x->change);
	html_text(f, x->workload);
	fputs("<br><small class=soft>", f);
	html_text(f, x->phase);
	fputs(", trips ", f);
	html_number(f, per_op(&x->base, x->base.r->trips));
	fputs(" → ", f);
	html_number(f, per_op(&x->variant, x->variant.r->trips));
	fputs("</small></td>", f);
}

/* Where a variant gains and loses most against its base. Half a per cent either way counts as the same. */
static void variant_row(FILE *f, const struct dataset *d, const char *variant)
{
	struct difference best = { .change = -0.005 }, worst = { .change = 0.005 }, x;
	unsigned phases = 0, same = 0;

	for (unsigned i = 0; i < d->nr_phases; i++) {
		if (!difference_of(d, variant, &d->phase[i], &x))
			continue;
		phases++;
		same += fabs(x.change) <= 0.005;
		if (x.change < best.change)
			best = x;
		if (x.change > worst.change)
			worst = x;
	}
	if (!phases)
		return;
	fputs("<tr><th scope=row>", f);
	html_text(f, variant);
	fputs("</th><td class=wide>", f);
	html_text(f, dataset_text(d, "recipes", variant));
	fputs("</td>", f);
	difference_cells(f, &best);
	difference_cells(f, &worst);
	fprintf(f, "<td class=n>%u of %u</td></tr>\n", same, phases);
}

bool report_has_variants(const struct dataset *d)
{
	const char *recipe;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if (dataset_is_variant(d, recipe))
			return true;
	return false;
}

void report_variants(FILE *f, const struct dataset *d)
{
	const char *recipe;
	bool any = false;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		if (!dataset_is_variant(d, recipe))
			continue;
		if (!any) {
			fputs("<section id=variants><h2>Variants</h2><p>A variant is a recipe with the parts of one axis "
			      "exchanged: what it gains and "
			      "loses is worth of that part alone.</p>\n",
			      f);
			table_begin(f, "<th scope=col>variant</th><th scope=col>what it is</th><th scope=col colspan=2>gains "
				       "most in</th>"
				       "<th scope=col colspan=2>loses most in</th><th scope=col class=n>the same in</th>");
		}
		any = true;
		variant_row(f, d, recipe);
	}
	if (!any)
		return;
	table_end(f, "Instructions per operation against the base, all forms and phases that were measured under both, but of no "
		     "Linux with several CPUs and of no guest that dom0 disturbs. The same: within half a per cent.");
	fputs("</section>\n", f);
}
