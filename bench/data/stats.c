/* SPDX-License-Identifier: BSD-2-Clause */
/* A percentile is exact to its bucket; the place inside the bucket is interpolated. */
#include <math.h>

#include "stats.h"

void histogram_add(struct histogram *h, const json_t *array)
{
	for (size_t b = 0; b < PN_HIST_BUCKETS && b < json_array_size(array); b++) {
		json_int_t n = json_integer_value(json_array_get(array, b));

		if (n <= 0)
			continue;
		h->count[b] += (uint64_t)n;
		h->total += (uint64_t)n;
	}
}

/* Bucket b has values from 2^b to below 2^(b+1): the place inside is interpolated on a logarithmic scale. */
double histogram_percentile(const struct histogram *h, double percent)
{
	double want = (double)h->total * percent / 100, seen = 0;

	for (unsigned b = 0; b < PN_HIST_BUCKETS; b++) {
		double n = (double)h->count[b];

		if (n > 0 && seen + n >= want)
			return exp2((double)b + (want - seen) / n);
		seen += n;
	}
	return 0;
}
