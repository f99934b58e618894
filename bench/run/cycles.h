/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine model in a run: whether this QEMU can carry it, how it is asked to, and what it says of each region (docs/model.md).
 */
#ifndef BENCH_CYCLES_H
#define BENCH_CYCLES_H

#include <jansson.h>

#include "options.h"
#include "paths.h"

/*
 * What QEMU's -plugin is told of plugin and machines, for --cycles; the caller frees it. NULL after a message, either since a machine file is
 * wrong (*bad, and no run can be what was asked for), or since this QEMU cannot carry the model: the run goes on without.
 */
char *cycles_prepare(const struct options *o, const struct paths *p, bool *bad);
/* Why there would be no cycles with that QEMU, in words that the caller frees; NULL: there would be. */
char *cycles_why_not(const struct paths *p, const char *qemu);
/* The whole argument for a boot whose figures go to the file `out`; the caller frees it. */
char *cycles_argument(const char *prepared, const char *out, bool native);

/* A boot's figures, as they come. */
struct cycles_reader {
	char *path; /* NULL: it has none */
	long at;    /* what comes before is some region's already */
};
void cycles_open(struct cycles_reader *r, char *path); /* takes it */
void cycles_close(struct cycles_reader *r);
/*
 * The figures of a region that has ended, if the model has some for it: those of its name (natively it has none) whose guest and
 * hypervisor executed as many instructions as the region has, but for faulting ones, which the model counts at each attempt. It becomes the
 * region's "cycles".
 */
void cycles_add(struct cycles_reader *r, json_t *region);

#endif
