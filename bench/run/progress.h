/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is running and how much is left, on standard error: one live line on a
 * terminal, a line per finished guest otherwise.
 */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include "util.h"

/* So many guest runs are planned. From here on to progress_end() messages of say() push the live line down. */
void progress_begin(unsigned total);
/* More guests than planned, or fewer. */
void progress_total(unsigned total);
/* One guest has ended: print it. what: "shadow2  demand-fault"; state: "finished" or why not. */
void progress_done(const char *what, const char *state);
/* Redraw the live line. running: "shadow2: demand-fault, vtlb: linux"; left: seconds, negative: not known. */
void progress_show(const char *running, double left);
void progress_end(void);

#endif
