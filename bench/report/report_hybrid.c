/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What it is worth to go from one kind of paging to the other while the guest runs: the recipe that does beside the better of both, workload by
 * workload, in modelled cycles of the machine by whose counters it went, the run's first. Where nothing was counted it is what it is without a
 * counter, and the section says so. Variants are left out: they are there to show what one part does.
 */
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "modelled.h"
#include "report_parts.h"

#define HYBRID "hybrid"
#define BOUND  (0.02 + 1e-9) /* of the better kind's cost: what it may take more */

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
	if (!report_modelled(d, HYBRID, form, NULL, machine, &x->own_cost))
		return false;
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if ((dataset_is_shadow(d, recipe) || dataset_is_nested(d, recipe)) && !dataset_is_variant(d, recipe) &&
		    report_modelled(d, recipe, form, NULL, machine, &cost) && (!x->better || cost < x->best_cost)) {
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
	fprintf(f, "</th><td><span class=\"tag %s\">%s %+.1f %%</span></td>", x->beyond > BOUND ? "bad" : "good",
		x->beyond > BOUND ? "✗" : "✓", 100 * x->beyond);
	html_td_text(f, x->better);
	html_td(f, x->best_cost);
	html_td(f, x->own_cost);
	fprintf(f, "<td class=n>%llu</td></tr>\n", (unsigned long long)switches(d, form));
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

/* Without cycles there is none. With one, a guest's first switch comes before its first instruction; none was switched here. */
static bool had_no_counter(const struct dataset *d)
{
	const json_t *item;
	bool ran = false;
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item) {
		if (strcmp(json_text(item, "recipe"), HYBRID) != 0 || strcmp(json_text(item, "state"), "finished") != 0)
			continue;
		ran = true;
		if (item_counter(item, PN_CNT_to_nested) > 0)
			return false;
	}
	return ran && !modelled_machine(d, 0);
}

bool report_hybrid_is_modelled(const struct dataset *m)
{
	unsigned within;

	return workloads_of(m, modelled_machine(m, 0), &within);
}

bool report_has_hybrid(const struct dataset *d, const struct dataset *m)
{
	return report_hybrid_is_modelled(m) || had_no_counter(d);
}

static void against_the_better(FILE *f, const struct dataset *d)
{
	const char *machine = modelled_machine(d, 0), *form;
	unsigned within, n = workloads_of(d, machine, &within), unfinished = 0;
	struct standing x;
	char *caption;

	fprintf(f,
		"<p>In every workload it is to take at most 2 %% more than the best of the others, and less where a guest "
		"changes its ways. It is within the 2 %% in <b>%u of %u</b>. It went by what page walks take on ",
		within, n);
	html_text(f, machine);
	fputs(".", f);
	for (unsigned i = 0; (form = dataset_workload(d, i)); i++)
		unfinished += *dataset_why_not(d, HYBRID, form) != 0;
	if (unfinished)
		fprintf(f, " In %u more it did not finish.", unfinished);
	fputs("</p>\n", f);
	table_begin(f, "<th scope=col>workload</th><th scope=col>" HYBRID " takes</th><th scope=col>best of the others</th><th "
		       "scope=col class=n>its cycles</th><th scope=col class=n>" HYBRID
		       "'s</th><th scope=col class=n>switches</th>");
	for (unsigned i = 0; (form = dataset_workload(d, i)); i++)
		if (standing_of(d, form, machine, &x))
			row(f, d, form, &x);
	caption = xfmt("Modelled on %s: cycles of all phases together; the median repetition. Switches are those within a phase; "
		       "with 0 the guest stayed where it was, at first under nested paging.",
		       machine);
	table_end(f, caption);
	free(caption);
}

void report_hybrid(FILE *f, const struct dataset *d, const struct dataset *m)
{
	if (!report_has_hybrid(d, m))
		return;
	fputs("<section id=hybrid><h2>Hybrid against the better of both</h2><p>Under the recipe <b>" HYBRID
	      "</b> a guest begins under nested paging, and goes to shadow paging and back while it runs, by what a counter says "
	      "of its page walks (<code>docs/hybrid.md</code>).</p>\n",
	      f);
	if (had_no_counter(d))
		fputs("<p><b>This run had no such counter</b>: all its rows of " HYBRID " are " ADAPTIVE
		      "'s. <code>./penumbra run --qemu next --cycles</code> has one, of the machine model's.</p>\n",
		      f);
	if (report_hybrid_is_modelled(m))
		against_the_better(f, m);
	fputs("</section>\n", f);
}
