/* SPDX-License-Identifier: BSD-2-Clause */
/* The explanation as one HTML page: explain.html, with what is to be told in it. */
#include <stdlib.h>
#include <string.h>

#include "explain.h"

#define PLACE "<!-- DATA -->\n"

/* No tag of the page's can begin or end in the data: "<" is written by its number, as JSON may. */
static void put_json(FILE *f, const json_t *all)
{
	char *text = json_dumps(all, JSON_COMPACT);

	for (const char *p = text; *p; p++)
		if (*p == '<')
			fputs("\\u003c", f);
		else
			fputc(*p, f);
	free(text);
}

bool explain_page(FILE *f, const struct explained *e, const struct paths *p)
{
	char *path = path_explain_page(p),
	     *page = artefact_there(path, "the page of explain", false) ? read_file(path, NULL) : NULL;
	const char *place = page ? strstr(page, PLACE) : NULL;

	if (place) {
		json_t *all = explain_json(e);

		fprintf(f, "%.*s<script type=\"application/json\" id=\"data\">", (int)(place - page), page);
		put_json(f, all);
		fprintf(f, "</script>\n%s", place + strlen(PLACE));
		json_decref(all);
	} else if (page) {
		say("%s is not the page of this version: it has no place for the data", path);
	}
	free(page);
	free(path);
	return place;
}
