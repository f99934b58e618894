/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of this program's own, in a directory that goes afterwards; or one that is there. */
#include "bare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "results.h"
#include "say.h"
#include "scratch_run.h"
#include "traced_trips.h"

/* Trips that belong to no operation, as after the CR3 load that ends a phase: so many may differ, and one in a thousand operations. */
#define STRAY_TRIPS 4

static char *recipe_names(const struct explained *e)
{
	char *all = xstrdup("");

	for (unsigned r = 0; r < e->nr; r++)
		list_add(&all, ",", "%s", e->recipe[r]->name);
	return all;
}

static int measure(const struct explained *e, const struct options *o, const struct paths *p, const struct scratch_run *s)
{
	char *names = recipe_names(e);
	const char *words[10] = { "--recipe", names, "--workload", e->workload->name, "--build", p->build };
	unsigned n = 6;
	int ret;

	if (o->qemu) {
		words[n++] = "--qemu";
		words[n++] = o->qemu;
	}
	if (o->cycles)
		words[n++] = "--cycles";
	ret = scratch_run(s, words);
	free(names);
	return ret;
}

static const json_t *region_of(const json_t *root, const char *recipe, const char *workload, const char *phase)
{
	size_t i, k;
	json_t *item, *region;

	json_array_foreach(json_object_get(root, "items"), i, item) {
		if (!strcmp(text_of(item, "recipe"), recipe) && !strcmp(text_of(item, "workload"), workload) &&
		    item_finished(item) && !json_is_true(json_object_get(item, "traced")))
			json_array_foreach(json_object_get(item, "regions"), k, region) {
				if (!strcmp(text_of(region, "phase"), phase))
					return region;
			}
	}
	return NULL;
}

/* "pf_fixed: 17001 there, 17000 here", one behind the other. NULL: every kind agrees. *worst: the largest difference. */
static char *differences(const json_t *here, const json_t *there, uint64_t *worst)
{
	json_t *all = json_object(), *value;
	const char *kind;
	char *s = NULL;

	*worst = 0;
	json_object_update(all, (json_t *)(uintptr_t)here);
	json_object_update(all, (json_t *)(uintptr_t)there);
	json_object_foreach(all, kind, value) {
		const uint64_t a = number_of(here, kind), b = number_of(json_object_get(there, kind), "count");
		const uint64_t by = a > b ? a - b : b - a;

		/* No hardware makes the one, and no figure counts it; the other is none of the guest's doing. */
		if (!by || !strcmp(kind, "emulator") || !strcmp(kind, "interrupt"))
			continue;
		list_add(&s, "; ", "%s: %" PRIu64 " there, %" PRIu64 " here", kind, b, a);
		*worst = by > *worst ? by : *worst;
	}
	json_decref(all);
	return s;
}

/* False after a message: the phase's operations do not come to the same. */
static bool compare(json_t *phase, const char *recipe, const json_t *region)
{
	const json_t *kinds = json_object_get(region, "trip");
	uint64_t worst;
	char *differ = differences(json_object_get(phase, "kinds"), kinds, &worst);
	const bool agrees = worst <= STRAY_TRIPS + number_of(phase, "ops") / 1000;
	json_t *bare = json_pack("{s:O, s:O, s:O, s:O, s:b}", "trips", json_object_get(region, "trips"), "bytes",
				 json_object_get(region, "bytes"), "instructions", json_object_get(region, "instructions"),
				 "kinds", kinds, "agrees", agrees);

	if (differ)
		json_object_set_new(bare, "differs", json_string(differ));
	if (json_object_size(json_object_get(region, "cycles")))
		json_object_set(bare, "cycles", json_object_get(region, "cycles"));
	json_object_set_new(phase, "bare", bare);
	if (!agrees)
		say("%s, phase %s: in the hypervisor it takes other trips: %s", recipe, text_of(phase, "phase"), differ);
	free(differ);
	return agrees;
}

static int compare_all(const struct explained *e, const json_t *root)
{
	int ret = EXIT_OK;

	for (unsigned r = 0; r < e->nr; r++) {
		json_t *phase;

		for (size_t i = 0; (phase = explained_phase(e, r, i)); i++) {
			const json_t *region = region_of(root, e->recipe[r]->name, e->workload->name, text_of(phase, "phase"));

			if (!region)
				say("%s, phase %s: it was not measured in the hypervisor", e->recipe[r]->name,
				    text_of(phase, "phase"));
			if (!region || !compare(phase, e->recipe[r]->name, region))
				ret = EXIT_FAILED;
		}
	}
	return ret;
}

/* ---- trip by trip ---- */

