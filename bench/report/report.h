/* SPDX-License-Identifier: BSD-2-Clause */
/* The report: results in, one self-contained HTML file out. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>

/* Write dir/report.html from the results tree. 0, or -1 after a message. */
int report_write(const char *dir, const json_t *root);

#endif
