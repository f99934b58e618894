/* SPDX-License-Identifier: BSD-2-Clause */
/* What was measured, as a table per operation: a row a recipe, workload and phase; a column is there where any row has it. */
#ifndef BENCH_ENGINE_TABLE_H
#define BENCH_ENGINE_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* root: a run's tree, sound by the schema. Means over the repetitions. */
void engine_table(FILE *f, const json_t *root);

#endif
