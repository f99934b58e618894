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

void region_json(FILE *out, const char *phase, const struct model *m)
{
	fprintf(out, "{\"phase\":\"%s\",\"machines\":[", phase);
	for (unsigned i = 0; i < model_machines(m); i++) {
		fprintf(out, "%s{\"machine\":\"%s\"", i ? "," : "", model_machine(m, i)->name);
		where_json(out, m, i, MODEL_GUEST, "guest");
		where_json(out, m, i, MODEL_HYPERVISOR, "hypervisor");
		fputc('}', out);
	}
	fputs("]}\n", out);
	fflush(out);
}
