/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces as a page: pictures first, then all tables. One file that needs nothing else. */
#ifndef BENCH_TRACE_PAGE_H
#define BENCH_TRACE_PAGE_H

#include "traced.h"

/* False after a message: a trace cannot be read. */
bool trace_page(FILE *f, const struct traced_list *l, const struct trace_query *q);
/* A page of a caller's own: its head, a report's tables as a section each, its foot. */
void trace_page_begin(FILE *f);
void trace_page_tables(FILE *f, const json_t *report, const char *title);
void trace_page_end(FILE *f);

#endif
