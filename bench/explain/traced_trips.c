/* SPDX-License-Identifier: BSD-2-Clause */
/* Read by babeltrace2, as `penumbra trace` reads them. */
#include "traced_trips.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

json_t *traced_trips(const struct traced *t)
{
	const struct trace_query q = { .format = "trips" };
	char *label = xfmt("%s %s", t->recipe, t->workload), *text;
	json_error_t error;
	json_t *all = NULL;
	size_t len = 0;

	text = trace_graph_run(t->dir, &q, label, traced_records(t), &len);
	if (text) {
		all = json_loadb(text, len, 0, &error);
		if (!all)
			say("the trips of %s cannot be read: %s", t->dir, error.text);
	}
	if (all && !traced_complete(t))
		say("%s: records were lost on the way, so some trips are missing", label);
	free(text);
	free(label);
	return all;
}

unsigned traced_region(const json_t *all, const char *name)
{
	size_t i;
	json_t *region;

	json_array_foreach(json_object_get(all, "regions"), i, region) {
		if (!strcmp(text_of(region, "name"), name))
			return (unsigned)i + 1;
	}
	return 0;
}

json_t *traced_trips_in(const json_t *all, unsigned region, bool interrupts)
{
	json_t *in = json_array(), *trip;
	size_t i;

	json_array_foreach(json_object_get(all, "trips"), i, trip) {
		if (number_of(trip, "region") == region && (interrupts || strcmp(text_of(trip, "kind"), "interrupt")))
			json_array_append(in, trip);
	}
	return in;
}
