/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra lab`. */
#ifndef BENCH_LAB_COMMAND_H
#define BENCH_LAB_COMMAND_H

#include "options.h"
#include "paths.h"

/* EXIT_FAILED: a check was not passed, or nothing could be checked. */
int cmd_lab(const struct options *o, const struct paths *p);

#endif
