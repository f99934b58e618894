/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of a report's page, for other programs. They are read from the page itself: what is exported is what is shown, and a new table
 * of the report needs nothing here.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <libxml/tree.h>

#include "util.h"

/* What table_show() can write: csv, json, markdown; NULL-ended. */
extern const char *const table_formats[];

struct tables {
	xmlDocPtr page;
	struct table {
		char *name;  /* the id of the section that it stands in, and its number there if it is not the first */
		char *title; /* the heading above it */
		xmlNodePtr node;
	} * table;
	unsigned nr_tables;
};

/* page: HTML as report_text() makes it, len bytes. False, after a message: it is no page. */
bool tables_read(struct tables *t, const char *page, size_t len);
void tables_free(struct tables *t);
const struct table *tables_find(const struct tables *t, const char *name);
/* In a format of table_formats. A cell that is one number is one in JSON and has no spaces in CSV. */
void table_show(FILE *f, const struct table *t, const char *format);

#endif
