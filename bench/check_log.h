/* SPDX-License-Identifier: BSD-2-Clause */
/* What one test's files say about it. */
#ifndef BENCH_CHECK_LOG_H
#define BENCH_CHECK_LOG_H

struct totals {
	unsigned passed, failed, skipped;
};

/*
 * trs: automake's result file; log: the test's output. A test whose result is a failure has at
 * least one failure, whatever its output counts.
 */
void check_log_totals(struct totals *t, const char *trs, const char *log);

#endif
