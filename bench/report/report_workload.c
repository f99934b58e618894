/* SPDX-License-Identifier: BSD-2-Clause */
/* One section a workload: its pictures, and the table with the same figures beside them. */
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

#define MAX_BARS 128

struct bars {
	struct bar bar[MAX_BARS];
	char *label[MAX_BARS];
	unsigned n;
};

static struct bar *add_bar(struct bars *b, const char *label)
{
	if (b->n == MAX_BARS)
		return NULL;
	b->label[b->n] = xstrdup(label);
	b->bar[b->n] = (struct bar){ .label = b->label[b->n] };
	return &b->bar[b->n++];
}

static void free_bars(struct bars *b)
{
	for (unsigned i = 0; i < b->n; i++)
		free(b->label[i]);
	free(b);
}

/* fill() puts a cell's segments into a bar. */
typedef void fill_fn(struct bar *b, const struct cell *c, const char *colour);

static void fill_instructions(struct bar *b, const struct cell *c, const char *colour)
{
	b->value[b->nr_segments] = per_op(c, c->r->instructions);
	b->colour[b->nr_segments++] = colour;
}

static void fill_bytes(struct bar *b, const struct cell *c, const char *colour)
{
	b->value[b->nr_segments] = per_op(c, c->r->bytes_touched);
	b->colour[b->nr_segments++] = colour;
}

static void fill_trips(struct bar *b, const struct cell *c, const char *colour)
{
	/* A peer's trips are not told apart: its bar has the peer's own colour. */
	if (c->r->by_peer) {
		b->value[b->nr_segments] = per_op(c, c->r->trips);
		b->colour[b->nr_segments++] = colour;
		return;
	}
	for (unsigned t = 0; t < TRIP_MAX && b->nr_segments < BAR_MAX_SEGMENTS; t++) {
		if (!c->r->trip[t].count)
			continue;
		b->value[b->nr_segments] = per_op(c, c->r->trip[t].count);
		b->colour[b->nr_segments++] = trip_colour(t);
	}
	if (!b->nr_segments)
		fill_bytes(b, &(struct cell){ .n = 1, .r = &(struct row){ .ops = 1 } }, colour);
}

static bool several_phases(const struct dataset *d, const char *workload)
{
	const char *phase;
	unsigned n = 0;

	for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++)
		n += strcmp(phase, PHASE_EMPTY) != 0;
	return n > 1;
}

static struct bars *make_bars(const struct dataset *d, const char *workload, fill_fn *fill)
{
	struct bars *b = xcalloc(1, sizeof(*b));
	const char *phase, *recipe;
	struct cell c;

	for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++) {
		struct bar *heading;

		if (!strcmp(phase, PHASE_EMPTY))
			continue;
		heading = several_phases(d, workload) ? add_bar(b, phase) : NULL;
		if (heading)
			heading->heading = true;
		for (unsigned r = 0; (recipe = pictured_recipe(d, workload, r)); r++) {
			bool there = dataset_cell(d, recipe, workload, phase, false, &c) &&
				     (fill != fill_trips || !c.r->trips_uncounted);
			struct bar *bar = there ? add_bar(b, recipe) : NULL;

			if (bar)
				fill(bar, &c, recipe_colour(d, recipe));
		}
	}
	return b;
}

static void picture(FILE *f, const struct dataset *d, const char *workload, fill_fn *fill, const char *unit, const char *caption)
{
	struct bars *b = make_bars(d, workload, fill);
	bool zero = true;

	for (unsigned i = 0; i < b->n; i++)
		zero &= !b->bar[i].nr_segments || b->bar[i].value[0] <= 0;
	if (zero) {
		free_bars(b);
		return;
	}
	char *label = xfmt("%s: %s by recipe; the table below has the same figures", workload, unit);

	report_picture(f, plot_bars(b->bar, b->n, unit), label, caption);
	free(label);
	free_bars(b);
}

static bool kind_occurs(const struct dataset *d, const char *workload, unsigned t)
{
	for (unsigned i = 0; i < d->nr_rows; i++)
		if (!strcmp(d->row[i].workload, workload) && !d->row[i].traced && d->row[i].trip[t].count)
			return true;
	return false;
}

static void trips_picture(FILE *f, const struct dataset *d, const char *workload)
{
	struct bars *b = make_bars(d, workload, fill_trips);
	char *label = xfmt("%s: trips per operation by recipe and kind; the table below has the same figures", workload);

	report_picture_begin(f, plot_bars(b->bar, b->n, "trips per operation"), label);
	report_key_begin(f);
	for (unsigned t = 0; t < TRIP_MAX; t++)
		if (kind_occurs(d, workload, t))
			report_key(f, trip_colour(t), trip_names[t]);
	report_key_end(f);
	report_picture_end(f, "Trips into the hypervisor per operation, by kind.");
	free(label);
	free_bars(b);
}

static void trips_in_words(FILE *f, const struct cell *c)
{
	bool any = false;
	char text[48];

	fputs("<td>", f);
	if (c->r->by_peer) {
		fputs("<span class=soft>not told apart</span></td>", f);
		return;
	}
	for (unsigned t = 0; t < TRIP_MAX; t++) {
		if (!c->r->trip[t].count)
			continue;
		fprintf(f, "%s<span class=nowrap>%s %s</span>", any ? ", " : "",
			human_number(per_op(c, c->r->trip[t].count), text), trip_names[t]);
		any = true;
	}
	fputs(any ? "</td>" : "<span class=soft>none</span></td>", f);
}

