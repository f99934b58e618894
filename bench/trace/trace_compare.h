/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One workload's operations under two recipes, one by one.
 *
 * The same guest does the same things in the same order: the nth operation of a kind on a page, within a region, is the same operation
 * under both recipes. Only a shadow's own doing, such as a hidden fault, may be there under one of them alone.
 */
#ifndef BENCH_TRACE_COMPARE_H
#define BENCH_TRACE_COMPARE_H

#include "traced.h"

/*
 * { "workload", "recipes": [a, b], "tables": [ compared, parted, first_parted ] }, of two traces of one workload. A new reference, or
 * NULL after a message.
 */
json_t *trace_compare(const struct traced *a, const struct traced *b, const struct trace_query *q);
/* The same of two reports with operations, for tests; borrowed. */
json_t *trace_compare_reports(const json_t *a, const json_t *b, const char *name_a, const char *name_b);

#endif
