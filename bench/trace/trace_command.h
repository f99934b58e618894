/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra trace`: what a run's traces say. */
#ifndef BENCH_TRACE_COMMAND_H
#define BENCH_TRACE_COMMAND_H

#include "options.h"
#include "paths.h"

/* EXIT_FAILED: there is no such trace, or it cannot be read; after a message. */
int cmd_trace(const struct options *o, const struct paths *p);

#endif
