/* SPDX-License-Identifier: BSD-2-Clause */
/* A region's sums, as `penumbra run` reads them. */
#ifndef BENCH_MODEL_REGION_JSON_H
#define BENCH_MODEL_REGION_JSON_H

#include <stdio.h>

#include "trip_costs.h"

/* One line; variations of a machine stand behind all machines of files. Cycles are whole ones there. What `phase` holds can be printed and has neither quotes nor backslashes. */
void region_json(FILE *out, const char *phase, const struct model *m, const struct trip_costs *t);

#endif
