/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's functions in what is told of its traces: a column "place" beside each "rip", and the picture of the guest. */
#ifndef BENCH_TRACE_NAMES_H
#define BENCH_TRACE_NAMES_H

#include <stdio.h>

#include <jansson.h>

#include "symbols.h"

/* "copy_page+0x10" of that address, "" where there is no name; the caller frees it. */
char *trace_place_of(const struct symbols *s, const char *address);
/* Every table of a report that has addresses of instructions gets their places. */
void trace_name_tables(json_t *report, const struct symbols *s);
/* Perfetto's JSON, with a place among each trip's arguments; the caller frees it. NULL: it is no JSON. */
char *trace_name_perfetto(const char *text, size_t len, const struct symbols *s, size_t *new_len);
/* Where the guest was when it left, as a flame graph: its address spaces, and its functions on them, or instructions without symbols. */
void draw_guest(FILE *f, const json_t *report, const struct symbols *s);

#endif
