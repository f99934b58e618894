/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs from their directories, compared and shown. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "compared.h"
#include "put_out.h"
#include "results.h"
#include "show_comparison.h"

#define SHOWN_ROWS 20 /* of each list, unless all are wanted */

static const struct {
	const char *name;
	void (*show)(FILE *f, const struct comparison *c, unsigned most);
} formats[] = {
#define FORMAT(name) { #name, show_##name },
#include "formats.def"
#undef FORMAT
};

static int show(const struct comparison *c, const struct options *o)
{
	unsigned k = 0, most = o->all ? UINT_MAX : SHOWN_ROWS;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	while (o->format && strcmp(formats[k].name, o->format))
		k++;
	formats[k].show(f, c, most);
	fclose(f);
	ret = put_out(o->output, text, len);
	free(text);
	return ret || comparison_is_worse(c) ? EXIT_FAILED : EXIT_OK;
}

int compare_runs(const char *before, const char *after, const struct options *o)
{
	json_t *a = results_load(before, false, NULL), *b = a ? results_load(after, false, NULL) : NULL;
	struct dataset before_rows, after_rows;
	struct comparison c;
	int ret = EXIT_FAILED;

	if (b) {
		dataset_load(&before_rows, a);
		dataset_load(&after_rows, b);
		comparison_make(&c, &before_rows, &after_rows, o->threshold);
		ret = show(&c, o);
		comparison_free(&c);
		dataset_free(&before_rows);
		dataset_free(&after_rows);
	}
	json_decref(a);
	json_decref(b);
	return ret;
}
