/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses are texts in reports, "0x...". */
#include "trace_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"
#include "html.h"
#include "report_markup.h"
#include "trace_tables.h"

#define COLUMN_RIP "rip"
#define NARROW     0.0004 /* of the width: what is less is not drawn */

char *trace_place_of(const struct symbols *s, const char *address)
{
	const uint64_t at = strtoull(address, NULL, 16);
	const struct symbol *k = symbols_find(s, at);

	return !k ? xstrdup("") : at == k->at ? xstrdup(k->name) : xfmt("%s+0x%" PRIx64, k->name, at - k->at);
}

/* Its number; -1: the table has none. */
static int rip_column(const json_t *table)
{
	const json_t *columns = json_object_get(table, "columns"), *column;
	size_t i;

	json_array_foreach(columns, i, column)
		if (!strcmp(json_string_value(json_object_get(column, "name")), COLUMN_RIP))
			return (int)i;
	return -1;
}

static void name_table(json_t *table, const struct symbols *s)
{
	const int column = rip_column(table);
	json_t *row;
	size_t i;

	if (column < 0)
		return;
	tp_column(table, "place", "");
	json_array_foreach(json_object_get(table, "rows"), i, row) {
		const char *address = json_string_value(json_array_get(row, (size_t)column));
		char *place = trace_place_of(s, address ? address : "");

		json_array_append_new(row, json_string(place));
		free(place);
	}
}

void trace_name_tables(json_t *report, const struct symbols *s)
{
	json_t *table;
	size_t i;

	json_array_foreach(json_object_get(report, "tables"), i, table) {
		name_table(table, s);
	}
}

char *trace_name_perfetto(const char *text, size_t len, const struct symbols *s, size_t *new_len)
{
	json_t *root = json_loadb(text, len, 0, NULL),
	       *events = json_is_array(root) ? root : json_object_get(root, "traceEvents"), *event;
	char *named = NULL;
	size_t i;

	json_array_foreach(events, i, event) {
		json_t *args = json_object_get(event, "args");
		const char *address = json_string_value(json_object_get(args, COLUMN_RIP));
		char *place = address ? trace_place_of(s, address) : NULL;

		if (place && *place)
			json_object_set_new(args, "place", json_string(place));
		free(place);
	}
	if (root)
		named = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	*new_len = named ? strlen(named) : 0;
	return named;
}

/* ---- the guest's flame graph ---- */

/* A function of an address space. */
struct place {
	const char *root;
	char *name;
	double ticks, space; /* space: of all of its address space */
};

enum { PLACE_ROOT, PLACE_RIP, PLACE_COUNT, PLACE_TICKS };

static int by_name(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	const int order = strcmp(a->root, b->root);

	return order ? order : strcmp(a->name, b->name);
}

/* The dearest address space first, then its dearest function. */
static int by_size(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->space != b->space)
		return a->space > b->space ? -1 : 1;
	if (strcmp(a->root, b->root))
		return strcmp(a->root, b->root);
	return a->ticks != b->ticks ? (a->ticks > b->ticks ? -1 : 1) : strcmp(a->name, b->name);
}

static char *function_of(const struct symbols *s, const char *address)
{
	const struct symbol *k = s ? symbols_find(s, strtoull(address, NULL, 16)) : NULL;

	return xstrdup(k ? k->name : address);
}

/* Each function of each address space once, in the order of the picture. */
static struct place *places_of(const json_t *report, const struct symbols *s, size_t *n)
{
	const json_t *rows = json_object_get(ta_table(report, "places"), "rows"), *row;
	struct place *p = xcalloc(json_array_size(rows) + 1, sizeof(*p));
	size_t i, kept = 0;

	json_array_foreach(rows, i, row)
		p[i] = (struct place){ json_string_value(json_array_get(row, PLACE_ROOT)),
				       function_of(s, json_string_value(json_array_get(row, PLACE_RIP))),
				       json_number_value(json_array_get(row, PLACE_TICKS)), 0 };
	qsort(p, json_array_size(rows), sizeof(*p), by_name);
	for (i = 0; i < json_array_size(rows); i++)
		if (kept && !by_name(&p[kept - 1], &p[i])) {
			p[kept - 1].ticks += p[i].ticks;
			free(p[i].name);
		} else {
			p[kept++] = p[i];
		}
	for (i = 0; i < kept; i++)
		for (size_t k = 0; k < kept; k++)
			p[i].space += strcmp(p[i].root, p[k].root) ? 0 : p[k].ticks;
	qsort(p, kept, sizeof(*p), by_size);
	*n = kept;
	return p;
}

static void put_space(const struct flame_graph *g, const struct place *p, double at)
{
	char *name = strtoull(p->root, NULL, 16) ? xfmt("root %s", p->root) : xstrdup("before the first load of CR3");

	flame_frame(g, 1, name, "#5b6470", at, p->space);
	free(name);
}

void draw_guest(FILE *f, const json_t *report, const struct symbols *s)
{
	size_t n;
	struct place *p = places_of(report, s, &n);
	struct flame_graph g = { f, 3, 0, "ticks" };
	double at = 0;

	for (size_t i = 0; i < n; i++)
		g.all += p[i].ticks;
	fputs("<figure>", f);
	flame_begin(&g, "The hypervisor's time by the guest's address space and where it was");
	flame_frame(&g, 0, "all", "#3a424d", 0, g.all);
	for (size_t i = 0; i < n; i++) {
		if (!i || strcmp(p[i - 1].root, p[i].root))
			put_space(&g, &p[i], at);
		if (p[i].ticks >= g.all * NARROW)
			flame_frame(&g, 2, p[i].name, series_colour((unsigned)i % 3), at, p[i].ticks);
		at += p[i].ticks;
	}
	flame_end(&g);
	report_picture_end(
		f, s ? "The hypervisor's time by what of the guest led to it: the root of its tables, and on it the guest's "
		       "function." :
		       "The hypervisor's time by what of the guest led to it: the root of its tables, and on it the guest's "
		       "instruction; --symbols gives these names.");
	for (size_t i = 0; i < n; i++)
		free(p[i].name);
	free(p);
}
