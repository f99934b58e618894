/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of trip cost, from the histograms that the hypervisor always
 * keeps. They are of a guest's whole life, its warm-up included, untraced.
 */
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "stats.h"

struct cost {
	uint64_t count, ticks, bytes;
	struct histogram hist;
};

/* The first untraced guest run of that recipe and workload that finished: the costs are those of its whole life. NULL: none. */
static const json_t *an_item(const struct dataset *d, const char *recipe, const char *workload)
{
	for (unsigned i = 0; i < d->nr_rows; i++)
		if (!d->row[i].traced && !strcmp(d->row[i].recipe, recipe) && !strcmp(d->row[i].workload, workload))
			return d->row[i].item;
	return NULL;
}

/* One kind of trip of that guest: ticks of the TSC, which counts instructions here. False: it made none. */
static bool cost_of(const json_t *item, enum trip t, struct cost *c)
{
	const json_t *trip = json_object_get(json_object_get(json_object_get(item, "stat"), "trip"), trip_names[t]);

	memset(c, 0, sizeof(*c));
	if (!trip_is_figure(t))
		return false;
	c->count = (uint64_t)json_integer_value(json_object_get(trip, "count"));
	c->ticks = (uint64_t)json_integer_value(json_object_get(trip, "ticks"));
	c->bytes = (uint64_t)json_integer_value(json_object_get(trip, "bytes"));
	histogram_add(&c->hist, json_object_get(trip, "hist"));
	return c->count > 0;
}

static uint64_t all_trips(const json_t *item)
{
	uint64_t n = 0;
	struct cost c;

	for (unsigned t = 0; t < TRIP_MAX; t++)
		if (cost_of(item, t, &c))
			n += c.count;
	return n;
}

static void cost_row(FILE *f, const char *recipe, enum trip t, const struct cost *c, uint64_t all, bool first)
{
	static const double at[] = { 5, 50, 95 };

	fprintf(f, "<tr%s>", first ? " class=group" : "");
	html_th_row(f, recipe);
	fprintf(f, "<td title=\"");
	html_text(f, trip_texts[t]);
	fprintf(f, "\">%s</td>", trip_names[t]);
	html_td(f, (double)c->count);
	fprintf(f, "<td class=n>%.1f %%</td>", 100 * (double)c->count / (double)all);
	html_td(f, (double)c->ticks / (double)c->count);
	for (unsigned i = 0; i < COUNT_OF(at); i++)
		html_td(f, (double)(uint64_t)histogram_percentile(&c->hist, at[i]));
	html_td(f, (double)c->bytes / (double)c->count);
	fputs("</tr>\n", f);
}

static bool has_costs(const struct dataset *d, const char *workload)
{
	const char *recipe;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		if (all_trips(an_item(d, recipe, workload)))
			return true;
	return false;
}

void report_cost_table(FILE *f, const struct dataset *d, const char *workload)
{
	const char *recipe;

	if (!has_costs(d, workload))
		return;
	table_begin(f, "<th scope=col>recipe</th><th scope=col>kind of trip</th><th scope=col class=n>trips</th><th scope=col "
		       "class=n>share</th>"
		       "<th scope=col class=n>mean</th><th scope=col class=n>p5</th><th scope=col class=n>p50</th>"
		       "<th scope=col class=n>p95</th><th scope=col class=n>table bytes<br>per trip</th>");
	for (unsigned r = 0; (recipe = ordered_recipe(d, r)); r++) {
		const json_t *item = an_item(d, recipe, workload);
		uint64_t all = item ? all_trips(item) : 0;
		bool first = true;
		struct cost c;

		for (unsigned t = 0; all && t < TRIP_MAX; t++)
			if (cost_of(item, t, &c)) {
				cost_row(f, recipe, t, &c, all, first);
				first = false;
			}
	}
	table_end(f, "Every trip of one guest's whole life, warm-up and start included: instructions from exit to entry. "
		     "Percentiles come from a log2 "
		     "histogram: right to their power of two.");
}

#define MAX_LINES 24

struct distribution {
	double share[MAX_LINES + 1][PN_HIST_BUCKETS];
	struct line line[MAX_LINES];
	const char *recipe[MAX_LINES];
	unsigned n, first, last;
};

/* All kinds of one recipe's trips together, in per cent. False: it has none. */
static bool distribution_of(const struct dataset *d, const char *recipe, const char *workload, double share[PN_HIST_BUCKETS])
{
	const json_t *item = an_item(d, recipe, workload);
	struct histogram sum = { .total = 0 };
	struct cost c;

	for (unsigned t = 0; item && t < TRIP_MAX; t++)
		if (cost_of(item, t, &c)) {
			for (unsigned b = 0; b < PN_HIST_BUCKETS; b++)
				sum.count[b] += c.hist.count[b];
			sum.total += c.hist.total;
		}
	for (unsigned b = 0; b < PN_HIST_BUCKETS; b++)
		share[b] = sum.total ? 100 * (double)sum.count[b] / (double)sum.total : 0;
	return sum.total > 0;
}

/* The distributions of all recipes pictured, and the buckets that any of them has: the picture begins and ends there. */
static void gather(struct distribution *g, const struct dataset *d, const char *workload)
{
	const char *recipe;

	g->first = PN_HIST_BUCKETS;
	for (unsigned r = 0; (recipe = pictured_recipe(d, workload, r)) && g->n < MAX_LINES; r++) {
		double *share = g->share[g->n];

		if (!distribution_of(d, recipe, workload, share))
			continue;
		for (unsigned b = 0; b < PN_HIST_BUCKETS; b++) {
			if (b < g->first && share[b] > 0)
				g->first = b;
			if (b > g->last && share[b] > 0)
				g->last = b;
		}
		g->recipe[g->n] = recipe;
		g->line[g->n++].colour = recipe_colour(d, recipe);
	}
	for (unsigned i = 0; i < g->n; i++)
		g->line[i].y = g->share[i] + g->first;
}

static void cost_picture(FILE *f, const struct distribution *g, const char *workload)
{
	char *label = xfmt("%s: distribution of the trips' costs by recipe; the table below has means and percentiles", workload);

	report_picture_begin(
		f, plot_buckets(g->line, g->n, g->first, g->last - g->first + 1, "instructions from exit to entry", "% of trips"),
		label);
	report_key_begin(f);
	for (unsigned i = 0; i < g->n; i++)
		report_key(f, g->line[i].colour, g->recipe[i]);
	report_key_end(f);
	report_picture_end(f, "What the trips cost: share of all trips of a guest's whole life, by powers of two.");
	free(label);
}

void report_cost_picture(FILE *f, const struct dataset *d, const char *workload)
{
	struct distribution *g = xcalloc(1, sizeof(*g));

	gather(g, d, workload);
	if (g->n)
		cost_picture(f, g, workload);
	free(g);
}
