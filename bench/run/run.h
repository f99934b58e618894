/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra run`: every chosen recipe, several QEMUs at once. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "options.h"
#include "paths.h"

/* results/<date-time>, with a number behind it if that second has one already; made, so that no other run takes it. The caller frees it. */
char *new_run_dir(const struct paths *p);
/* Can a run's directory be made and written there, and is there room? False after a message. */
bool place_is_good(const char *dir);
/* The exit code. */
int cmd_run(const struct options *o, const struct paths *p);

#endif
