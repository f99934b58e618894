/* SPDX-License-Identifier: BSD-2-Clause */
/* Which operation, and its trips as steps. */
#include "from_trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "say.h"
#include "traced_trips.h"

#define PFEC_W 2u
#define PFEC_I 16u

/* An operation of a region's: which it is under any recipe. */
struct op_key {
	char operation[32];
	uint64_t page;
	unsigned before; /* operations of the same kind on the same page, */
	unsigned alike;  /* and of the same kind alone */
	uint64_t number; /* in its own trace */
	unsigned nth;    /* in the region, from 1; 0: there is none */
	unsigned of;     /* so many are there */
};

/* A region's. */
struct ops {
	const json_t *trips;
	bool paging; /* some are page-table virtualisation */
};

static uint64_t page_of(const json_t *trip)
{
	return number_of(trip, "va") >> 12;
}

static bool is_paging(const json_t *trip)
{
	static const struct {
		const char *kind;
		bool paging;
	} kinds[] = {
#define TRIP(id, text, paging) { #id, paging },
#include "trips.def"
#undef TRIP
	};

	for (unsigned i = 0; i < COUNT_OF(kinds); i++)
		if (!strcmp(kinds[i].kind, text_of(trip, "kind")))
			return kinds[i].paging;
	return false;
}

/*
 * Operations have rising numbers, and are known by their first trip. An interrupt is none of the guest's doing; and where there is page-table virtualisation,
 * only that counts.
 */
static bool begins(const struct ops *o, const json_t *trip, uint64_t *last)
{
	if (number_of(trip, "op") <= *last)
		return false;
	*last = number_of(trip, "op");
	return o->paging ? is_paging(trip) : strcmp(text_of(trip, "operation"), "interrupt") != 0;
}

static struct ops ops_of(const json_t *trips)
{
	struct ops o = { trips, false };
	size_t i;
	json_t *trip;

	json_array_foreach((json_t *)(uintptr_t)trips, i, trip) {
		o.paging |= is_paging(trip);
	}
	return o;
}

static void key_of(struct op_key *k, const struct ops *o, const json_t *first)
{
	uint64_t last = 0;
	size_t i;
	json_t *trip;

	snprintf(k->operation, sizeof(k->operation), "%s", text_of(first, "operation"));
	k->page = page_of(first);
	k->number = number_of(first, "op");
	k->before = k->alike = 0;
	json_array_foreach((json_t *)(uintptr_t)o->trips, i, trip) {
		if (trip == first)
			break;
		if (!begins(o, trip, &last) || strcmp(text_of(trip, "operation"), k->operation))
			continue;
		k->alike++;
		k->before += page_of(trip) == k->page;
	}
}

static unsigned count_ops(const struct ops *o)
{
	unsigned n = 0;
	uint64_t last = 0;
	size_t i;
	json_t *trip;

	json_array_foreach((json_t *)(uintptr_t)o->trips, i, trip) {
		n += begins(o, trip, &last);
	}
	return n;
}

/* The nth; 0: one a third of the way in. Beyond the last: that. */
static struct op_key choose(const struct ops *o, unsigned nth)
{
	struct op_key k = { .of = count_ops(o) };
	uint64_t last = 0;
	size_t i;
	json_t *trip;

	if (!k.of)
		return k;
	nth = nth ? nth : k.of / 3 + 1;
	nth = nth < k.of ? nth : k.of;
	json_array_foreach((json_t *)(uintptr_t)o->trips, i, trip) {
		if (begins(o, trip, &last) && ++k.nth == nth) {
			key_of(&k, o, trip);
			break;
		}
	}
	return k;
}

/* Of the operations of that kind, on that page, the one that has so many before it; NULL: of any kind, on any page. False: there is none. */
static bool find(struct op_key *k, const struct ops *o, const char *operation, const uint64_t *page, unsigned before)
{
	uint64_t last = 0;
	size_t i;
	json_t *trip;

	k->nth = 0;
	json_array_foreach((json_t *)(uintptr_t)o->trips, i, trip) {
		if (!begins(o, trip, &last))
			continue;
		k->nth++;
		if ((operation && strcmp(text_of(trip, "operation"), operation)) || (page && page_of(trip) != *page) || before--)
			continue;
		k->number = number_of(trip, "op");
		return true;
	}
	k->nth = 0;
	return false;
}

/*
 * The same under another recipe. Nested paging knows no address of the guest's, nor what it did at one: there the operation is the one as far on, of
 * its kind, or among as many.
 */
static struct op_key choose_like(const struct ops *o, const struct op_key *like)
{
	struct op_key k = *like;

	k.of = count_ops(o);
	if (find(&k, o, like->operation, &like->page, 0))
		find(&k, o, like->operation, &like->page, like->before);
	else if (!find(&k, o, like->operation, NULL, like->alike) && k.of == like->of)
		find(&k, o, NULL, NULL, like->nth - 1);
	return k;
}

/* ---- its steps ---- */

