/* SPDX-License-Identifier: BSD-2-Clause */
/* The textbook's questions about shadow and nested page tables, answered by what a run measured: a page of its own, beside the report. */
#ifndef BENCH_TEXTBOOK_H
#define BENCH_TEXTBOOK_H

#include <jansson.h>

#define TEXTBOOK_FILE "textbook.html" /* in the run's directory; the report links to it */

/*
 * The page of a results tree, *len bytes; the caller frees it. `modelled`: the tree of the run with modelled cycles beside it, which answers what it has,
 * if the run itself has no cycles; NULL: there is none.
 */
char *textbook_text(const json_t *root, const json_t *modelled, size_t *len);

#endif
