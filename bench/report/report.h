/* SPDX-License-Identifier: BSD-2-Clause */
/* The report: results in, one self-contained HTML file out. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>

/*
 * The page of a results tree, *len bytes; the caller frees it. `modelled`: the tree of the run with modelled cycles beside it (modelled.h), with which
 * the page begins; NULL: it has none.
 */
char *report_text(const json_t *root, const json_t *modelled, size_t *len);
/* The tree of the run beside the one of that directory, whatever state it was left in; NULL: there is none, or after a message none to be read. */
json_t *report_beside(const char *dir);
/* Write dir/report.html, with what is in the run beside it, and the page of the textbook's questions beside it (textbook.h). 0, or -1 after a message. */
int report_write(const char *dir, const json_t *root);

#endif
