/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How costs grow: workloads that differ in one size only, as their names say (growth-<of what>-<size>), beside each other. The slope
 * of a curve on two logarithmic axes is the exponent: 0 is a cost that the size does not change, 1 one that is in proportion.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

#define MAX_LINES 24
#define GROWS     0.1 /* an exponent above it: between 16 and 1024 a cost grows by half */

/* Does another of its curve come before it? */
static bool is_first(const struct dataset *d, const struct sizes *s, const char *base)
{
	return !strcmp(s->form[0], main_form(d, base));
}

/* One recipe's costs in one phase by size, NAN where it was not measured, and their least-squares slope, log over log. */
struct curve {
	double y[MAX_SIZES], exponent, least, most;
	unsigned n; /* points */
};

static void fit(struct curve *c, const struct sizes *s)
{
	double x, y, sx = 0, sy = 0, sxx = 0, sxy = 0, n = c->n;

	for (unsigned i = 0; i < s->n; i++) {
		if (isnan(c->y[i]))
			continue;
		x = log(s->size[i]);
		y = log(c->y[i]);
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	c->exponent = (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

/* False: there are no two points. */
static bool curve_of(const struct dataset *d, const struct sizes *s, const char *phase, const char *recipe, struct curve *c)
{
	struct cell cell;

	*c = (struct curve){ .n = 0 };
	for (unsigned i = 0; i < s->n; i++) {
		bool measured = dataset_cell(d, recipe, s->form[i], phase, false, &cell) && cell.r->instructions;

		c->y[i] = measured ? per_op(&cell, cell.r->instructions) : NAN;
		if (!measured)
			continue;
		c->least = c->n && c->least < c->y[i] ? c->least : c->y[i];
		c->most = c->most > c->y[i] ? c->most : c->y[i];
		c->n++;
	}
	if (c->n < 2)
		return false;
	fit(c, s);
	return true;
}

static void picture(FILE *f, const struct dataset *d, const struct sizes *s, const char *phase)
{
	struct curve curve[MAX_LINES];
	struct line line[MAX_LINES];
	const char *name[MAX_LINES], *recipe;
	unsigned n = 0;

	for (unsigned r = 0; (recipe = shown_recipe(d, r)) && n < MAX_LINES; r++) {
		if (!curve_of(d, s, phase, recipe, &curve[n]))
			continue;
		line[n] = (struct line){ recipe_colour(d, recipe), curve[n].y };
		name[n++] = recipe;
	}
	if (n) {
		char *label = xfmt("%s: instructions per operation by %s and recipe; the table below has the exponents", phase,
				   s->what);
		report_picture_begin(f, plot_sizes(line, n, s->size, s->n, s->what, "instructions"), label);
		report_key_begin(f);
		for (unsigned i = 0; i < n; i++)
			report_key(f, line[i].colour, name[i]);
		report_key_end(f);
		free(label);
		label = xfmt("%s: instructions per operation, by %s.", phase, s->what);
		report_picture_end(f, label);
		free(label);
	}
}

static void exponent_cell(FILE *f, const struct curve *c)
{
	const char *grows = c->exponent > GROWS ? "mid" : "good";

	/* No minus before what is shown as 0. */
	fprintf(f, "<td class=n><span class=\"tag %s\">%.2f</span><br><small class=soft>", grows,
		fabs(c->exponent) < 0.005 ? 0 : c->exponent);
	html_number(f, c->least);
	fputs(" – ", f);
	html_number(f, c->most);
	fputs("</small></td>", f);
}

static void table_rows(FILE *f, const struct dataset *d, const struct sizes *s)
{
	const char *phase, *recipe;
	struct curve c;

	for (unsigned p = 0; (phase = dataset_phase(d, s->form[0], p)); p++) {
		fprintf(f, "<tr%s><th scope=row>", p ? "" : " class=group");
		html_text(f, phase);
		fputs("<br><small class=soft>by ", f);
		html_text(f, s->what);
		fprintf(f, ", %.0f – %.0f</small></th>", s->size[0], s->size[s->n - 1]);
		for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++)
			if (curve_of(d, s, phase, recipe, &c))
				exponent_cell(f, &c);
			else
				fputs("<td class=n><span class=soft title=\"not measured\">–</span></td>", f);
		fputs("</tr>\n", f);
	}
}

static void table(FILE *f, const struct dataset *d)
{
	char *head = report_recipe_head(d, "phase");
	const char *base;
	struct sizes s;

	table_begin(f, head);
	free(head);
	for (unsigned w = 0; (base = nth_base(d, w)); w++)
		if (sizes_with(d, base, &s) && is_first(d, &s, base))
			table_rows(f, d, &s);
	table_end(f,
		  "The exponent of each recipe's cost: the slope of a straight line through its points, by least squares, on two "
		  "logarithmic "
		  "axes. Below it the least and the most instructions per operation among the sizes.");
}

void report_growth(FILE *f, const struct dataset *d)
{
	const char *base, *phase;
	bool any = false;
	struct sizes s;

	for (unsigned w = 0; (base = nth_base(d, w)); w++) {
		if (!sizes_with(d, base, &s) || !is_first(d, &s, base))
			continue;
		if (!any)
			fputs("<section id=growth><h2>How costs grow</h2><p>The same operations among more and more address "
			      "spaces, mappings of "
			      "one frame, tables, or memory. Where nothing is searched for, an operation costs the same whatever "
			      "there is: its "
			      "curve is level, its exponent 0. Where all is gone through each time, the exponent is 1.</p>\n<div "
			      "class=figs>\n",
			      f);
		any = true;
		for (unsigned p = 0; (phase = dataset_phase(d, s.form[0], p)); p++)
			picture(f, d, &s, phase);
	}
	if (!any)
		return;
	fputs("</div>\n", f);
	table(f, d);
	fputs("</section>\n", f);
}
