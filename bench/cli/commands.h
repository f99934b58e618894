/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of commands.def; each returns the exit code. cmd_run() is in run.h, cmd_explain() in explain.h,
 * cmd_bench_engine() in engine_command.h, cmd_profile() in profile_command.h, cmd_trace() in trace_command.h, cmd_lab() in lab_command.h.
 */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "engine_command.h"
#include "explain.h"
#include "lab_command.h"
#include "options.h"
#include "paths.h"
#include "profile_command.h"
#include "run.h"
#include "trace_command.h"

/* Prints every recipe, variant and workload with its text. */
int cmd_list(const struct options *o, const struct paths *p);
/* Looks at all that a run needs, and says what to do about what is missing. EXIT_FAILED: something is. */
int cmd_doctor(const struct options *o, const struct paths *p);
/* Runs `make check` in the build directory, shows each test as it ends, sums up. LONG_TESTS in their long form, if asked. */
int cmd_check(const struct options *o, const struct paths *p);
/* A run's report made again. */
int cmd_report(const struct options *o, const struct paths *p);
/* Two runs, row by row. EXIT_FAILED: something got worse, or a run cannot be read. */
int cmd_compare(const struct options *o, const struct paths *p);
/* A row over all runs that the index knows or that lie in the results directory. */
int cmd_history(const struct options *o, const struct paths *p);
/* Tables of a run's report for other programs. */
int cmd_export(const struct options *o, const struct paths *p);
/* Removes what was asked for, and says how much each takes. */
int cmd_clean(const struct options *o, const struct paths *p);

#endif
