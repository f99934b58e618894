/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that give up what was used longest ago: by hand, and against one that keeps a clock. */
#include <check.h>
#include <stdlib.h>

#include "bench/model/assoc.h"
#include "tests/suite.h"

START_TEST(last_used_stays)
{
	struct assoc a;
	uint64_t value;

	ck_assert(assoc_init(&a, 4, 2, true)); /* two sets: of odd and even indices */
	ck_assert(!assoc_find(&a, 0, 10, NULL));
	ck_assert_uint_eq(assoc_put(&a, 0, 10, 100), 0);
	ck_assert_uint_eq(assoc_put(&a, 2, 12, 120), 0);
	ck_assert_uint_eq(assoc_put(&a, 1, 11, 110), 0);
	ck_assert(assoc_find(&a, 0, 10, &value));
	ck_assert_uint_eq(value, 100);
	ck_assert_uint_eq(assoc_put(&a, 4, 14, 140), 12); /* 10 was used since */
	ck_assert(!assoc_find(&a, 2, 12, NULL));
	ck_assert(assoc_find(&a, 1, 11, &value));
	ck_assert_uint_eq(value, 110);
	assoc_remove(&a, 0, 10);
	ck_assert(!assoc_find(&a, 0, 10, NULL));
	ck_assert(assoc_find(&a, 4, 14, &value));
	ck_assert_uint_eq(value, 140);
	ck_assert_uint_eq(assoc_put(&a, 6, 16, 160), 0); /* into the place that became free */
	ck_assert_uint_eq(assoc_find_either(&a, 4, 14, 16, &value), 16);
	ck_assert_uint_eq(value, 160);
	ck_assert_uint_eq(assoc_find_either(&a, 4, 14, 18, &value), 14);
	ck_assert_uint_eq(value, 140);
	ck_assert_uint_eq(assoc_find_either(&a, 4, 18, 20, NULL), 0);
	ck_assert_uint_eq(assoc_put(&a, 8, 18, 180), 16); /* 14 was found since */
	assoc_clear(&a);
	ck_assert(!assoc_find(&a, 4, 14, NULL));
	assoc_free(&a);
}
END_TEST

START_TEST(none_and_one_set)
{
	struct assoc a;

	ck_assert(assoc_init(&a, 0, 0, false));
	ck_assert_uint_eq(assoc_put(&a, 5, 5, 0), 0);
	ck_assert(!assoc_find(&a, 5, 5, NULL));
	assoc_remove(&a, 5, 5);
	assoc_clear(&a);
	assoc_free(&a);
	ck_assert(assoc_init(&a, 3, 0, false)); /* one set of three, whatever the index */
	for (uint64_t k = 1; k <= 3; k++)
		ck_assert_uint_eq(assoc_put(&a, k * 77, k, 0), 0);
	ck_assert_uint_eq(assoc_put(&a, 1000, 4, 0), 1);
	assoc_free(&a);
}
END_TEST

static bool is_even(uint64_t key, uint64_t value, const void *arg)
{
	(void)arg;
	ck_assert_uint_eq(value, key * 3);
	return key % 2 == 0;
}

START_TEST(drop_some)
{
	struct assoc a;

	ck_assert(assoc_init(&a, 12, 4, true)); /* three sets: no power of two */
	for (uint64_t k = 1; k <= 12; k++)
		assoc_put(&a, k, k, k * 3);
	assoc_drop(&a, is_even, NULL);
	for (uint64_t k = 1; k <= 12; k++)
		ck_assert_int_eq(assoc_find(&a, k, k, NULL), k % 2);
	assoc_free(&a);
}
END_TEST

#define KEYS 64

/* One that keeps for each key when it was used last: a set's content are its most recent `ways`. */
START_TEST(against_a_clock)
{
	static const struct {
		uint32_t entries, ways;
	} shapes[] = { { 16, 4 }, { 24, 8 }, { 5, 0 }, { 8, 1 } };
	uint64_t used[KEYS + 1] = { 0 }, now = 0;
	struct assoc a;
	uint32_t sets, ways;

	ck_assert(assoc_init(&a, shapes[_i].entries, shapes[_i].ways, false));
	ways = shapes[_i].ways ? shapes[_i].ways : shapes[_i].entries;
	sets = shapes[_i].entries / ways;
	srand(_i + 1);
	for (int n = 0; n < 20000; n++) {
		uint64_t key = (uint64_t)rand() % KEYS + 1;
		uint32_t later = 0;

		if (rand() % 10 == 0) {
			assoc_remove(&a, key, key);
			used[key] = 0;
			continue;
		}
		for (uint64_t k = 1; k <= KEYS; k++)
			later += k % sets == key % sets && used[k] > used[key];
		/* What was removed left a place: it is there if fewer than `ways` are used later, and it was used at all. */
		if (assoc_find(&a, key, key, NULL)) {
			ck_assert(used[key] && later < ways);
		} else {
			uint64_t gone = assoc_put(&a, key, key, 0);
			bool oldest = true;

			for (uint64_t k = 1; gone && k <= KEYS; k++)
				oldest &= k == gone || k % sets != key % sets || !used[k] || used[k] > used[gone];
			ck_assert(!used[key] && oldest);
			used[gone] = 0;
		}
		used[key] = ++now;
	}
	assoc_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assoc");
	TCase *t = tcase_create("assoc");

	tcase_add_test(t, last_used_stays);
	tcase_add_test(t, none_and_one_set);
	tcase_add_test(t, drop_some);
	tcase_add_loop_test(t, against_a_clock, 0, 4);
	suite_add_tcase(s, t);
	return suite_run(s);
}
