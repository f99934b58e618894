/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra run`: every chosen recipe, several QEMUs at once. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "options.h"
#include "paths.h"

/* The exit code. */
int cmd_run(const struct options *o, const struct paths *p);

#endif
