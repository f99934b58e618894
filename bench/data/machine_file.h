/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file a machine of --machine is. */
#ifndef BENCH_MACHINE_FILE_H
#define BENCH_MACHINE_FILE_H

#include <jansson.h>

#include "bench/model/machine.h"
#include "paths.h"

/* What is modelled where no machine is named. */
#define MACHINES_USUAL "opteron-2007,xeon-2009,zen2-2019,nested-cloud"

/* A file, or the name of one that came along; read and found to be sensible. NULL after a message. The caller frees it. */
char *machine_file(const struct paths *p, const char *word);

/*
 * What a run keeps of the machines that it was modelled on, by name: title, values, and which of these are assumed. `machines` as --machine has
 * them, NULL: the usual ones. machine_of_run() has one of them again; false: it lacks, or some value of it lacks or is out of range, as in
 * runs of other versions.
 */
json_t *machines_json(const struct paths *p, const char *machines);
bool machine_of_run(const json_t *machines, const char *name, struct machine *m);

#endif
