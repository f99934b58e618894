/* SPDX-License-Identifier: BSD-2-Clause */
/* What one test's files say about it. */
#ifndef BENCH_CHECK_LOG_H
#define BENCH_CHECK_LOG_H

#include <stdio.h>

struct totals {
	unsigned passed, failed, skipped;
};

/*
 * trs: automake's result file; log: the test's output. A test whose result is a failure has at
 * least one failure, whatever its output counts.
 */
void check_log_totals(struct totals *t, const char *trs, const char *log);

/*
 * Why it failed, for a console that outlives the log: the log's first failures and its last lines
 * (some thirty at most, in the log's order, indented), without the lines of checks that passed.
 */
void check_log_why(FILE *out, const char *log);

#endif
