/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing the TSC's frequency. Numbers only: apic.c measures. */
#include "tsc.h"

#define NARROW 1000 /* narrow: less than a thousandth of itself wide; as far may two clocks that are both right lie apart */

static u64 width(const struct tsc_window *w)
{
	return w->most - w->least;
}

static bool is_narrow(const struct tsc_window *w)
{
	return width(w) < w->most / NARROW;
}

/* May both windows be of one frequency, give or take a thousandth? */
static bool agree(const struct tsc_window *a, const struct tsc_window *b)
{
	return a->least <= b->most + b->most / NARROW && b->least <= a->most + a->most / NARROW;
}

static unsigned supporters(const struct tsc_window *w, unsigned n, unsigned i)
{
	unsigned count = 0;

	for (unsigned k = 0; k < n; k++)
		count += agree(&w[i], &w[k]);
	return count;
}

bool tsc_enough(const struct tsc_window *w, unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			good += is_narrow(&w[i]) && is_narrow(&w[k]) && agree(&w[i], &w[k]);
	return good > 0;
}

/* The narrowest of those that most others agree with: a window that a jump of either clock spoilt is alone. */
static const struct tsc_window *best(const struct tsc_window *w, unsigned n)
{
	unsigned found = 0, most = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned s = supporters(w, n, i);
		if (s > most || (s == most && width(&w[i]) < width(&w[found]))) {
			most = s;
			found = i;
		}
	}
	return &w[found];
}

/* What it has in common with all that agree with it and with each other: bounds are bounds, however far apart. */
static struct tsc_window narrowed(const struct tsc_window *w, unsigned n)
{
	struct tsc_window r = *best(w, n);

	for (unsigned i = 0; i < n; i++) {
		u64 least = w[i].least > r.least ? w[i].least : r.least;
		u64 most = w[i].most < r.most ? w[i].most : r.most;
		if (least <= most)
			r = (struct tsc_window){ least, most };
	}
	return r;
}

u64 tsc_choose(u64 claimed, const struct tsc_window *w, unsigned n)
{
	struct tsc_window r = narrowed(w, n);
	u64 slack = claimed / NARROW;

	if (claimed && claimed + slack >= r.least && claimed <= r.most + slack)
		return claimed;
	return r.least + width(&r) / 2;
}

u64 tsc_claimed_khz(const struct tsc_leaves *l)
{
	if (l->hypervisor_khz)
		return l->hypervisor_khz;
	if (l->denominator && l->numerator && l->crystal_hz)
		return (u64)l->crystal_hz * l->numerator / l->denominator / 1000;
	return l->base_mhz * 1000ull;
}
