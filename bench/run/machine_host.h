/* SPDX-License-Identifier: BSD-2-Clause */
/* On what was measured where that is the host itself: no QEMU, no options of one, no image but those that are added. */
#ifndef BENCH_MACHINE_HOST_H
#define BENCH_MACHINE_HOST_H

#include <jansson.h>

#include "paths.h"

/* Versions, host, commit. A new reference. */
json_t *machine_host_json(const struct paths *p);
/* Its size and checksum; a file that is not there is left out. */
void machine_add_image(json_t *machine, const char *path, const struct paths *p);

#endif