static const char *what_it_did(const json_t *trip)
{
	const uint64_t pfec = number_of(trip, "info1");

	if (!*text_of(trip, "fate"))
		return "traced_exit";
	if (!strcmp(text_of(trip, "kind"), "npf"))
		return "traced_nested";
	return pfec & PFEC_W ? "traced_write" : pfec & PFEC_I ? "traced_fetch" : "traced_read";
}

/* Its own part, told like the recorder's. */
static json_t *told_trip(const json_t *trip)
{
	const bool fault = *text_of(trip, "fate");
	json_t *ticks = json_object_get(trip, "ticks");

	return json_pack("{s:O, s:s, s:s, s:s, s:O, s:{}, s:O, s:O, s:O, s:O}", "kind", json_object_get(trip, "kind"), "why",
			 !fault                               ? "instruction" :
			 strcmp(text_of(trip, "kind"), "npf") ? "access" :
								"nested",
			 "va", fault ? text_of(trip, "va") : "0x0", "pfec", fault ? text_of(trip, "info1") : "0x0", "events",
			 json_object_get(trip, "events"), "counters", "bytes", json_object_get(trip, "bytes"), "ticks_least",
			 ticks, "ticks_most", ticks, "ticks_sum", ticks);
}

/* `several`: so are the guest's CPUs. */
static json_t *step_of(const json_t *trip, bool several)
{
	json_t *step = json_pack("{s:s, s:s, s:s, s:O, s:O, s:[o], s:[]}", "do", what_it_did(trip), "by", "guest", "va",
				 *text_of(trip, "va") ? text_of(trip, "va") : "0x0", "rip", json_object_get(trip, "rip"), "kind",
				 json_object_get(trip, "kind"), "trips", told_trip(trip), "changes");

	if (several)
		json_object_set(step, "cpu", json_object_get(trip, "vcpu"));
	if (!strcmp(text_of(trip, "kind"), "pf_guest"))
		json_object_set(step, "fault", json_object_get(trip, "info1"));
	return step;
}

static void add_to(json_t *kinds, const char *kind)
{
	json_object_set_new(kinds, kind, json_integer(json_integer_value(json_object_get(kinds, kind)) + 1));
}

static json_t *phase_of(const json_t *region, const json_t *trips, const struct op_key *k)
{
	json_t *steps = json_array(), *kinds = json_object(), *trip;
	json_int_t bytes = 0, op_bytes = 0;
	bool several = false;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)trips, i, trip) {
		several |= number_of(trip, "vcpu") != 0;
	}
	json_array_foreach((json_t *)(uintptr_t)trips, i, trip) {
		add_to(kinds, text_of(trip, "kind"));
		bytes += (json_int_t)number_of(trip, "bytes");
		if (!k->nth || number_of(trip, "op") != k->number)
			continue;
		op_bytes += (json_int_t)number_of(trip, "bytes");
		json_array_append_new(steps, step_of(trip, several));
	}
	return json_pack("{s:s, s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:o}", "phase", text_of(region, "name"), "ops",
			 (json_int_t)k->of, "operation", (int)k->nth, "guest_ops", (json_int_t)number_of(region, "ops"), "trips",
			 (json_int_t)json_array_size(trips), "bytes", bytes, "operation_trips",
			 (json_int_t)json_array_size(steps), "operation_bytes", op_bytes, "what", k->operation, "kinds", kinds,
			 "steps", steps);
}

/* ---- side by side ---- */

static json_t *steps_of(const struct explained *e, unsigned r, size_t i)
{
	return json_object_get(explained_phase(e, r, i), "steps");
}

/* What the guest does there: the same under all recipes. An address of a fault is its page's. */
static bool same_step(const json_t *a, const json_t *b)
{
	return !strcmp(text_of(a, "do"), text_of(b, "do")) && number_of(a, "va") >> 12 == number_of(b, "va") >> 12 &&
	       (strcmp(text_of(a, "do"), "traced_exit") || !strcmp(text_of(a, "kind"), text_of(b, "kind")));
}

/* Numbers, by which steps are aligned: of the recipe with most steps one after the other, of the others the next that is the same, or one behind all. */
static void number_steps(const struct explained *e, size_t i)
{
	unsigned most = 0;
	json_t *rows, *step, *row;
	size_t k, n;

	for (unsigned r = 1; r < e->nr; r++)
		if (json_array_size(steps_of(e, r, i)) > json_array_size(steps_of(e, most, i)))
			most = r;
	rows = json_copy(steps_of(e, most, i));
	json_array_foreach(rows, n, row) {
		json_object_set_new(row, "n", json_integer((json_int_t)n));
	}
	for (unsigned r = 0; r < e->nr; r++) {
		size_t next = 0;

		if (r == most)
			continue;
		json_array_foreach(steps_of(e, r, i), k, step) {
			for (n = next; n < json_array_size(rows) && !same_step(step, json_array_get(rows, n)); n++)
				;
			if (n == json_array_size(rows))
				json_array_append(rows, step);
			json_object_set_new(step, "n", json_integer((json_int_t)n));
			next = n + 1;
		}
	}
	json_decref(rows);
}

