/* SPDX-License-Identifier: BSD-2-Clause */
/* `run --profile`: where a run's time went. */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include "results.h"

/* A table on standard output: QEMU's CPU seconds by what they were for, of `wall` seconds with `jobs` QEMUs at once. */
void profile_print(const struct results *res, double wall, unsigned jobs);

#endif
