/* SPDX-License-Identifier: BSD-2-Clause */
/* See modelled.h. */
#include <string.h>

#include "catalog.h"
#include "machine_file.h"
#include "modelled.h"

const char *const modelled_part_names[MODEL_CYCLES_MAX] = {
#define MODEL_CYCLES(id, text) #id,
#define MODEL_COUNT(id, text)
#include "bench/model/sums.def"
};
const char *const modelled_part_texts[MODEL_CYCLES_MAX] = {
#define MODEL_CYCLES(id, text) text,
#define MODEL_COUNT(id, text)
#include "bench/model/sums.def"
};
static const char *const count_names[MODEL_COUNT_MAX] = {
#define MODEL_CYCLES(id, text)
#define MODEL_COUNT(id, text) #id,
#include "bench/model/sums.def"
};

const char *modelled_machine(const struct dataset *d, unsigned nth)
{
	const char *name;
	json_t *m;

	for (unsigned i = 0; i < d->nr_rows; i++) {
		if (!json_object_size(d->row[i].cycles))
			continue;
		json_object_foreach((json_t *)d->row[i].cycles, name, m) {
			if (nth-- == 0)
				return name;
		}
		return NULL;
	}
	return NULL;
}

bool modelled_values(const struct dataset *d, const char *machine, struct machine *m)
{
	return machine_of_run(json_object_get(json_object_get(d->root, "machine"), "modelled"), machine, m);
}

bool modelled_is(const struct row *r, const char *machine)
{
	return json_object_get(r->cycles, machine);
}

/* A sum of "cycles" or "count" there. */
static const json_t *sum_of(const struct row *r, const char *machine, const char *where, const char *kind, const char *what)
{
	const json_t *m = json_object_get(r->cycles, machine);

	return json_object_get(json_object_get(json_object_get(m, where), kind), what);
}

static uint64_t cycles_of(const struct row *r, const char *machine, const char *where, unsigned part)
{
	return (uint64_t)json_integer_value(sum_of(r, machine, where, "cycles", modelled_part_names[part]));
}

uint64_t modelled_part(const struct row *r, const char *machine, enum model_cycles part)
{
	return cycles_of(r, machine, "guest", part) + cycles_of(r, machine, "hypervisor", part);
}

uint64_t modelled_cycles(const struct row *r, const char *machine)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++)
		all += modelled_part(r, machine, i);
	return all;
}

bool modelled_trip(const struct row *r, const char *machine, enum trip kind, struct modelled_trip *t)
{
	const json_t *all = json_object_get(json_object_get(r->cycles, machine), "trips");
	const json_t *trip = json_object_get(all, trip_names[kind]);

	*t = (struct modelled_trip){ .count = (uint64_t)json_integer_value(json_object_get(trip, "count")),
				     .cycles = (uint64_t)json_integer_value(json_object_get(trip, "cycles")) };
	histogram_add(&t->hist, json_object_get(trip, "hist"));
	return t->count;
}

bool modelled_counts(const struct row *r, const char *machine, uint64_t count[MODEL_COUNT_MAX])
{
	for (unsigned i = 0; i < MODEL_COUNT_MAX; i++) {
		const json_t *guest = sum_of(r, machine, "guest", "count", count_names[i]);
		const json_t *hypervisor = sum_of(r, machine, "hypervisor", "count", count_names[i]);

		if (!guest || !hypervisor)
			return false;
		count[i] = (uint64_t)(json_integer_value(guest) + json_integer_value(hypervisor));
	}
	return true;
}

int64_t modelled_varied(const struct row *r, const char *machine, struct machine_variation v)
{
	const json_t *all = json_object_get(json_object_get(r->cycles, machine), "assumed");
	const json_t *cycles = json_array_get(json_object_get(all, machine_keys[v.key].name), v.doubled);

	return cycles ? json_integer_value(cycles) : -1;
}

const char *modelled_why_not(const struct dataset *d, const char *recipe, const char *workload)
{
	const struct workload *w = workload_find(workload);

	if (!modelled_machine(d, 0))
		return "this run was made without --cycles";
	if (recipe && dataset_is_peer(d, recipe))
		return "no cycles: the model does not know another hypervisor's regions";
	if (w && workload_vcpus(w) > 1)
		return "no cycles: the model has one CPU, and the guest has several";
	if (w && workload_exercise(w))
		return "no cycles: dom0 disturbs this guest within its regions";
	return "no cycles: the model found no such region (docs/model.md, what it leaves out)";
}
