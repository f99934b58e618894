/* SPDX-License-Identifier: BSD-2-Clause */
/* Going on with a run that was interrupted. */
#ifndef BENCH_RESUME_H
#define BENCH_RESUME_H

#include "options.h"
#include "paths.h"
#include "results.h"

/*
 * Take over from the run in `dir` what the command line leaves open: recipes, workloads, suite, repetitions, tracing. False
 * after a message if the command line says otherwise about one of them, or the run cannot be read. Strings in `o` then belong to *root, the results tree.
 */
bool resume_options(const char *dir, struct options *o, json_t **root);
/*
 * Open the run again: what is finished stays, the rest is forgotten. `machine` (taken over) is what would be run on and with now: if an
 * image or QEMU is another than it was, the figures would not belong together, and this refuses. 0, or -1 after a message.
 */
int resume_results(struct results *r, const char *dir, json_t *root, json_t *machine);
/* How often a run has been resumed. */
unsigned resume_round(const struct results *r);

#endif
