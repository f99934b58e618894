/* SPDX-License-Identifier: BSD-2-Clause */
/* The suites of hv/svm, each in tests/svm/suites/<name>.c (tests/svm/svm_host.h says how to write one). */
#ifndef TESTS_SVM_SUITES_H
#define TESTS_SVM_SUITES_H

#include <check.h>

#define SUITE(name) Suite *svm_##name##_suite(void);
#include "tests/svm/suites.def"
#undef SUITE

static Suite *(*const svm_suites[])(void) = {
#define SUITE(name) svm_##name##_suite,
#include "tests/svm/suites.def"
#undef SUITE
};

/* A case of one test that is run once for each of `n`. */
static inline void svm_case(Suite *suite, const char *name, const TTest *test, int n)
{
	TCase *c = tcase_create(name);

	tcase_set_timeout(c, 600);
	tcase_add_loop_test(c, test, 0, n);
	suite_add_tcase(suite, c);
}

#endif
