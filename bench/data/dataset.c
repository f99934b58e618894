/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows out of a results tree. The tree may be an old file: a kind of trip or a
 * counter that it does not have is 0, one that this program does not know is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "item.h"

const char *const trip_names[TRIP_MAX] = {
#define TRIP(id, text, paging) #id,
#include "abi/trips.def"
#undef TRIP
};

const char *const trip_texts[TRIP_MAX] = {
#define TRIP(id, text, paging) text,
#include "abi/trips.def"
#undef TRIP
};

const bool trip_is_paging[TRIP_MAX] = {
#define TRIP(id, text, paging) paging,
#include "abi/trips.def"
#undef TRIP
};

const char *const counter_names[PN_CNT_MAX] = {
#define X(id, text) #id,
	PN_COUNTERS(X)
#undef X
};

/* A whole number of an object; 0 if it has none, as an older file may not. */
static uint64_t number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static struct trip_cost load_trip(const json_t *c)
{
	return (struct trip_cost){
#define REGION_TRIPS(id, kind, unit, text) .id = number(c, #id),
#include "abi/region.def"
	};
}

/* One measured region as a row. Trips that only an emulator makes are in `emulator` and in no kind's figures. */
static void load_row(struct row *w, const json_t *item, const json_t *region)
{
	const json_t *trips = json_object_get(region, "trip");
	const json_t *counters = json_object_get(region, "counter"), *host = json_object_get(region, "host");

	*w = (struct row){
		.recipe = json_text(item, "recipe"),
		.workload = json_text(item, "workload"),
		.phase = json_text(region, "phase"),
		.repetition = (unsigned)number(item, "repetition"),
		.traced = json_is_true(json_object_get(item, "traced")),
		.item = item,
		.cycles = json_object_get(region, "cycles"),
		.trips_uncounted = json_is_true(json_object_get(region, "trips_uncounted")),
#define REGION_NUMBER(type, id, key, kind, unit, text) .id = (type)number(region, key),
#include "abi/region.def"
#define HOST(id, event, heading, text) .host_##id = number(host, #id),
#include "host.def"
#undef HOST
	};
	for (unsigned t = 0; t < TRIP_MAX; t++) {
		const json_t *c = json_object_get(trips, trip_names[t]);

		if (trip_is_figure(t))
			w->trip[t] = load_trip(c);
		else
			w->emulator += number(c, "count");
	}
	for (unsigned c = 0; c < PN_CNT_MAX; c++)
		w->counter[c] = number(counters, counter_names[c]);
}

/* The order of sorted rows, as strcmp() tells it, but for the instructions, by which one cell's repetitions are in order. */
static int by_key(const struct row *a, const char *recipe, const char *workload, const char *phase, bool traced)
{
	int order = strcmp(a->recipe, recipe);

	if (!order)
		order = strcmp(a->workload, workload);
	if (!order)
		order = strcmp(a->phase, phase);
	return order ? order : a->traced - traced;
}

static int by_key_and_instructions(const void *x, const void *y)
{
	const struct row *a = *(const struct row *const *)x, *b = *(const struct row *const *)y;
	int order = by_key(a, b->recipe, b->workload, b->phase, b->traced);

	return order ? order : (a->instructions > b->instructions) - (a->instructions < b->instructions);
}

static void sort_rows(struct dataset *d)
{
	d->sorted = xcalloc(d->nr_rows, sizeof(*d->sorted));
	for (unsigned i = 0; i < d->nr_rows; i++)
		d->sorted[i] = &d->row[i];
	qsort(d->sorted, d->nr_rows, sizeof(*d->sorted), by_key_and_instructions);
}

