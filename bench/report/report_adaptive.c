/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recipe that chooses for itself is worth: beside the best of the others, phase by phase, in instructions, and of a run with modelled
 * cycles by these on each machine first. The section is left out of the report of a run without that recipe. Variants are left out:
 * they are there to show what one part does, and a suite has them in few workloads.
 */
#include <stdlib.h>
#include <string.h>

#include "modelled.h"
#include "report_parts.h"

#define BOUND (0.02 + 1e-9) /* of the best recipe's cost: what it may take more; two in a hundred are two in a hundred */

/* A phase in which the recipe was measured. */
struct standing {
	const char *form, *phase, *best;
	struct cell own, least;     /* least: of `best`, which may be itself */
	double own_cost, best_cost; /* per operation: cycles of the machine, or without one instructions */
	double beyond;
};

/* False: it has none, or was not modelled there. */
static bool cost_of(const struct dataset *d, const char *recipe, const struct phase *p, const char *machine, struct cell *c,
		    double *cost)
{
	if (!dataset_cell(d, recipe, p->workload, p->phase, false, c) || (machine && !modelled_is(c->r, machine)))
		return false;
	*cost = per_op(c, machine ? modelled_cycles(c->r, machine) : c->r->instructions);
	return *cost > 0;
}

static bool standing_of(const struct dataset *d, const struct phase *p, const char *machine, struct standing *x)
{
	const char *recipe;
	struct cell c;
	double cost;

	*x = (struct standing){ .form = p->workload, .phase = p->phase };
	if (!strcmp(p->phase, PHASE_EMPTY) || !cost_of(d, ADAPTIVE, p, machine, &x->own, &x->own_cost))
		return false;
	x->best = ADAPTIVE;
	x->least = x->own;
	x->best_cost = x->own_cost;
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if (dataset_is_shadow(d, recipe) && !dataset_is_variant(d, recipe) && cost_of(d, recipe, p, machine, &c, &cost) &&
		    cost < x->best_cost) {
			x->best = recipe;
			x->least = c;
			x->best_cost = cost;
		}
	x->beyond = x->own_cost / x->best_cost - 1;
	return true;
}

static void cost_cell(FILE *f, const struct cell *c, double cost)
{
	fputs("<td class=n>", f);
	html_number(f, cost);
	fputs("<br><small class=soft>", f);
	html_number(f, per_op(c, c->r->trips));
	fputs(c->r->trips == c->r->ops ? " trip</small></td>" : " trips</small></td>", f);
}

static void row(FILE *f, const struct standing *x)
{
	fputs("<tr><th scope=row>", f);
	html_text(f, x->form);
	fputs("<br><small class=soft>", f);
	html_text(f, x->phase);
	fputs("</small></th>", f);
	html_td_text(f, x->best);
	cost_cell(f, &x->least, x->best_cost);
	cost_cell(f, &x->own, x->own_cost);
	if (x->beyond > BOUND)
		fprintf(f, "<td><span class=\"tag bad\">✗ %+.1f %%</span></td></tr>\n", 100 * x->beyond);
	else
		fprintf(f, "<td><span class=\"tag good\">✓ %s</span></td></tr>\n",
			strcmp(x->best, ADAPTIVE) ? "within 2 %" : "the best");
}

static unsigned phases_of(const struct dataset *d, const char *machine, unsigned *within)
{
	unsigned phases = 0;
	struct standing x;

	*within = 0;
	for (unsigned i = 0; i < d->nr_phases; i++)
		if (standing_of(d, &d->phase[i], machine, &x)) {
			phases++;
			*within += x.beyond <= BOUND;
		}
	return phases;
}

/* `unit`: what a cost is. */
static void table(FILE *f, const struct dataset *d, const char *machine, const char *unit)
{
	char *head, *caption;
	unsigned within, phases = phases_of(d, machine, &within);
	struct standing x;

	if (!phases)
		return;
	head = xfmt(
		"<th scope=col>workload, phase</th><th scope=col>best recipe</th><th scope=col class=n>its %s</th><th scope=col "
		"class=n>" ADAPTIVE "'s</th><th scope=col>" ADAPTIVE " is</th>",
		unit);
	caption = xfmt("%s%s%s per operation, trips per operation below; the median repetition. Guests with four levels of page "
		       "tables, of others only what is beyond the bound. Variants are not compared.",
		       machine ? "Modelled on " : "Instructions", machine ? machine : "", machine ? ": cycles" : "");
	fprintf(f, "<p>In %s%s it is in <b>%u of %u</b> phases, those of all forms counted.</p>\n", unit,
		machine ? ", modelled," : "", within, phases);
	table_begin(f, head);
	for (unsigned i = 0; i < d->nr_phases; i++)
		if (standing_of(d, &d->phase[i], machine, &x) && (x.beyond > BOUND || is_main_form(d, x.form)))
			row(f, &x);
	table_end(f, caption);
	free(caption);
	free(head);
}

bool report_has_adaptive(const struct dataset *d)
{
	unsigned within;

	return phases_of(d, NULL, &within);
}

void report_adaptive(FILE *f, const struct dataset *d)
{
	const char *machine;

	if (!report_has_adaptive(d))
		return;
	fputs("<section id=adaptive><h2>Adaptive against the best</h2><p>The recipe <b>" ADAPTIVE
	      "</b> decides for each page table, from what the guest lately did with it. It is to be the best of the recipes in "
	      "every workload, or within 2 % of the best.</p>\n",
	      f);
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		report_machine_begin(f, machine);
		fputs("<h3>", f);
		html_text(f, machine);
		fputs("</h3>\n", f);
		table(f, d, machine, "cycles");
		report_machine_end(f);
	}
	if (modelled_machine(d, 0))
		fputs("<details><summary>The same in instructions</summary>\n", f);
	table(f, d, NULL, "instructions");
	fputs(modelled_machine(d, 0) ? "</details>\n</section>\n" : "</section>\n", f);
}