static json_t *phase_named(const json_t *told, const char *name)
{
	size_t i;
	json_t *phase;

	json_array_foreach(json_object_get(told, "phases"), i, phase) {
		if (!strcmp(text_of(phase, "phase"), name))
			return phase;
	}
	return NULL;
}

static void say_differences(const char *recipe, const char *phase, const json_t *differs)
{
	size_t i;
	json_t *text;

	json_array_foreach((json_t *)(uintptr_t)differs, i, text) {
		say("%s, phase %s: %s", recipe, phase, json_string_value(text));
	}
}

/* `told`: the hosted engine's phase, traced; `all`: the hypervisor's trips. False after a message: they are not the same trips. */
static bool hold_phase(json_t *phase, const char *recipe, const json_t *told, const json_t *all)
{
	const char *name = text_of(phase, "phase");
	const unsigned region = traced_region(all, name);
	json_t *trips, *held;
	bool agrees;

	if (!told || !region) {
		say("%s, phase %s: it is not in the hypervisor's trace", recipe, name);
		return false;
	}
	trips = traced_trips_in(all, region, false);
	held = hold_trips(told, trips);
	json_decref(trips);
	agrees = json_is_true(json_object_get(held, "agrees"));
	if (!hold_tell(phase, held))
		say("%s, phase %s: while it is traced, the operation takes other trips than are told here", recipe, name);
	json_object_del(held, "each");
	json_object_set_new(json_object_get(phase, "bare"), "held", held);
	if (!agrees)
		say_differences(recipe, name, json_object_get(held, "differs"));
	return agrees;
}

static bool hold_recipe(const struct explained *e, unsigned r, const struct options *o, const struct paths *p,
			const struct traced *t)
{
	json_t *told = explain_record(p, e->recipe[r], e->workload, o->nth, true), *all = told ? traced_trips(t) : NULL, *phase;
	bool agrees = all;

	for (size_t i = 0; all && (phase = explained_phase(e, r, i)); i++)
		if (json_object_get(phase, "bare"))
			agrees &= hold_phase(phase, e->recipe[r]->name, phase_named(told, text_of(phase, "phase")), all);
	json_decref(told);
	json_decref(all);
	return agrees;
}

static const struct traced *trace_of(const struct traced_list *l, const char *recipe)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!strcmp(l->trace[i].recipe, recipe))
			return &l->trace[i];
	return NULL;
}

/* EXIT_FAILED after a message. */
static int hold_all(const struct explained *e, const struct options *o, const struct paths *p, const char *dir,
		    const json_t *root)
{
	char *plugin = path_trace_plugin(p);
	struct traced_list l;
	int ret = EXIT_FAILED;

	if (traced_find(&l, dir, root, NULL, e->workload->name) && trace_plugins_load(plugin)) {
		ret = EXIT_OK;
		for (unsigned r = 0; r < e->nr; r++) {
			const struct traced *t = trace_of(&l, e->recipe[r]->name);

			if (!t)
				say("%s: there is no trace of it", e->recipe[r]->name);
			if (!t || !hold_recipe(e, r, o, p, t))
				ret = EXIT_FAILED;
		}
		trace_plugins_free();
	}
	traced_free(&l);
	free(plugin);
	return ret;
}

static int compare_run(const struct explained *e, const struct options *o, const struct paths *p, const char *dir)
{
	json_t *root = results_load(dir, false, NULL);
	int ret = EXIT_FAILED, held;

	if (root) {
		ret = compare_all(e, root);
		held = hold_all(e, o, p, dir, root);
		ret = ret == EXIT_OK ? held : ret;
	}
	json_decref(root);
	return ret;
}

/* A run of this program's own. */
static int measure_and_compare(const struct explained *e, const struct options *o, const struct paths *p)
{
	struct scratch_run s;
	int ret = scratch_run_begin(&s, "explain");

	if (!ret)
		ret = measure(e, o, p, &s);
	else
		return ret;
	if (!ret)
		ret = compare_run(e, o, p, s.dir);
	else if (ret != EXIT_INTERRUPTED)
		say("what happens in the hypervisor could not be measured: `penumbra run --workload %s` says more",
		    e->workload->name);
	scratch_run_end(&s);
	return ret == EXIT_OK || ret == EXIT_INTERRUPTED ? ret : EXIT_FAILED;
}

int explain_bare(const struct explained *e, const struct options *o, const struct paths *p)
{
	char *run;
	int ret;

	if (!o->run[0])
		return measure_and_compare(e, o, p);
	run = path_run(p, o->run[0]);
	ret = run ? compare_run(e, o, p, run) : EXIT_FAILED;
	free(run);
	return ret;
}
