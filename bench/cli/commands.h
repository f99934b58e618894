/* SPDX-License-Identifier: BSD-2-Clause */
/* The small commands; each returns the exit code. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "options.h"
#include "paths.h"

/* Prints every recipe, variant and workload with its text. */
int cmd_list(void);
/* Looks at all that a run needs, and says what to do about what is missing. EXIT_FAILED: something is. */
int cmd_doctor(const struct paths *p);
/* Runs `make check` in the build directory, shows each test as it ends, sums up. long_tests: LONG_TESTS in their long form. */
int cmd_check(const struct paths *p, bool long_tests);
/* RUN: a directory, or a name in the results directory; NULL: the newest. */
int cmd_report(const struct paths *p, const char *run);

#endif
