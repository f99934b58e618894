/* SPDX-License-Identifier: BSD-2-Clause */
/* results.csv: the untraced rows, for those who compute with them elsewhere. */
#include <inttypes.h>
#include <string.h>

#include "dataset.h"
#include "results.h"

/* What a peer does not know of a row is nothing, rather than 0. */
static bool is_unknown(const struct row *w, const char *column)
{
	return (w->by_peer && !strcmp(column, "bytes_touched")) || (w->trips_uncounted && !strcmp(column, "trips"));
}

static void put_number(FILE *f, const char *column, const struct row *w, uint64_t number)
{
	if (w && is_unknown(w, column))
		fputs(",", f);
	else if (w)
		fprintf(f, ",%" PRIu64, number);
	else
		fprintf(f, ",%s", column);
}

/* One row; w is NULL in the head. */
static void put_line(FILE *f, const char *recipe, const char *workload, const char *phase, const struct row *w)
{
	fprintf(f, "%s,%s,%s", recipe, workload, phase);
#define REGION_NUMBER(type, id, key, kind, unit, text)                                                                           \
	if (PN_REGION_##kind == PN_REGION_levels)                                                                                \
		put_number(f, #id, w, w ? w->id : 0);
#include "abi/region.def"
	put_number(f, "repetition", w, w ? w->repetition : 0);
#define REGION_NUMBER(type, id, key, kind, unit, text)                                                                           \
	if (PN_REGION_##kind == PN_REGION_figure || PN_REGION_##kind == PN_REGION_later)                                         \
		put_number(f, #id, w, w ? w->id : 0);
#include "abi/region.def"
	fputs("\n", f);
}

char *results_csv(const json_t *root)
{
	struct dataset d;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	dataset_load(&d, root);
	put_line(f, "recipe", "workload", "phase", NULL);
	for (unsigned i = 0; i < d.nr_rows; i++) {
		const struct row *w = &d.row[i];

		/* A form appears as its workload: its levels have a column of their own. */
		if (!w->traced)
			put_line(f, w->recipe, dataset_base(&d, w->workload), w->phase, w);
	}
	fclose(f);
	dataset_free(&d);
	return text;
}
