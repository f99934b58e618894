/* SPDX-License-Identifier: BSD-2-Clause */
/* See region_json.h. */
#include <inttypes.h>

#include "region_json.h"

static const char *const cycles_names[] = {
#define MODEL_CYCLES(id, text) #id,
#define MODEL_COUNT(id, text)
#include "sums.def"
};
static const char *const count_names[] = {
#define MODEL_CYCLES(id, text)
#define MODEL_COUNT(id, text) #id,
#include "sums.def"
};

static void numbers(FILE *out, const char *key, const char *const *names, const uint64_t *value, unsigned n, unsigned divide)
{
	fprintf(out, "\"%s\":{", key);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", names[i], (value[i] + divide / 2) / divide);
	fputc('}', out);
}

static void where_json(FILE *out, const struct model *m, unsigned i, enum model_where where, const char *key)
{
	struct model_sums s;

	model_sums(m, i, where, &s);
	fprintf(out, ",\"%s\":{", key);
	numbers(out, "cycles", cycles_names, s.cycles, MODEL_CYCLES_MAX, 100);
	fputc(',', out);
	numbers(out, "count", count_names, s.count, MODEL_COUNT_MAX, 1);
	fputc('}', out);
}

static uint64_t whole_cycles(const struct model *m, unsigned i)
{
	uint64_t all = 0;

	for (unsigned where = 0; where < MODEL_WHERES; where++) {
		struct model_sums s;

		model_sums(m, i, where, &s);
		for (unsigned k = 0; k < MODEL_CYCLES_MAX; k++)
			all += s.cycles[k];
	}
	return (all + 50) / 100;
}

/* What machine i's variations took, by key: half and double, -1 where there is none. Nothing if it has no variations. */
static void assumed_json(FILE *out, const struct model *m, unsigned i)
{
	unsigned n = 0;

	for (int k = 0; k < MACHINE_KEYS; k++) {
		int64_t cycles[2] = { -1, -1 };

		for (unsigned v = 0; v < model_machines(m); v++)
			if (model_machine(m, v)->of == i + 1 && (int)model_machine(m, v)->but.key == k)
				cycles[model_machine(m, v)->but.doubled] = (int64_t)whole_cycles(m, v);
		if (cycles[0] < 0 && cycles[1] < 0)
			continue;
		fprintf(out, "%s\"%s\":[%" PRId64 ",%" PRId64 "]", n++ ? "," : ",\"assumed\":{", machine_keys[k].name, cycles[0],
			cycles[1]);
	}
	if (n)
		fputc('}', out);
}

void region_json(FILE *out, const char *phase, const struct model *m, const struct trip_costs *t)
{
	fprintf(out, "{\"phase\":\"%s\",\"machines\":[", phase);
	for (unsigned i = 0; i < model_machines(m) && !model_machine(m, i)->of; i++) {
		fprintf(out, "%s{\"machine\":\"%s\"", i ? "," : "", model_machine(m, i)->name);
		where_json(out, m, i, MODEL_GUEST, "guest");
		where_json(out, m, i, MODEL_HYPERVISOR, "hypervisor");
		assumed_json(out, m, i);
		fputs(",\"trips\":{", out);
		trip_costs_json(out, t, i);
		fputs("}}", out);
	}
	fputs("]}\n", out);
	fflush(out);
}
