/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables as text in columns, as CSV, and as the JSON that they are. */
#include <stdlib.h>
#include <string.h>

#include "trace_tables.h"

#define CELL 320

static const char *unit_of(const json_t *table, size_t column)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(table, "columns"), column), "unit"));
}

static const char *cell_text(const json_t *row, size_t column, char out[CELL])
{
	const json_t *v = json_array_get(row, column);

	if (json_is_string(v))
		snprintf(out, CELL, "%s", json_string_value(v));
	else if (json_is_real(v))
		snprintf(out, CELL, "%.2f", json_real_value(v));
	else
		snprintf(out, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return out;
}

/* "share %"; only the name where the unit goes without saying. */
static const char *head_text(const json_t *table, size_t column, char out[CELL])
{
	const char *unit = unit_of(table, column);
	const json_t *name = json_object_get(json_array_get(json_object_get(table, "columns"), column), "name");

	snprintf(out, CELL, "%s%s", json_string_value(name), strcmp(unit, "%") ? "" : " %");
	return out;
}

static int width_of(const json_t *table, size_t column)
{
	char cell[CELL];
	size_t width = strlen(head_text(table, column, cell)), i;
	const json_t *row;

	json_array_foreach(json_object_get(table, "rows"), i, row) {
		size_t n = strlen(cell_text(row, column, cell));

		width = n > width ? n : width;
	}
	return (int)width;
}

static bool is_text(const json_t *table, size_t column)
{
	return json_is_string(json_array_get(json_array_get(json_object_get(table, "rows"), 0), column));
}

/* Below zero: to the left. */
static void put_cell(FILE *f, int width, const char *text, bool last)
{
	if (last && width < 0)
		fputs(text, f);
	else
		fprintf(f, "%*s", width, text);
	fputs(last ? "\n" : "  ", f);
}

#define TEXT_ROWS 64

static bool show_text(FILE *f, const json_t *table)
{
	size_t columns = json_array_size(json_object_get(table, "columns")), i;
	const json_t *row;
	char cell[CELL];
	int *width;

	fprintf(f, "%s\n\n", json_string_value(json_object_get(table, "title")));
	if (!json_array_size(json_object_get(table, "rows"))) {
		fputs("  none\n", f);
		return true;
	}
	width = malloc(columns * sizeof(*width));
	if (!width)
		return false;
	for (size_t c = 0; c < columns; c++) {
		width[c] = is_text(table, c) ? -width_of(table, c) : width_of(table, c);
		put_cell(f, width[c], head_text(table, c, cell), c + 1 == columns);
	}
	json_array_foreach(json_object_get(table, "rows"), i, row)
		for (size_t c = 0; c < columns && i < TEXT_ROWS; c++)
			put_cell(f, width[c], cell_text(row, c, cell), c + 1 == columns);
	if (i > TEXT_ROWS)
		fprintf(f, "... and %zu more: JSON and CSV have all\n", i - TEXT_ROWS);
	free(width);
	return true;
}

static void put_csv(FILE *f, const char *text, bool last)
{
	bool quoted = strpbrk(text, ",\"\n\r");

	if (quoted)
		fputc('"', f);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			fputc('"', f);
		fputc(*p, f);
	}
	fputs(quoted ? "\"" : "", f);
	fputs(last ? "\n" : ",", f);
}

static void show_csv(FILE *f, const json_t *table)
{
	size_t columns = json_array_size(json_object_get(table, "columns")), i;
	const json_t *row;
	char cell[CELL];

	fprintf(f, "# %s: %s\n\n", json_string_value(json_object_get(table, "name")),
		json_string_value(json_object_get(table, "title")));
	for (size_t c = 0; c < columns; c++)
		put_csv(f, head_text(table, c, cell), c + 1 == columns);
	json_array_foreach(json_object_get(table, "rows"), i, row)
		for (size_t c = 0; c < columns; c++)
			put_csv(f, cell_text(row, c, cell), c + 1 == columns);
}

bool ta_show(FILE *f, const json_t *report, const char *format)
{
	bool csv = !strcmp(format, "csv");
	const json_t *table;
	size_t i;

	if (!strcmp(format, "json"))
		return !json_dumpf(report, f, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) &&
		       fputs("\n", f) >= 0;
	if (!csv && strcmp(format, "text"))
		return false;
	json_array_foreach(json_object_get(report, "tables"), i, table) {
		if (!csv && json_is_false(json_object_get(table, "text")))
			continue;
		fputs(i ? "\n" : "", f);
		if (csv)
			show_csv(f, table);
		else if (!show_text(f, table))
			return false;
	}
	return true;
}
