/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modelled time: what each phase would take on the machines of the run, by where the cycles went: a table of all, and for each workload a bar
 * a recipe, with instructions and trips beside it. Nothing is written of a run without the model. What is native, and each recipe, is the
 * median repetition by instructions, as everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "modelled.h"
#include "report_parts.h"

/* False: not modelled. */
static bool cycles_of(const struct dataset *d, const char *recipe, const struct phase *p, const char *machine, struct cell *c,
		      double *all)
{
	if (!dataset_cell(d, recipe, p->workload, p->phase, false, c) || !modelled_is(c->r, machine))
		return false;
	*all = per_op(c, modelled_cycles(c->r, machine));
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
static void bar(FILE *f, const char *class, const struct cell *c, const char *machine, double most)
{
	fprintf(f, "<div class=\"stack %s\">", class);
	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++) {
		double part = per_op(c, modelled_part(c->r, machine, i));

		if (part > 0)
			fprintf(f, "<i style=\"width:%.2f%%;background:%s\" title=\"%s: %.1f\"></i>", 100 * part / most,
				series_colour(i), modelled_part_texts[i], part);
	}
	fputs("</div>", f);
}

static void parts_key(FILE *f)
{
	report_key_begin(f);
	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++)
		report_key(f, series_colour(i), modelled_part_texts[i]);
	report_key_end(f);
}

/* The cycles; marked where nothing virtualised costs less. */
static void number(FILE *f, const struct dataset *d, const char *recipe, double all, double best)
{
	const bool marked = all <= best && strcmp(dataset_kind(d, recipe), "native");

	fputs(marked ? "<span class=\"tag good\">" : "", f);
	html_number(f, all);
	fputs(marked ? "</span>" : "", f);
}

static void no_cycles(FILE *f, const struct dataset *d, const char *recipe, const char *workload)
{
	fputs("<td class=n><span class=soft title=\"", f);
	html_text(f, modelled_why_not(d, recipe, workload));
	fputs("\">–</span></td>", f);
}

static void cycles_cell(FILE *f, const struct dataset *d, const char *recipe, const struct phase *p, const char *machine,
			double most, double best)
{
	struct cell c;
	double all;

	if (!cycles_of(d, recipe, p, machine, &c, &all)) {
		no_cycles(f, d, recipe, p->workload);
		return;
	}
	fputs("<td class=n>", f);
	number(f, d, recipe, all, best);
	if (most > 0)
		bar(f, "thin", &c, machine, most);
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

	report_machine_begin(f, machine);
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
	report_machine_end(f);
	free(caption);
}

bool report_modelled(const struct dataset *d, const char *recipe, const char *workload, const char *asked, const char *machine,
		     double *cycles)
{
	const char *phase;
	struct cell c;

	*cycles = 0;
	for (unsigned i = 0; (phase = dataset_phase(d, workload, i)); i++) {
		if (!dataset_phase_is_in(phase, asked))
			continue;
		if (!dataset_cell(d, recipe, workload, phase, false, &c) || !modelled_is(c.r, machine))
			return false;
		*cycles += (double)modelled_cycles(c.r, machine);
	}
	return *cycles > 0;
}

void report_cycles(FILE *f, const struct dataset *d)
{
	const char *machine;

	if (!modelled_machine(d, 0))
		return;
	fputs("<section id=cycles><h2>Modelled time</h2><p>Nothing here was measured by a clock: these cycles are "
	      "<b>modelled</b>, "
	      "from the same instructions, accesses and trips as all other figures, on machines that are described by files "
	      "(<code>bench/machines</code>). What is modelled, what is left out (overlap of misses beyond a fixed share, "
	      "prefetchers, "
	      "coherence), and which values of a machine are assumed, <code>docs/model.md</code> says. Each region begins with "
	      "empty "
	      "caches and TLBs.</p>\n",
	      f);
	parts_key(f);
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
		table(f, d, machine);
	fputs("</section>\n", f);
}

/* ---- one workload's bars ---- */

static void of_native(FILE *f, const struct dataset *d, const struct phase *p, const char *machine, double all)
{
	double native;
	struct cell c;

	if (cycles_of(d, "native", p, machine, &c, &native) && native > 0)
		fprintf(f, "<td class=n>%.2f×</td>", all / native);
	else
		fputs("<td class=n>–</td>", f);
}

static void bar_row(FILE *f, const struct dataset *d, const struct phase *p, const char *machine, const char *recipe, bool first,
		    double most, double best)
{
	const bool modelled = cycles_of(d, recipe, p, machine, &(struct cell){ 0 }, &(double){ 0 });
	struct cell c;

	dataset_cell(d, recipe, p->workload, p->phase, false, &c);
	fprintf(f, "<tr%s>", first ? " class=group" : "");
	html_td_text(f, first ? p->phase : "");
	html_th_row(f, recipe);
	if (modelled) {
		const double all = per_op(&c, modelled_cycles(c.r, machine));

		fputs("<td class=bars>", f);
		bar(f, "wide", &c, machine, most);
		fputs("</td><td class=n>", f);
		number(f, d, recipe, all, best);
		fputs("</td>", f);
		of_native(f, d, p, machine, all);
	} else {
		fputs("<td colspan=3 class=soft>", f);
		html_text(f, modelled_why_not(d, recipe, p->workload));
		fputs("</td>", f);
	}
	html_td(f, per_op(&c, c.r->instructions));
	report_known(f, !c.r->trips_uncounted, per_op(&c, c.r->trips));
	fputs("</tr>\n", f);
}

static void bars_of_phase(FILE *f, const struct dataset *d, const struct phase *p, const char *machine)
{
	const char *recipe;
	double most, best;
	bool first = true;
	struct cell c;

	extremes(d, p, machine, &most, &best);
	for (unsigned r = 0; (recipe = pictured_recipe(d, p->workload, r)); r++) {
		if (!dataset_cell(d, recipe, p->workload, p->phase, false, &c))
			continue;
		bar_row(f, d, p, machine, recipe, first, most, best);
		first = false;
	}
}

/* Is anything of it modelled? */
static bool has_cycles(const struct dataset *d, const char *form)
{
	for (unsigned i = 0; i < d->nr_rows; i++)
		if (!strcmp(d->row[i].workload, form) && json_object_size(d->row[i].cycles))
			return true;
	return false;
}

void report_cycle_bars(FILE *f, const struct dataset *d, const char *form)
{
	const char *machine, *phase;

	if (!modelled_machine(d, 0))
		return;
	if (!has_cycles(d, form)) {
		fputs("<p class=soft>Here instructions and trips are all there is: ", f);
		html_text(f, modelled_why_not(d, NULL, form));
		fputs(".</p>\n", f);
		return;
	}
	fputs("<div id=\"cycles-", f);
	html_text(f, form);
	fputs("\">", f);
	parts_key(f);
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		char *caption = xfmt("Modelled cycles per operation on %s, by where they went.", machine);

		report_machine_begin(f, machine);
		table_begin(f, "<th scope=col>phase</th><th scope=col>recipe</th><th scope=col>where cycles go</th><th scope=col "
			       "class=n>cycles<br>per op</th><th scope=col class=n>of<br>native</th><th scope=col "
			       "class=n>instructions<br>per op</th><th scope=col class=n>trips<br>per op</th>");
		for (unsigned p = 0; (phase = dataset_phase(d, form, p)); p++)
			if (strcmp(phase, PHASE_EMPTY))
				bars_of_phase(f, d, &(struct phase){ form, phase }, machine);
		table_end(f, caption);
		report_machine_end(f);
		free(caption);
	}
	fputs("</div>\n", f);
}
