/* SPDX-License-Identifier: BSD-2-Clause */
/* The small commands; each returns the exit code. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "options.h"
#include "paths.h"

int cmd_list(void);
int cmd_doctor(const struct paths *p);
/* Runs `make check` in the build directory, shows each test as it ends, sums up. long_tests: LONG_TESTS in their long form. */
int cmd_check(const struct paths *p, bool long_tests);
/* RUN: a directory, or a name in the results directory; NULL: the newest. */
int cmd_report(const struct paths *p, const char *run);

#endif
