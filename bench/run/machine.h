/* SPDX-License-Identifier: BSD-2-Clause */
/* On what, and with what, a run was made. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <jansson.h>

#include "emulator.h"

/* Versions, host, commit, options, and the images that the selection needs with their sizes and checksums. A new reference. */
json_t *machine_json(const struct paths *p, const struct emulator *qemu, const struct selection *s);

#endif
