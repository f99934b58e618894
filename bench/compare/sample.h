/* SPDX-License-Identifier: BSD-2-Clause */
/* Repetitions of one figure, and whether those of two runs differ by more than chance. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "util.h"

struct sample {
	unsigned n;
	double mean;
	double squares; /* sum of the squared distances from the mean */
};

/* One value more (Welford, Technometrics 1962). An empty sample is all zero. */
void sample_add(struct sample *s, double value);
/* Whether its values differ among themselves. */
bool sample_varies(const struct sample *s);

/* What is known of after's mean less before's. */
struct difference {
	double low, high; /* confidence interval */
	double p;         /* probability of a difference at least as large if there were none; 0..1 */
};

/*
 * Welch's test (Biometrika 1947): two-sided, the two variances may be unlike. alpha: the probability, above 0 and below 1, that the
 * interval misses. False: neither sample varies, or one has a single value, and nothing can be said.
 */
bool sample_difference(const struct sample *before, const struct sample *after, double alpha, struct difference *d);

#endif