/* Each phase of each workload once, in the order in which rows first have it, which is the guest's own. */
static void find_phases(struct dataset *d)
{
	for (unsigned i = 0; i < d->nr_rows; i++) {
		const struct row *w = &d->row[i];
		unsigned k = d->nr_phases;

		/* Rows of one workload mostly stand together: look at the newest first. */
		while (k && (strcmp(d->phase[k - 1].workload, w->workload) || strcmp(d->phase[k - 1].phase, w->phase)))
			k--;
		if (k)
			continue;
		d->phase = xrealloc(d->phase, (d->nr_phases + 1) * sizeof(*d->phase));
		d->phase[d->nr_phases++] = (struct phase){ w->workload, w->phase };
	}
}

static bool item_mentions(const json_t *items, const char *key, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
		if (!strcmp(json_text(item, key), name))
			return true;
	return false;
}

/* Names of a catalogue's entries that any guest run is of, finished or not, in its order. The caller frees the list alone. */
static const char **find_used(const json_t *root, const char *list, const char *key, unsigned *n)
{
	const json_t *catalogue = json_object_get(root, list), *entry;
	const char **used = xcalloc(json_array_size(catalogue) + 1, sizeof(*used));
	size_t i;

	*n = 0;
	json_array_foreach(catalogue, i, entry)
		if (item_mentions(json_object_get(root, "items"), key, json_text(entry, "name")))
			used[(*n)++] = json_text(entry, "name");
	return used;
}

