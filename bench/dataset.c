/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows out of a results tree. The tree may be an old file: a kind of trip or a
 * counter that it does not have is 0, one that this program does not know is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "results.h"

const char *const trip_names[TRIP_MAX] = {
#define TRIP(id, text, paging) #id,
#include "hv/include/trips.def"
#undef TRIP
};

const char *const trip_texts[TRIP_MAX] = {
#define TRIP(id, text, paging) text,
#include "hv/include/trips.def"
#undef TRIP
};

const bool trip_is_paging[TRIP_MAX] = {
#define TRIP(id, text, paging) paging,
#include "hv/include/trips.def"
#undef TRIP
};

const char *const counter_names[PN_CNT_MAX] = {
#define X(id, text) #id,
	PN_COUNTERS(X)
#undef X
};

static uint64_t number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static const char *string(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static void load_row(struct row *w, const json_t *item, const json_t *region)
{
	const json_t *trips = json_object_get(region, "trip");
	const json_t *counters = json_object_get(region, "counter");

	*w = (struct row){ .recipe = string(item, "recipe"),
			   .workload = string(item, "workload"),
			   .phase = string(region, "phase"),
			   .guest_levels = (unsigned)number(region, "guest_levels"),
			   .shadow_levels = (unsigned)number(region, "shadow_levels"),
			   .repetition = (unsigned)number(item, "repetition"),
			   .traced = json_is_true(json_object_get(item, "traced")),
			   .ops = number(region, "ops"),
			   .instructions = number(region, "instructions"),
			   .trips = number(region, "trips"),
			   .bytes = number(region, "bytes"),
			   .trace_written = number(region, "trace_written"),
			   .trace_lost = number(region, "trace_lost"),
			   .item = item };
	for (unsigned t = 0; t < TRIP_MAX; t++) {
		const json_t *c = json_object_get(trips, trip_names[t]);

		w->trip[t] = (struct trip_cost){ number(c, "count"), number(c, "ticks"), number(c, "bytes") };
	}
	for (unsigned c = 0; c < PN_CNT_MAX; c++)
		w->counter[c] = number(counters, counter_names[c]);
}

void dataset_load(struct dataset *d, const json_t *root)
{
	const json_t *item, *region;
	size_t i, k;

	*d = (struct dataset){ .root = root };
	json_array_foreach(json_object_get(root, "items"), i, item) {
		if (!item_finished(item)) {
			d->unfinished = xrealloc(d->unfinished, (d->nr_unfinished + 1) * sizeof(*d->unfinished));
			d->unfinished[d->nr_unfinished++] = item;
			continue;
		}
		json_array_foreach(json_object_get(item, "regions"), k, region) {
			if (!number(region, "ops"))
				continue;
			d->row = xrealloc(d->row, (d->nr_rows + 1) * sizeof(*d->row));
			load_row(&d->row[d->nr_rows++], item, region);
		}
	}
}

void dataset_free(struct dataset *d)
{
	free(d->row);
	free(d->unfinished);
	memset(d, 0, sizeof(*d));
}

static bool row_is(const struct row *w, const char *recipe, const char *workload, const char *phase, bool traced)
{
	return w->traced == traced && !strcmp(w->recipe, recipe) && !strcmp(w->workload, workload) && !strcmp(w->phase, phase);
}

static void widen(struct cell *c, const struct row *w)
{
	if (!c->n || w->instructions < c->instructions_min)
		c->instructions_min = w->instructions;
	if (!c->n || w->instructions > c->instructions_max)
		c->instructions_max = w->instructions;
	if (!c->n || w->trips < c->trips_min)
		c->trips_min = w->trips;
	if (!c->n || w->trips > c->trips_max)
		c->trips_max = w->trips;
	c->n++;
}

static int by_instructions(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return ((*x)->instructions > (*y)->instructions) - ((*x)->instructions < (*y)->instructions);
}

bool dataset_cell(const struct dataset *d, const char *recipe, const char *workload, const char *phase, bool traced, struct cell *c)
{
	const struct row **all = xcalloc(d->nr_rows, sizeof(*all));

	*c = (struct cell){ 0 };
	if (!phase)
		phase = dataset_main_phase(d, workload);
	for (unsigned i = 0; phase && i < d->nr_rows; i++) {
		if (!row_is(&d->row[i], recipe, workload, phase, traced))
			continue;
		all[c->n] = &d->row[i];
		widen(c, &d->row[i]);
	}
	qsort(all, c->n, sizeof(*all), by_instructions);
	if (c->n)
		c->r = all[(c->n - 1) / 2];
	free(all);
	return c->n > 0;
}

double per_op(const struct cell *c, uint64_t total)
{
	return (double)total / (double)c->r->ops;
}

const char *dataset_phase(const struct dataset *d, const char *workload, unsigned nth)
{
	for (unsigned i = 0; i < d->nr_rows; i++) {
		bool seen = strcmp(d->row[i].workload, workload);

		for (unsigned k = 0; k < i && !seen; k++)
			seen = !strcmp(d->row[k].workload, workload) && !strcmp(d->row[k].phase, d->row[i].phase);
		if (!seen && nth-- == 0)
			return d->row[i].phase;
	}
	return NULL;
}

const char *dataset_main_phase(const struct dataset *d, const char *workload)
{
	const char *phase = dataset_phase(d, workload, 0);

	return phase && !strcmp(phase, PHASE_EMPTY) ? dataset_phase(d, workload, 1) : phase;
}

static bool item_mentions(const struct dataset *d, const char *key, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item)
		if (!strcmp(string(item, key), name))
			return true;
	return false;
}

static const char *nth_used(const struct dataset *d, const char *list, const char *key, unsigned nth)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(d->root, list), i, entry)
		if (item_mentions(d, key, string(entry, "name")) && nth-- == 0)
			return string(entry, "name");
	return NULL;
}

const char *dataset_recipe(const struct dataset *d, unsigned nth)
{
	return nth_used(d, "recipes", "recipe", nth);
}

const char *dataset_workload(const struct dataset *d, unsigned nth)
{
	return nth_used(d, "workloads", "workload", nth);
}

const char *dataset_text(const struct dataset *d, const char *list, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(d->root, list), i, entry)
		if (!strcmp(string(entry, "name"), name))
			return string(entry, "text");
	return "";
}

static const json_t *form_entry(const struct dataset *d, const char *form)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(d->root, "workloads"), i, entry)
		if (!strcmp(string(entry, "name"), form))
			return entry;
	return NULL;
}

const char *dataset_base(const struct dataset *d, const char *form)
{
	const char *base = string(form_entry(d, form), "workload");

	return *base ? base : form;
}

unsigned dataset_levels(const struct dataset *d, const char *form)
{
	unsigned levels = (unsigned)number(form_entry(d, form), "levels");

	return levels ? levels : 4;
}

int64_t item_counter(const json_t *item, enum pn_counter c)
{
	const json_t *v = json_object_get(json_object_get(json_object_get(item, "stat"), "counter"), counter_names[c]);

	return v ? json_integer_value(v) : -1;
}
