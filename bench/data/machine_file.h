/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file a machine of --machine is. */
#ifndef BENCH_MACHINE_FILE_H
#define BENCH_MACHINE_FILE_H

#include "paths.h"

/* What is modelled where no machine is named. */
#define MACHINES_USUAL "opteron-2007,xeon-2009,zen2-2019,nested-cloud"

/* A file, or the name of one that came along; read and found to be sensible. NULL after a message. The caller frees it. */
char *machine_file(const struct paths *p, const char *word);

#endif
