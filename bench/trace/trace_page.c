/* SPDX-License-Identifier: BSD-2-Clause */
/* A section a trace. An operation's sequence is drawn from a report on it alone, so that the trace is read once more for each. */
#include "trace_page.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_markup.h"
#include "trace_names.h"
#include "trace_pictures.h"
#include "trace_tables.h"

#define SEQUENCES 2

void trace_page_begin(FILE *f)
{
	html_begin(f, "traces");
	fputs("<style>figure{margin:1rem 0}figure svg{max-width:none}</style>\n"
	      "</head><body>\n<header><h1>What the traces say</h1><p class=soft>Times are ticks of the TSC: under QEMU, "
	      "instructions.</p></header>\n"
	      "<main>\n",
	      f);
	draw_marks(f);
}

void trace_page_end(FILE *f)
{
	fputs("</main></body></html>\n", f);
}

static void put_cell(FILE *f, const json_t *row, size_t column)
{
	const json_t *v = json_array_get(row, column);

	if (json_is_string(v) && !column)
		html_th_row(f, json_string_value(v));
	else if (json_is_string(v))
		html_td_text(f, json_string_value(v));
	else
		html_td(f, json_number_value(v));
}

static void put_table(FILE *f, const json_t *table)
{
	const json_t *column, *row;
	char *head = NULL;
	size_t len, i, k;
	FILE *h = open_memstream(&head, &len);

	json_array_foreach(json_object_get(table, "columns"), i, column) {
		const char *unit = json_string_value(json_object_get(column, "unit"));

		fputs("<th scope=col>", h);
		html_text(h, json_string_value(json_object_get(column, "name")));
		if (*unit && strcmp(unit, "hex"))
			fprintf(h, "<br><small>%s</small>", unit);
		fputs("</th>", h);
	}
	fclose(h);
	table_begin(f, head);
	json_array_foreach(json_object_get(table, "rows"), i, row) {
		fputs("<tr>", f);
		for (k = 0; k < json_array_size(row); k++)
			put_cell(f, row, k);
		fputs("</tr>\n", f);
	}
	table_end(f, NULL);
	free(head);
}

void trace_page_tables(FILE *f, const json_t *report, const char *title)
{
	const json_t *table;
	size_t i;

	fputs("<section><h2>", f);
	html_text(f, title);
	fputs("</h2>\n", f);
	json_array_foreach(json_object_get(report, "tables"), i, table) {
		bool open = json_array_size(json_object_get(table, "rows")) <= 24;

		if (json_is_false(json_object_get(table, "text")))
			continue;
		fprintf(f, "<details%s><summary>%s</summary>\n", open ? " open" : "",
			json_string_value(json_object_get(table, "title")));
		put_table(f, table);
		fputs("</details>\n", f);
	}
	fputs("</section>\n", f);
}

/* Columns of the table "shapes". */
enum { SHAPE_OPERATION, SHAPE_TRIPS, SHAPE_COUNT, SHAPE_EXAMPLE = 7 };

/* False: the trace cannot be read again. */
static bool put_sequence(FILE *f, const struct traced *t, const json_t *shape)
{
	char *where = xfmt("op = %" JSON_INTEGER_FORMAT, json_integer_value(json_array_get(shape, SHAPE_EXAMPLE)));
	struct trace_query q = { .format = "json", .where = where };
	json_t *report = traced_report(t, &q);

	if (report) {
		fputs("<h3>", f);
		html_text(f, json_string_value(json_array_get(shape, SHAPE_OPERATION)));
		fputs(", one of ", f);
		html_number(f, json_number_value(json_array_get(shape, SHAPE_COUNT)));
		fputs(": ", f);
		html_text(f, json_string_value(json_array_get(shape, SHAPE_TRIPS)));
		fputs("</h3>\n", f);
		draw_sequence(f, report);
		json_decref(report);
	}
	free(where);
	return report;
}

/* Of the dearest shapes that are more than one trip. */
static bool put_sequences(FILE *f, const struct traced *t, const json_t *report)
{
	const json_t *row;
	unsigned drawn = 0;
	size_t i;

	json_array_foreach(json_object_get(ta_table(report, "shapes"), "rows"), i, row) {
		if (drawn == SEQUENCES || !strpbrk(json_string_value(json_array_get(row, SHAPE_TRIPS)), " *"))
			continue;
		if (!put_sequence(f, t, row))
			return false;
		drawn++;
	}
	return true;
}

static bool put_trace(FILE *f, const struct traced *t, const struct trace_query *q)
{
	struct trace_query with = *q;
	char *title = xfmt("%s, %s", t->recipe, t->workload);
	struct palette p;
	json_t *report;
	bool good;

	with.details = true;
	report = traced_report(t, &with);
	good = report;
	if (report) {
		p = palette_of(report);
		fputs("<section><h2>", f);
		html_text(f, title);
		fputs(": pictures</h2>\n", f);
		put_palette(f, &p);
		draw_timeline(f, report, &p);
		draw_points(f, report, &p);
		draw_flame(f, report, &p);
		draw_guest(f, report, q->symbols);
		good = put_sequences(f, t, report);
		fputs("</section>\n", f);
		trace_page_tables(f, report, title);
	}
	json_decref(report);
	free(title);
	return good;
}

bool trace_page(FILE *f, const struct traced_list *l, const struct trace_query *q)
{
	trace_page_begin(f);
	for (unsigned i = 0; i < l->count; i++)
		if (!put_trace(f, &l->trace[i], q))
			return false;
	trace_page_end(f);
	return true;
}
