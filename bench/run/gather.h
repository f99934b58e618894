/* SPDX-License-Identifier: BSD-2-Clause */
/* The results of a part of a run, measured elsewhere, put into the whole. */
#ifndef BENCH_GATHER_H
#define BENCH_GATHER_H

#include "results.h"

/*
 * Take over the guest runs, traces, boots and files of the run in `dir`, which then goes; one that is measured on another QEMU or with other
 * images is refused. each (may be NULL) is told of every guest run. False: it was not finished as a whole, or was refused after a message.
 */
bool gather(struct results *res, const char *dir, void (*each)(void *arg, const json_t *item), void *arg);

#endif
