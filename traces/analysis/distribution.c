/* SPDX-License-Identifier: BSD-2-Clause */
/* Values are sorted when somebody first asks. */
#include "distribution.h"

#include <stdlib.h>

bool ta_distribution_add(struct ta_distribution *d, uint64_t value, uint64_t bytes)
{
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		uint32_t *more = realloc(d->value, room * sizeof(*more));

		if (!more)
			return false;
		d->value = more;
		d->room = room;
	}
	d->value[d->count++] = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	d->sum += value;
	d->bytes += bytes;
	d->sorted = false;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t ta_distribution_percentile(struct ta_distribution *d, unsigned percent)
{
	size_t rank;

	if (!d->count)
		return 0;
	if (!d->sorted)
		qsort(d->value, d->count, sizeof(*d->value), by_value);
	d->sorted = true;
	rank = (d->count * percent + 99) / 100;
	return d->value[rank ? rank - 1 : 0];
}

double ta_distribution_mean(const struct ta_distribution *d)
{
	return d->count ? (double)d->sum / (double)d->count : 0;
}

void ta_distribution_free(struct ta_distribution *d)
{
	free(d->value);
	*d = (struct ta_distribution){ 0 };
}
