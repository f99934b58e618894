/* SPDX-License-Identifier: BSD-2-Clause */
/* One row over all runs. */
#ifndef BENCH_HISTORY_H
#define BENCH_HISTORY_H

#include "options.h"
#include "paths.h"

/*
 * Of o->row's workload and, unless NULL, recipe; in o->format, to o->output or standard output. EXIT_FAILED after a message: no run has such a
 * row, or the index cannot be used.
 */
int history_show(const struct options *o, const struct paths *p);

#endif
