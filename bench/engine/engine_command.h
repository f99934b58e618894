/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra bench-engine`: the engine hosted at native speed, measured, and kept as a run whose rows are compared as all others are. */
#ifndef BENCH_ENGINE_COMMAND_H
#define BENCH_ENGINE_COMMAND_H

#include "options.h"
#include "paths.h"

#define ENGINE_PREFIX "engine-" /* before a workload's name, so that its rows are nobody else's */
#define ENGINE_ORACLE "oracle"
#define ENGINE_REPEAT 5

int cmd_bench_engine(const struct options *o, const struct paths *p);

#endif
