/* SPDX-License-Identifier: BSD-2-Clause */
/* The report: results in, one self-contained HTML file out. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>

/* The page of a results tree, *len bytes; the caller frees it. */
char *report_text(const json_t *root, size_t *len);
/* Write dir/report.html, and the page of the textbook's questions beside it (textbook.h). 0, or -1 after a message. */
int report_write(const char *dir, const json_t *root);

#endif
