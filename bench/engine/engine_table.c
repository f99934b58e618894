/* SPDX-License-Identifier: BSD-2-Clause */
/* The table. */
#include <string.h>

#include "counted.h"
#include "dataset.h"
#include "engine_command.h"
#include "engine_table.h"

enum { INSTRUCTIONS, TRIPS, OF_HOST, COLUMNS = OF_HOST + HOST_FIGURES };

static uint64_t value_of(const struct row *w, unsigned column)
{
	const uint64_t all[COLUMNS] = {
		w->instructions,
		w->trips,
#define HOST(id, event, heading, text) w->host_##id,
#include "host.def"
#undef HOST
	};

	return all[column];
}

static const char *heading_of(unsigned column)
{
	return column == INSTRUCTIONS ? "instructions" : column == TRIPS ? "trips" : host_headings[column - OF_HOST];
}

static void print_row(FILE *f, const struct dataset *d, const struct repetitions *r, const bool used[COLUMNS])
{
	const char *name =
		r->row->workload + (strncmp(r->row->workload, ENGINE_PREFIX, strlen(ENGINE_PREFIX)) ? 0 : strlen(ENGINE_PREFIX));

	fprintf(f, "%-14s %-26s %-12s", r->row->recipe, name, r->row->phase);
	for (unsigned c = 0; c < COLUMNS; c++) {
		double sum = 0;

		for (unsigned i = r->first; i < r->end; i++)
			sum += (double)value_of(d->sorted[i], c) / (double)d->sorted[i]->ops;
		if (used[c])
			fprintf(f, " %*.*f", (int)strlen(heading_of(c)) > 12 ? (int)strlen(heading_of(c)) : 12,
				c == TRIPS ? 2 : 1, sum / (r->end - r->first));
	}
	fputc('\n', f);
}

void engine_table(FILE *f, const json_t *root)
{
	struct repetitions r = { 0 };
	bool used[COLUMNS] = { [TRIPS] = true };
	struct dataset d;

	dataset_load(&d, root);
	for (unsigned i = 0; i < d.nr_rows; i++)
		for (unsigned c = 0; c < COLUMNS; c++)
			used[c] |= value_of(&d.row[i], c) != 0;
	fprintf(f, "per operation:\n%-14s %-26s %-12s", "recipe", "workload", "phase");
	for (unsigned c = 0; c < COLUMNS; c++)
		if (used[c])
			fprintf(f, " %12s", heading_of(c));
	fputc('\n', f);
	while (dataset_next(&d, &r))
		print_row(f, &d, &r, used);
	dataset_free(&d);
}
