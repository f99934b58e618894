/* SPDX-License-Identifier: BSD-2-Clause */
/* Two runs' directories compared, and the outcome put where it is wanted. */
#ifndef BENCH_COMPARED_H
#define BENCH_COMPARED_H

#include "options.h"

/*
 * By o->threshold, in o->format, to o->output or standard output. EXIT_OK; EXIT_FAILED: something got worse, or after a message
 * a run cannot be read or the file not written.
 */
int compare_runs(const char *before, const char *after, const struct options *o);

#endif
