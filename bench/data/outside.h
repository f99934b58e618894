/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads of a directory outside the tree: its workloads.def has lines of the form of workloads/workloads.def (WORKLOAD of the kind pvh,
 * VCPUS, SHADOW_LEVELS, POOL), read here and not compiled; its images lie beside it, <file>.elf and <file>.<levels>.elf. They become part of
 * the catalogue, and are chosen as all others are.
 */
#ifndef BENCH_OUTSIDE_H
#define BENCH_OUTSIDE_H

#include "catalog.h"

/* False after a message: the list cannot be read, or a line of it is wrong; then nothing is entered. What it enters lives as long as the program. */
bool outside_enter(const char *dir);

#endif
