/* SPDX-License-Identifier: BSD-2-Clause */
/* What others published, with what this run measured of the same kind. */
#ifndef BENCH_PUBLISHED_H
#define BENCH_PUBLISHED_H

#include "dataset.h"

struct published {
	const char *what, *figure, *source, *machine;
	char *(*ours)(const struct dataset *d); /* in words; the caller frees it */
};

extern const struct published published[];
extern const unsigned nr_published;

#endif
