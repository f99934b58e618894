/* SPDX-License-Identifier: BSD-2-Clause */
/* Going on with a run that was interrupted. */
#ifndef BENCH_RESUME_H
#define BENCH_RESUME_H

#include "options.h"
#include "paths.h"
#include "results.h"

/*
 * Lock the run in `dir`, read it, and take over from it what the command line leaves open: recipes, workloads, suite, repetitions,
 * tracing. Strings in `o` then belong to r. EXIT_OK; or, after a message, EXIT_BUSY, or EXIT_FAILED: it cannot be read, or the
 * command line says otherwise about one of them.
 */
int resume_open(struct results *r, const char *dir, struct options *o);
/*
 * Go on with it: what is finished stays, the rest is forgotten. `machine` (taken over) is what would be run on and with now: if an
 * image or QEMU is another than it was, the figures would not belong together, and this refuses. 0, or -1 after a message.
 */
int resume_results(struct results *r, json_t *machine);
/*
 * Whether two runs' machines (machine_json()) have the same images, QEMU and options; if not, a message says what differs. part: `is` is that
 * of a part of the run, which need not have all of its images.
 */
bool machine_same(const json_t *was, const json_t *is, bool part);
/* How often a run has been resumed. */
unsigned resume_round(const struct results *r);

#endif
