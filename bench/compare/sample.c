/* SPDX-License-Identifier: BSD-2-Clause */
/* Mean and spread of repetitions; Welch's interval of a difference, by GSL's distribution. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "sample.h"

void sample_add(struct sample *s, double value)
{
	double off = value - s->mean;

	s->n++;
	s->mean += off / s->n;
	s->squares += off * (value - s->mean);
}

bool sample_varies(const struct sample *s)
{
	return s->squares > 0;
}

/* The squared standard error of its mean. */
static double error_of(const struct sample *s)
{
	return s->squares / (s->n - 1) / s->n;
}

/* Welch and Satterthwaite's degrees of freedom. */
static double freedom(const struct sample *a, const struct sample *b)
{
	double ea = error_of(a), eb = error_of(b), e = ea + eb;

	return e * e / (ea * ea / (a->n - 1) + eb * eb / (b->n - 1));
}

bool sample_difference(const struct sample *before, const struct sample *after, double alpha, struct difference *d)
{
	double by = after->mean - before->mean, error, degrees;

	if (before->n < 2 || after->n < 2 || !(sample_varies(before) || sample_varies(after)))
		return false;
	error = sqrt(error_of(before) + error_of(after));
	degrees = freedom(before, after);
	d->p = 2 * gsl_cdf_tdist_Q(fabs(by) / error, degrees);
	error *= gsl_cdf_tdist_Qinv(alpha / 2, degrees);
	d->low = by - error;
	d->high = by + error;
	return true;
}
