/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The choice of the TSC's frequency, on a simulated machine that loses its CPU where it
 * hurts: between starting the other clock and reading the TSC, and between the end and the look that sees it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tsc.h"
#include "tests/suite.h"

#define TRUE_TICKS 20000000ull /* 10 ms at 2 GHz */
#define LOOK       2000ull     /* ticks between two looks */

static u64 rng;

static u64 pick(u64 below)
{
	rng = rng * 6364136223846793005ull + 1442695040888963407ull;
	return (rng >> 33) % below;
}

/* Now and then, away for up to `longest` ticks. */
static u64 delay(unsigned one_in, u64 longest)
{
	return LOOK / 4 + (pick(one_in) ? 0 : pick(longest));
}

/* One window as apic.c measures it: the true begin lies between two readings, and the true end between two looks. */
static struct tsc_window measure(unsigned one_in, u64 longest)
{
	u64 from0 = 0, begin = from0 + delay(one_in, longest), from1 = begin + delay(one_in, longest);
	u64 end = begin + TRUE_TICKS, before = from0, now = from1, look = now + delay(one_in, longest);

	while (look < end) {
		before = now;
		now = look + delay(one_in, longest) + LOOK;
		look = now + delay(one_in, longest);
	}
	now = look + delay(one_in, longest);
	return (struct tsc_window){ before > from1 ? before - from1 : 0, now - from0 };
}

static u64 calibrate(u64 claimed, unsigned one_in, u64 longest, unsigned *windows)
{
	struct tsc_window w[TSC_WINDOWS];
	unsigned n = 0;

	while (n < TSC_WINDOWS && !tsc_enough(w, n))
		w[n++] = measure(one_in, longest);
	*windows = n;
	return tsc_choose(claimed, w, n);
}

static void is_near(u64 got, unsigned per_mille)
{
	u64 off = got > TRUE_TICKS ? got - TRUE_TICKS : TRUE_TICKS - got;

	ck_assert_msg(off * 1000 <= TRUE_TICKS * per_mille, "%llu ticks, not %llu", (unsigned long long)got,
		      (unsigned long long)TRUE_TICKS);
}

START_TEST(alone)
{
	unsigned n;

	for (rng = 1; rng < 1000; rng++) {
		is_near(calibrate(0, 1000000000, 2, &n), 1);
		ck_assert_uint_eq(n, 2);
	}
}
END_TEST

/* Away for up to 20 ms, half of all the time: single windows are off by far more than a hundred per cent. Then nine tenths of it. */
START_TEST(busy)
{
	unsigned n, far = 0, tries = 100, off = 0;

	for (u64 seed = 1; seed <= tries; seed++) {
		rng = seed;
		u64 got = calibrate(0, 30000, 40000000, &n);
		is_near(got, 10);
		rng = seed;
		struct tsc_window one = measure(3000, 40000000);
		far += one.most > TRUE_TICKS * 3 / 2;
		rng = seed;
		got = calibrate(0, 3000, 40000000, &n);
		off += got > TRUE_TICKS * 11 / 10 || got < TRUE_TICKS * 9 / 10;
	}
	ck_assert_uint_gt(far, tries / 4); /* a window alone is often far off */
	ck_assert_msg(off * 100 < tries * 15, "%u of %u", off, tries);
}
END_TEST

/* CPUID's is taken if it may be true. */
START_TEST(claims)
{
	const struct tsc_window narrow[] = { { 19999000, 20001000 }, { 19999500, 20001500 } };
	const struct tsc_window wide[] = { { 100, 90000000 }, { 5000000, 41000000 } };

	ck_assert_uint_eq(tsc_choose(20010000, narrow, 2), 20010000);
	ck_assert_uint_eq(tsc_choose(20100000, narrow, 2), 20000250);
	ck_assert_uint_eq(tsc_choose(10000000, narrow, 2), 20000250);
	ck_assert_uint_eq(tsc_choose(0, narrow, 2), 20000250);
	ck_assert_uint_eq(tsc_choose(20000000, wide, 2), 20000000);
	ck_assert_uint_eq(tsc_choose(50000000, wide, 2), 23000000);
}
END_TEST

/* One window in which a clock jumped: narrow, and wrong. */
START_TEST(a_jump)
{
	const struct tsc_window w[] = {
		{ 39999000, 40001000 }, { 19990000, 20010000 }, { 19999000, 20030000 }, { 15000000, 21000000 }
	};

	ck_assert(!tsc_enough(w, 1));
	ck_assert(!tsc_enough(w, 2));
	ck_assert(!tsc_enough(w, 3));
	is_near(tsc_choose(0, w, 4), 1);
	is_near(tsc_choose(0, w, 3), 1);
}
END_TEST

START_TEST(leaves)
{
	struct tsc_leaves l = {
		.hypervisor_khz = 2000000, .denominator = 2, .numerator = 166, .crystal_hz = 24000000, .base_mhz = 1900
	};

	ck_assert_uint_eq(tsc_claimed_khz(&l), 2000000);
	l.hypervisor_khz = 0;
	ck_assert_uint_eq(tsc_claimed_khz(&l), 1992000);
	l.crystal_hz = 0;
	ck_assert_uint_eq(tsc_claimed_khz(&l), 1900000);
	l.crystal_hz = 24000000;
	l.denominator = 0;
	ck_assert_uint_eq(tsc_claimed_khz(&l), 1900000);
	l.base_mhz = 0;
	ck_assert_uint_eq(tsc_claimed_khz(&l), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tsc");
	TCase *c = tcase_create("choice");

	tcase_add_test(c, alone);
	tcase_add_test(c, busy);
	tcase_add_test(c, claims);
	tcase_add_test(c, a_jump);
	tcase_add_test(c, leaves);
	suite_add_tcase(s, c);
	return suite_run(s);
}
