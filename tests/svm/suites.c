/* SPDX-License-Identifier: BSD-2-Clause */
/* All suites of hv/svm, under the recipe that this program is linked with. */
#include "tests/svm/suites.h"

#include <stdlib.h>

#include "tests/svm/svm_host.h"

int main(void)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	machine_quiet = true;
	machine_init(); /* the costly part of it, poisoning free memory, is every test's by fork */
	for (unsigned i = 0; i < sizeof(svm_suites) / sizeof(svm_suites[0]); i++)
		srunner_add_suite(runner, svm_suites[i]());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
