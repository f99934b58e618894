/* SPDX-License-Identifier: BSD-2-Clause */
/* On what, and with what, a run was made. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <jansson.h>

#include "paths.h"

/* Versions, host, commit, options, images with their sizes and times. A new reference. */
json_t *machine_json(const struct paths *p, const char *qemu);

#endif
