/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tally as tables, and tables as text, JSON or CSV.
 *
 *   report  = { "format": 1, "hz", "tables": [ table ... ], and if asked for "operations": [...], "points": [...] }
 *   table   = { "name", "title", "columns": [ { "name", "unit" } ... ], "rows": [ [ text | number ... ] ... ] }; an address is a text, "0x..."
 *             "text": false: in no text, since it is for pictures
 */
#ifndef TRACES_TRACE_TABLES_H
#define TRACES_TRACE_TABLES_H

#include <stdio.h>

#include <jansson.h>

#include "tally.h"

/* All tables of a tally that ta_tally_end() has closed. hz: ticks a second. A new reference; NULL: no memory. */
json_t *ta_report(struct ta_tally *t, uint64_t hz);
/* Only those of a summary: overview, trips, faults, operations. */
json_t *ta_summary(struct ta_tally *t, uint64_t hz);
/* Every chosen operation: [ kind, address, trips, cost, bytes, begin, shape, region or "", the region's number ]. A new reference. */
json_t *ta_operations_list(const struct ta_tally *t);
/* Trips that stand for all: [ ticks from the first record on, cost, what ]. A new reference. */
json_t *ta_points_list(const struct ta_tally *t);
/* "reflected emulated*2 pulled_through" of an operation's steps, at most len bytes with its end. */
void ta_shape(const struct ta_operation *o, char *out, size_t len);

/* For who adds a table: one without rows. Columns as "name:unit", NULL at the end; NULL: none yet. */
json_t *tp_begin(const char *name, const char *title, const char *const columns[]);
/* One more. */
void tp_column(json_t *table, const char *name, const char *unit);
/* Takes the row. */
void tp_row(json_t *table, json_t *row);
/* An address: JSON's numbers would be negative from the middle on. */
json_t *tp_hex(uint64_t n);
/* In per cent; of nothing, 0. */
double tp_share(uint64_t part, uint64_t whole);
/* A report's table of that name, borrowed. NULL: it has none. */
json_t *ta_table(const json_t *report, const char *name);

/* Formats: text, json, csv. False: there is no such format, or no memory. */
bool ta_show(FILE *f, const json_t *report, const char *format);
#define TA_FORMATS "text, json or csv"

#endif
