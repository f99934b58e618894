/* SPDX-License-Identifier: BSD-2-Clause */
/* Percentiles out of log2 histograms. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <jansson.h>

#include "abi/control_abi.h"
#include "util.h"

struct histogram {
	uint64_t count[PN_HIST_BUCKETS]; /* bucket b: costs in [2^b, 2^(b+1)) ticks */
	uint64_t total;
};

/* Add an array as dom0 reports it; anything that is no such array adds nothing. */
void histogram_add(struct histogram *h, const json_t *array);
/* The cost below which `percent` of the trips lie, 0..100; within a bucket on a log scale. 0 if there are none. */
double histogram_percentile(const struct histogram *h, double percent);

#endif
