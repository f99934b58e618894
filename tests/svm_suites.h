/* SPDX-License-Identifier: BSD-2-Clause */
/* The suites of hv/svm, each in tests/svm_<name>.c (svm_host.h says how to write one). */
#ifndef TESTS_SVM_SUITES_H
#define TESTS_SVM_SUITES_H

#include <check.h>

Suite *svm_basic_suite(void);
Suite *svm_leaks_suite(void);

static Suite *(*const svm_suites[])(void) = { svm_basic_suite, svm_leaks_suite };

/* A case of one test that is run once for each of `n`. */
static inline void svm_case(Suite *suite, const char *name, const TTest *test, int n)
{
	TCase *c = tcase_create(name);

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, test, 0, n);
	suite_add_tcase(suite, c);
}

#endif
