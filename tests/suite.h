/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a test program: its suite is run, and its exit code tells. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* The exit code. Verbosity by CK_VERBOSITY; normal, where that is not set. */
static inline int suite_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
