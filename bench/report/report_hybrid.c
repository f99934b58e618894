/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What it is worth to go from one kind of paging to the other while the guest runs: the recipe that does beside the better of both, workload by
 * workload, in modelled cycles of the machine by whose counters it went, the run's first. The section is left out where nothing was counted. Variants are left
 * out: they are there to show what one part does.
 */
#include <stdlib.h>
#include <string.h>

#include "modelled.h"
#include "report_parts.h"

#define HYBRID "hybrid"
#define BOUND  (0.02 + 1e-9) /* of the better kind's cost: what it may take more */

/* Cycles of all phases of a workload. False: not all were modelled there, or there are none. */
static bool cost_of(const struct dataset *d, const char *recipe, const char *form, const char *machine, double *cost)
{
	const char *phase;
	double cycles;

	*cost = 0;
	for (unsigned i = 0; (phase = dataset_phase(d, form, i)); i++) {
		if (!strcmp(phase, PHASE_EMPTY))
			continue;
		if (!report_modelled(d, recipe, form, phase, machine, &cycles))
			return false;
		*cost += cycles;
	}
	return *cost > 0;
}

/* How often the domain was switched in the phases of a workload. */
static uint64_t switches(const struct dataset *d, const char *form)
{
	const char *phase;
	uint64_t n = 0;
	struct cell c;

	for (unsigned i = 0; (phase = dataset_phase(d, form, i)); i++)
		if (dataset_cell(d, HYBRID, form, phase, false, &c))
			n += c.r->counter[PN_CNT_to_nested] + c.r->counter[PN_CNT_to_shadow];
	return n;
}

struct standing {
	const char *better; /* the best of the others; NULL: there is none */
	double best_cost, own_cost, beyond;
};

static bool standing_of(const struct dataset *d, const char *form, const char *machine, struct standing *x)
{
	const char *recipe;
	double cost;

	*x = (struct standing){ 0 };
	if (!cost_of(d, HYBRID, form, machine, &x->own_cost))
		return false;
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if ((dataset_is_shadow(d, recipe) || dataset_is_nested(d, recipe)) && !dataset_is_variant(d, recipe) &&
		    cost_of(d, recipe, form, machine, &cost) && (!x->better || cost < x->best_cost)) {
			x->better = recipe;
			x->best_cost = cost;
		}
	if (!x->better)
		return false;
	x->beyond = x->own_cost / x->best_cost - 1;
	return true;
}

static void row(FILE *f, const struct dataset *d, const char *form, const struct standing *x)
{
	fputs("<tr><th scope=row>", f);
	html_text(f, form);
	fputs("</th>", f);
	html_td_text(f, x->better);
	fputs("<td class=n>", f);
	html_number(f, x->best_cost);
	fputs("</td><td class=n>", f);
	html_number(f, x->own_cost);
	fprintf(f, "</td><td class=n>%llu</td><td><span class=\"tag %s\">%s %+.1f %%</span></td></tr>\n",
		(unsigned long long)switches(d, form), x->beyond > BOUND ? "bad" : "good", x->beyond > BOUND ? "✗" : "✓",
		100 * x->beyond);
}

static unsigned workloads_of(const struct dataset *d, const char *machine, unsigned *within)
{
	const char *form;
	unsigned n = 0;
	struct standing x;

	*within = 0;
	for (unsigned i = 0; machine && (form = dataset_workload(d, i)); i++)
		if (standing_of(d, form, machine, &x)) {
			n++;
			*within += x.beyond <= BOUND;
		}
	return n;
}

bool report_has_hybrid(const struct dataset *d)
{
	unsigned within;

	return workloads_of(d, modelled_machine(d, 0), &within);
}

void report_hybrid(FILE *f, const struct dataset *d)
{
	const char *machine = modelled_machine(d, 0), *form;
	unsigned within, n = workloads_of(d, machine, &within);
	struct standing x;
	char *caption;

	if (!n)
		return;
	fputs("<section id=hybrid><h2>Hybrid against the better of both</h2><p>The recipe <b>" HYBRID
	      "</b> puts a guest under shadow or nested paging while it runs, by what it measures. It is to take at most 2 % "
	      "more than the better of the others in every workload, and less where a guest changes its ways. ",
	      f);
	fprintf(f, "It is so in <b>%u of %u</b>. It knew the counters of one machine, ", within, n);
	html_text(f, machine);
	fputs(".</p>\n", f);
	table_begin(f,
		    "<th scope=col>workload</th><th scope=col>better kind</th><th scope=col class=n>its cycles</th><th scope=col "
		    "class=n>" HYBRID "'s</th><th scope=col class=n>switches</th><th scope=col>" HYBRID " takes</th>");
	for (unsigned i = 0; (form = dataset_workload(d, i)); i++)
		if (standing_of(d, form, machine, &x))
			row(f, d, form, &x);
	caption = xfmt("Modelled on %s: cycles of all phases together; the median repetition. Switches are those within a phase.",
		       machine);
	table_end(f, caption);
	free(caption);
	fputs("</section>\n", f);
}
