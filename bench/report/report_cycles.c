/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modelled time: what each phase would take on the machines of the run, by where the cycles went. Nothing is written of a run without
 * the model. What is native, and each recipe, is the median repetition by instructions, as everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

static const struct {
	const char *key, *text;
} parts[] = {
#define MODEL_CYCLES(id, text) { #id, text },
#define MODEL_COUNT(id, text)
#include "bench/model/sums.def"
};

static const json_t *sums_of(const json_t *machine, const char *where, const char *what)
{
	return json_object_get(json_object_get(machine, where), what);
}

/* Cycles per operation that went there, of guest and hypervisor. */
static double part_of(const struct cell *c, const char *machine, unsigned part)
{
	const json_t *m = json_object_get(c->r->cycles, machine);
	json_int_t sum = json_integer_value(json_object_get(sums_of(m, "guest", "cycles"), parts[part].key)) +
			 json_integer_value(json_object_get(sums_of(m, "hypervisor", "cycles"), parts[part].key));

	return per_op(c, (uint64_t)sum);
}

/* False: not modelled. */
static bool cycles_of(const struct dataset *d, const char *recipe, const struct phase *p, const char *machine, struct cell *c,
		      double *all)
{
	if (!dataset_cell(d, recipe, p->workload, p->phase, false, c) || !json_object_get(c->r->cycles, machine))
		return false;
	*all = 0;
	for (unsigned i = 0; i < COUNT_OF(parts); i++)
		*all += part_of(c, machine, i);
	return true;
}

/* The dearest that is shown, and the cheapest that is virtualised; 0: there is none. */
static void extremes(const struct dataset *d, const struct phase *p, const char *machine, double *most, double *best)
{
	const char *recipe;
	struct cell c;
	double all;

	*most = *best = 0;
	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++) {
		if (!cycles_of(d, recipe, p, machine, &c, &all))
			continue;
		*most = all > *most ? all : *most;
		if (strcmp(dataset_kind(d, recipe), "native") && (*best == 0 || all < *best))
			*best = all;
	}
}

/* As wide as the dearest, piece by piece; a piece's words appear when it is pointed at. */
static void bar(FILE *f, const struct cell *c, const char *machine, double most)
{
	fputs("<div style=\"display:flex;height:8px;min-width:90px\">", f);
	for (unsigned i = 0; i < COUNT_OF(parts); i++) {
		double part = part_of(c, machine, i);

		if (part > 0)
			fprintf(f, "<span style=\"width:%.2f%%;background:%s\" title=\"%s: %.1f\"></span>", 100 * part / most,
				series_colour(i), parts[i].text, part);
	}
	fputs("</div>", f);
}

static void cycles_cell(FILE *f, const struct dataset *d, const char *recipe, const struct phase *p, const char *machine,
			double most, double best)
{
	struct cell c;
	double all;

	if (!cycles_of(d, recipe, p, machine, &c, &all)) {
		fputs("<td class=n><span class=soft title=\"not modelled\">–</span></td>", f);
		return;
	}
	fputs("<td class=n>", f);
	if (all <= best && strcmp(dataset_kind(d, recipe), "native")) {
		fputs("<span class=\"tag good\">", f);
		html_number(f, all);
		fputs("</span>", f);
	} else {
		html_number(f, all);
	}
	if (most > 0)
		bar(f, &c, machine, most);
	fputs("</td>", f);
}

static void row(FILE *f, const struct dataset *d, const struct phase *p, const char *machine)
{
	const char *recipe;
	double most, best;

	extremes(d, p, machine, &most, &best);
	if (most == 0)
		return;
	fputs("<tr><th scope=row>", f);
	html_text(f, p->workload);
	fputs("<br><small class=soft>", f);
	html_text(f, p->phase);
	fputs("</small></th>", f);
	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++)
		cycles_cell(f, d, recipe, p, machine, most, best);
	fputs("</tr>\n", f);
}

static void table(FILE *f, const struct dataset *d, const char *machine)
{
	char *head = report_recipe_head(d, "workload, phase"), *caption;

	fputs("<h3>", f);
	html_text(f, machine);
	fputs("</h3>\n", f);
	table_begin(f, head);
	free(head);
	for (unsigned i = 0; i < d->nr_phases; i++) {
		const struct phase *p = &d->phase[i];

		if (strcmp(p->phase, PHASE_EMPTY) && is_main_form(d, p->workload))
			row(f, d, p, machine);
	}
	caption = xfmt("Modelled cycles per operation on %s; the least of those that are virtualised is marked.", machine);
	table_end(f, caption);
	free(caption);
}

bool report_modelled(const struct dataset *d, const char *recipe, const char *workload, const char *phase, const char *machine,
		     double *cycles)
{
	const struct phase p = { workload, phase };
	struct cell c;

	if (!cycles_of(d, recipe, &p, machine, &c, cycles))
		return false;
	*cycles *= (double)c.r->ops;
	return true;
}

const json_t *report_machines(const struct dataset *d)
{
	for (unsigned i = 0; i < d->nr_rows; i++)
		if (json_object_size(d->row[i].cycles))
			return d->row[i].cycles;
	return NULL;
}

void report_cycles(FILE *f, const struct dataset *d)
{
	const json_t *machines = report_machines(d);
	const char *name;
	json_t *m;

	if (!machines)
		return;
	fputs("<section id=cycles><h2>Modelled time</h2><p>Nothing here was measured by a clock: these cycles are "
	      "<b>modelled</b>, "
	      "from the same instructions, accesses and trips as all other figures, on machines that are described by files "
	      "(<code>bench/machines</code>). What is modelled, what is left out (overlap of misses beyond a fixed share, "
	      "prefetchers, "
	      "coherence), and which values of a machine are assumed, <code>docs/model.md</code> says. Each region begins with "
	      "empty "
	      "caches and TLBs.</p>\n<p>",
	      f);
	report_key_begin(f);
	for (unsigned i = 0; i < COUNT_OF(parts); i++)
		report_key(f, series_colour(i), parts[i].text);
	report_key_end(f);
	fputs("</p>\n", f);
	json_object_foreach((json_t *)machines, name, m) {
		table(f, d, name);
	}
	fputs("</section>\n", f);
}
