/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked of a boot at any time, and told to its guest runs; for boot.c, boot_read.c, boot_end.c and the queue. */
#ifndef BENCH_BOOT_STATE_H
#define BENCH_BOOT_STATE_H

#include "boot.h"

/* Every guest run of the plan that has not ended gets `state` and `reason`; what already ended stays. */
void boot_mark_rest(struct boot *b, const char *state, const char *reason);

/* CPU seconds of a QEMU that runs, all its threads; 0 if there is none. */
double boot_cpu_seconds(const struct boot *b);

/* What the guest that runs now is called; NULL: none does. */
const char *boot_current(const struct boot *b);

#endif