static void spread(FILE *f, const struct cell *c)
{
	char text[48];

	fputs("<td class=n>", f);
	if (c->n == 1)
		fputs("1 only", f);
	else if (c->instructions_min == c->instructions_max && c->trips_min == c->trips_max)
		fprintf(f, "%u identical", c->n);
	else
		fprintf(f, "%u, ±%s", c->n,
			human_number((double)(c->instructions_max - c->instructions_min) / 2 / (double)c->r->ops, text));
	fputs("</td>", f);
}

static void levels(FILE *f, const struct row *r)
{
	if (r->shadow_levels)
		fprintf(f, "<td class=nowrap>%u on %u</td>", r->guest_levels, r->shadow_levels);
	else
		fprintf(f, "<td class=nowrap>%u</td>", r->guest_levels);
}

/* False: the recipe has no result in this workload. */
static bool table_row(FILE *f, const struct dataset *d, const char *workload, const char *phase, const char *recipe, bool first)
{
	struct cell c, native;

	if (!dataset_cell(d, recipe, workload, phase, false, &c))
		return false;
	fprintf(f, "<tr%s>", first ? " class=group" : "");
	html_td_text(f, phase);
	html_th_row(f, recipe);
	levels(f, c.r);
	html_td(f, (double)c.r->ops);
	html_td(f, per_op(&c, c.r->instructions));
	if (dataset_cell(d, "native", workload, phase, false, &native) && native.r->instructions) {
		char text[48];

		fprintf(f, "<td class=n>%s×</td>",
			human_number(per_op(&c, c.r->instructions) / per_op(&native, native.r->instructions), text));
	} else {
		fputs("<td class=n>–</td>", f);
	}
	report_known(f, !c.r->trips_uncounted, per_op(&c, c.r->trips));
	trips_in_words(f, &c);
	report_known(f, !c.r->by_peer, per_op(&c, c.r->bytes_touched));
	spread(f, &c);
	fputs("</tr>\n", f);
	return true;
}

static void table(FILE *f, const struct dataset *d, const char *base)
{
	const char *form, *phase, *recipe;

	table_begin(
		f,
		"<th scope=col>phase</th><th scope=col>recipe</th><th scope=col>levels</th><th scope=col class=n>operations</th>"
		"<th scope=col class=n>instructions<br>per op</th><th scope=col class=n>of<br>native</th>"
		"<th scope=col class=n>trips<br>per op</th><th scope=col>of these</th>"
		"<th scope=col class=n>table bytes<br>per op</th><th scope=col class=n>repetitions</th>");
	for (unsigned i = 0; (form = nth_form(d, base, i)); i++)
		for (unsigned p = 0; (phase = dataset_phase(d, form, p)); p++) {
			bool first = true;

			for (unsigned r = 0; (recipe = ordered_recipe(d, r)); r++)
				first &= !table_row(f, d, form, phase, recipe, first);
		}
	table_end(f, "Per operation of the measured region, tracing off; the median repetition. Levels: the guest's page-table "
		     "levels, and the "
		     "shadow's. Table bytes: bytes of page tables that the hypervisor read or wrote on the guest's behalf. "
		     "Repetitions: how many, and whether instructions and trips were identical in all of them (else ± half their "
		     "range).");
}

/*
 * A workload in one form under few recipes shows its tables; a bigger one folds them away. On paper what is folded is not there,
 * but the figures of a workload in one form.
 */
static void tables(FILE *f, const struct dataset *d, const char *base, const char *form)
{
	bool several = nth_form(d, base, 1), fold = several || d->nr_recipes > 6;

	if (several)
		report_levels(f, d, base);
	if (fold)
		fprintf(f, "<details%s><summary>Every recipe, form and phase</summary>\n", several ? "" : " class=paper");
	table(f, d, base);
	fputs(fold ? "</details>\n<details><summary>What each kind of trip cost</summary>\n" : "", f);
	report_cost_table(f, d, form);
	report_trip_cycles(f, d, form);
	fputs(fold ? "</details>\n" : "", f);
}

static void section(FILE *f, const struct dataset *d, const char *base)
{
	const char *form = main_form(d, base);

	fputs("<section id=\"w-", f);
	html_text(f, base);
	fputs("\"><h3>", f);
	html_text(f, base);
	fputs("</h3><p>", f);
	html_text(f, dataset_text(d, "workloads", form));
	fputs(".</p>\n", f);
	if (!dataset_phase(d, form, 0)) {
		fputs("<p class=soft>No guest run of this workload has a result: see <a href=\"#unfinished\">what did not "
		      "finish</a>.</p></section>\n",
		      f);
		return;
	}
	report_cycle_bars(f, d, form);
	fputs("<div class=figs>\n", f);
	picture(f, d, form, fill_instructions, "instructions per operation",
		"Instructions of guest and hypervisor together, per operation.");
	trips_picture(f, d, form);
	picture(f, d, form, fill_bytes, "bytes per operation",
		"Bytes of page tables that the hypervisor touched, per operation.");
	report_cost_picture(f, d, form);
	fputs("</div>\n", f);
	tables(f, d, base, form);
	fputs("</section>\n", f);
}

void report_workloads(FILE *f, const struct dataset *d)
{
	const char *base;

	fputs("<h2 id=workloads>Workload by workload</h2>\n", f);
	for (unsigned w = 0; (base = nth_base(d, w)); w++)
		if (!sizes_are_compared(d, base))
			section(f, d, base);
}
