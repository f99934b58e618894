/* SPDX-License-Identifier: BSD-2-Clause */
/* What perf stat and callgrind write, and what of it is no figure. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "counted.h"
#include "tests/suite.h"

START_TEST(perf_as_it_writes)
{
	uint64_t n[HOST_FIGURES] = { 0 };

	ck_assert_uint_eq(perf_stat_read("# started on Mon\n\n"
					 "{\"counter-value\" : \"1234.000000\", \"unit\" : \"\", \"event\" : \"cycles:u\", "
					 "\"event-runtime\" : 1}\n"
					 "{\"counter-value\" : \"99.000000\", \"event\" : \"instructions\"}\n"
					 "{\"counter-value\" : \"<not supported>\", \"event\" : \"cache-misses:u\"}\n"
					 "{\"counter-value\" : \"7\", \"event\" : \"dTLB-load-misses\"}",
					 n),
			  3);
	ck_assert_uint_eq(n[HOST_cycles], 1234);
	ck_assert_uint_eq(n[HOST_instructions], 99);
	ck_assert_uint_eq(n[HOST_cache_misses], 0);
	ck_assert_uint_eq(n[HOST_dtlb_misses], 7);
}
END_TEST

START_TEST(perf_that_says_nothing)
{
	static const char *const bad[] = { "",
					   "\n\n",
					   "{",
					   "{}",
					   "[1]",
					   "null",
					   "{\"event\":\"cycles\"}",
					   "{\"counter-value\":\"5\"}",
					   "{\"counter-value\":5,\"event\":\"cycles\"}",
					   "{\"counter-value\":\"-5\",\"event\":\"cycles\"}",
					   "{\"counter-value\":\"5x\",\"event\":\"cycles\"}",
					   "{\"counter-value\":\"1e30\",\"event\":\"cycles\"}",
					   "{\"counter-value\":\"0\",\"event\":\"cycles\"}",
					   "{\"counter-value\":\"<not counted>\",\"event\":\"cycles\"}",
					   "{\"counter-value\":\"5\",\"event\":\"cyclesx\"}",
					   "{\"counter-value\":\"5\",\"event\":\"stalled-cycles\"}" };

	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		uint64_t n[HOST_FIGURES] = { 0 };

		ck_assert_uint_eq(perf_stat_read(bad[i], n), 0);
		for (unsigned k = 0; k < HOST_FIGURES; k++)
			ck_assert_uint_eq(n[k], 0);
	}
}
END_TEST

START_TEST(callgrind_as_it_writes)
{
	char *region;
	uint64_t n = 0;

	ck_assert(callgrind_read(
		"# callgrind format\nversion: 1\ndesc: Trigger: Client Request: cow-invlpg\nevents: Ir\nsummary: 5\n\nfn=x\n"
		"1 2\ntotals: 1242\n",
		&region, &n));
	ck_assert_str_eq(region, "cow-invlpg");
	ck_assert_uint_eq(n, 1242);
	free(region);
	ck_assert(callgrind_read("desc: Trigger: Program termination\nevents: Ir Dr\ntotals: 7 3", &region, &n));
	ck_assert_ptr_null(region);
	ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(callgrind_that_is_none)
{
	static const char *const bad[] = { "",
					   "totals: 5\n",
					   "events: Ir\n",
					   "events: Dr Ir\ntotals: 5\n",
					   "events: Ir\ntotals: x\n",
					   "events: Ir\ntotals: -5\n",
					   "events: Ir\ntotals: 5x\n",
					   " events: Ir\n totals: 5\n" };

	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		char *region;
		uint64_t n;

		ck_assert(!callgrind_read(bad[i], &region, &n));
		ck_assert_ptr_null(region);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("counted");
	TCase *t = tcase_create("counted");

	tcase_add_test(t, perf_as_it_writes);
	tcase_add_test(t, perf_that_says_nothing);
	tcase_add_test(t, callgrind_as_it_writes);
	tcase_add_test(t, callgrind_that_is_none);
	suite_add_tcase(s, t);
	return suite_run(s);
}