/* A phase in which nobody leaves the guest has one step, which says so. */
static void fill_phase(const struct explained *e, size_t i)
{
	for (unsigned r = 0; r < e->nr; r++)
		if (json_array_size(steps_of(e, r, i)))
			return;
	for (unsigned r = 0; r < e->nr; r++)
		json_array_append_new(steps_of(e, r, i),
				      json_pack("{s:i, s:s, s:s, s:s, s:O, s:[], s:[]}", "n", 0, "do", "no_trip", "by", "guest",
						"va", "0x0", "ops", json_object_get(explained_phase(e, r, i), "guest_ops"),
						"trips", "changes"));
}

/* False after a message: the recipes' traces do not have the same regions. */
static bool align(const struct explained *e)
{
	const size_t n = json_array_size(json_object_get(e->told[0], "phases"));

	for (unsigned r = 0; r < e->nr; r++)
		for (size_t i = 0; i < n || explained_phase(e, r, i); i++)
			if (strcmp(text_of(explained_phase(e, 0, i), "phase"), text_of(explained_phase(e, r, i), "phase"))) {
				say("the traces under %s and %s do not have the same regions", e->recipe[0]->name,
				    e->recipe[r]->name);
				return false;
			}
	for (size_t i = 0; i < n; i++) {
		number_steps(e, i);
		fill_phase(e, i);
	}
	return true;
}

/* ---- all recipes ---- */

#define REGIONS_MOST 256 /* of a guest, that are told of */

static json_t *told_of(const json_t *all, unsigned nth, struct op_key key[REGIONS_MOST])
{
	json_t *phases = json_array(), *region;
	size_t i;

	json_array_foreach(json_object_get(all, "regions"), i, region) {
		if (i == REGIONS_MOST)
			break;
		json_t *trips = traced_trips_in(all, (unsigned)i + 1, true);
		const struct ops o = ops_of(trips);
		struct op_key k;

		k = key[i].nth ? choose_like(&o, &key[i]) : choose(&o, nth);
		if (!key[i].nth)
			key[i] = k;
		json_array_append_new(phases, phase_of(region, trips, &k));
		json_decref(trips);
	}
	return json_pack("{s:o}", "phases", phases);
}

/* What the run knows of the workload. */
static void name_it(struct explained *e, const json_t *root, const char *name)
{
	size_t i;
	json_t *w;

	e->name = xstrdup(name);
	json_array_foreach(json_object_get(root, "workloads"), i, w) {
		if (strcmp(text_of(w, "name"), name))
			continue;
		e->text = xstrdup(text_of(w, "text"));
		e->levels = strcmp(text_of(w, "kind"), "own") ? (unsigned)number_of(w, "levels") : 0;
	}
	if (!e->text)
		e->text = xstrdup("a guest of the user's own");
}

static bool add_recipe(struct explained *e, const char *name)
{
	const struct recipe *r = recipe_find(name);

	if (!r)
		say("the run has a recipe that this version does not know: %s", name);
	else if (e->nr == EXPLAIN_RECIPES)
		say("%u recipes side by side are the most: --recipe chooses", EXPLAIN_RECIPES);
	else
		e->recipe[e->nr++] = r;
	return r && e->recipe[e->nr - 1] == r;
}

bool explain_trips(struct explained *e, json_t *const all[], unsigned nth)
{
	struct op_key *key = xcalloc(REGIONS_MOST, sizeof(*key));

	for (unsigned r = 0; r < e->nr; r++)
		e->told[r] = told_of(all[r], nth, key);
	free(key);
	return align(e);
}

static int read_all(struct explained *e, const struct traced_list *l, unsigned nth)
{
	json_t *all[EXPLAIN_RECIPES] = { 0 };
	bool good = true;

	for (unsigned i = 0; i < l->count && good; i++)
		good = add_recipe(e, l->trace[i].recipe) && (all[e->nr - 1] = traced_trips(&l->trace[i]));
	good = good && explain_trips(e, all, nth);
	for (unsigned r = 0; r < e->nr; r++)
		json_decref(all[r]);
	return good ? EXIT_OK : EXIT_FAILED;
}

int explain_from_traces(struct explained *e, const struct options *o, const struct paths *p)
{
	char *dir = path_run(p, o->run[0]), *plugin = path_trace_plugin(p);
	json_t *root = dir ? results_load(dir, false, NULL) : NULL;
	struct traced_list l = { 0 };
	int ret = EXIT_FAILED;

	e->traced = true;
	if (root)
		name_it(e, root, o->row[0]);
	if (root && traced_find(&l, dir, root, o->recipes, o->row[0]) && trace_plugins_load(plugin)) {
		ret = read_all(e, &l, o->nth);
		trace_plugins_free();
	}
	traced_free(&l);
	json_decref(root);
	free(plugin);
	free(dir);
	return ret;
}