/* Rows of what finished, and a list of what did not. */
static void load_items(struct dataset *d)
{
	const json_t *item, *region;
	size_t i, k;

	json_array_foreach(json_object_get(d->root, "items"), i, item) {
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

/* What a recipe that is no hypervisor of ours cannot tell of its rows. */
static void mark_peers(struct dataset *d)
{
	const json_t *recipe;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, recipe) {
		if (strcmp(json_text(recipe, "kind"), "peer"))
			continue;
		for (unsigned k = 0; k < d->nr_rows; k++) {
			struct row *w = &d->row[k];

			if (strcmp(w->recipe, json_text(recipe, "name")))
				continue;
			w->by_peer = true;
			w->trips_uncounted |= json_is_true(json_object_get(recipe, "trips_uncounted"));
		}
	}
}

void dataset_load(struct dataset *d, const json_t *root)
{
	*d = (struct dataset){ .root = root };
	load_items(d);
	mark_peers(d);
	sort_rows(d);
	find_phases(d);
	d->recipe = find_used(root, "recipes", "recipe", &d->nr_recipes);
	d->workload = find_used(root, "workloads", "workload", &d->nr_workloads);
}

void dataset_free(struct dataset *d)
{
	free(d->row);
	free(d->unfinished);
	free(d->sorted);
	free(d->phase);
	free(d->recipe);
	free(d->workload);
	memset(d, 0, sizeof(*d));
}

bool dataset_next(const struct dataset *d, struct repetitions *r)
{
	do {
		const struct row *w = r->end < d->nr_rows ? d->sorted[r->end] : NULL;

		*r = (struct repetitions){ w, r->end, r->end };
		while (w && r->end < d->nr_rows && !by_key(d->sorted[r->end], w->recipe, w->workload, w->phase, w->traced))
			r->end++;
	} while (r->row && r->row->traced);
	return r->row;
}

/* The cell takes in one repetition more. Instructions need no such step: sorted rows are in their order. */
static void widen(struct cell *c, const struct row *w)
{
	if (!c->n || w->trips < c->trips_min)
		c->trips_min = w->trips;
	if (!c->n || w->trips > c->trips_max)
		c->trips_max = w->trips;
	c->n++;
}

/* The first sorted row that is not before this key. */
static unsigned first_row(const struct dataset *d, const char *recipe, const char *workload, const char *phase, bool traced)
{
	unsigned low = 0, high = d->nr_rows;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (by_key(d->sorted[mid], recipe, workload, phase, traced) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool dataset_cell(const struct dataset *d, const char *recipe, const char *workload, const char *phase, bool traced,
		  struct cell *c)
{
	unsigned first;

	*c = (struct cell){ 0 };
	if (!phase)
		phase = dataset_main_phase(d, workload);
	if (!phase)
		return false;
	first = first_row(d, recipe, workload, phase, traced);
	for (unsigned i = first; i < d->nr_rows && !by_key(d->sorted[i], recipe, workload, phase, traced); i++)
		widen(c, d->sorted[i]);
	if (!c->n)
		return false;
	c->r = d->sorted[first + (c->n - 1) / 2];
	c->instructions_min = d->sorted[first]->instructions;
	c->instructions_max = d->sorted[first + c->n - 1]->instructions;
	return true;
}

double per_op(const struct cell *c, uint64_t total)
{
	return (double)total / (double)c->r->ops;
}

const char *dataset_phase(const struct dataset *d, const char *workload, unsigned nth)
{
	for (unsigned i = 0; i < d->nr_phases; i++)
		if (!strcmp(d->phase[i].workload, workload) && nth-- == 0)
			return d->phase[i].phase;
	return NULL;
}

bool dataset_phase_is_in(const char *phase, const char *asked)
{
	return asked ? !strcmp(phase, asked) : strcmp(phase, PHASE_EMPTY) != 0;
}

const char *dataset_main_phase(const struct dataset *d, const char *workload)
{
	const char *phase = dataset_phase(d, workload, 0);

	return phase && !strcmp(phase, PHASE_EMPTY) ? dataset_phase(d, workload, 1) : phase;
}

const char *dataset_recipe(const struct dataset *d, unsigned nth)
{
	return nth < d->nr_recipes ? d->recipe[nth] : NULL;
}

const char *dataset_workload(const struct dataset *d, unsigned nth)
{
	return nth < d->nr_workloads ? d->workload[nth] : NULL;
}

static const json_t *catalogue_entry(const struct dataset *d, const char *list, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(d->root, list), i, entry)
		if (!strcmp(json_text(entry, "name"), name))
			return entry;
	return NULL;
}

const char *dataset_text(const struct dataset *d, const char *list, const char *name)
{
	return json_text(catalogue_entry(d, list, name), "text");
}

const char *dataset_kind(const struct dataset *d, const char *recipe)
{
	return json_text(catalogue_entry(d, "recipes", recipe), "kind");
}

bool dataset_is_peer(const struct dataset *d, const char *recipe)
{
	return !strcmp(dataset_kind(d, recipe), "peer");
}

const char *dataset_why_not(const struct dataset *d, const char *recipe, const char *workload)
{
	for (unsigned i = 0; i < d->nr_unfinished; i++)
		if (!strcmp(json_text(d->unfinished[i], "recipe"), recipe) &&
		    !strcmp(json_text(d->unfinished[i], "workload"), workload))
			return json_text(d->unfinished[i], "reason");
	return "";
}

bool dataset_is_shadow(const struct dataset *d, const char *recipe)
{
	return !strcmp(dataset_kind(d, recipe), "shadow");
}

bool dataset_is_nested(const struct dataset *d, const char *recipe)
{
	return !strcmp(dataset_kind(d, recipe), "nested");
}

const char *dataset_variant_base(const struct dataset *d, const char *recipe)
{
	return json_text(catalogue_entry(d, "recipes", recipe), "base");
}

bool dataset_is_variant(const struct dataset *d, const char *recipe)
{
	return *dataset_variant_base(d, recipe);
}

const char *dataset_base(const struct dataset *d, const char *form)
{
	const char *base = json_text(catalogue_entry(d, "workloads", form), "workload");

	return *base ? base : form;
}

unsigned dataset_levels(const struct dataset *d, const char *form)
{
	unsigned levels = (unsigned)number(catalogue_entry(d, "workloads", form), "levels");

	return levels ? levels : 4;
}

int64_t item_counter(const json_t *item, enum pn_counter c)
{
	const json_t *v = json_object_get(json_object_get(json_object_get(item, "stat"), "counter"), counter_names[c]);

	return v ? json_integer_value(v) : -1;
}
