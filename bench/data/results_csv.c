/* SPDX-License-Identifier: BSD-2-Clause */
/* results.csv: the untraced rows, for those who compute with them elsewhere. */
#include <stdlib.h>

#include "dataset.h"
#include "results.h"

char *results_csv(const json_t *root)
{
	struct dataset d;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	dataset_load(&d, root);
	/* A form appears as its workload: its levels have a column of their own. */
	fputs("recipe,workload,phase,guest_levels,shadow_levels,repetition,ops,instructions,trips,bytes_touched\n", f);
	for (unsigned i = 0; i < d.nr_rows; i++) {
		const struct row *w = &d.row[i];

		if (!w->traced)
			fprintf(f, "%s,%s,%s,%u,%u,%u,%lu,%lu,%lu,%lu\n", w->recipe, dataset_base(&d, w->workload), w->phase,
				w->guest_levels, w->shadow_levels, w->repetition, w->ops, w->instructions, w->trips, w->bytes);
	}
	fclose(f);
	dataset_free(&d);
	return text;
}
