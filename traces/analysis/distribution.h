/* SPDX-License-Identifier: BSD-2-Clause */
/* How a figure is distributed: every value is kept, so that percentiles are exact. */
#ifndef TRACES_DISTRIBUTION_H
#define TRACES_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ta_distribution {
	uint32_t *value; /* saturated */
	size_t count, room;
	uint64_t sum, bytes; /* bytes: of page tables, summed beside */
	bool sorted;
};

/* False: no memory, and nothing is changed. */
bool ta_distribution_add(struct ta_distribution *d, uint64_t value, uint64_t bytes);
/* The smallest value that at least `percent` of them do not exceed (nearest rank); 0 is the least, 100 the greatest. 0: there is none. */
uint32_t ta_distribution_percentile(struct ta_distribution *d, unsigned percent);
double ta_distribution_mean(const struct ta_distribution *d);
void ta_distribution_free(struct ta_distribution *d);

#endif
