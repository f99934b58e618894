/* SPDX-License-Identifier: BSD-2-Clause */
/* What a suite left to itself measures, and how often. */
#include <check.h>
#include <string.h>

#include "catalog.h"
#include "tests/suite.h"

START_TEST(the_default_choice_is_the_quick_suite)
{
	struct selection s;
	unsigned hostile = 0;

	ck_assert(select_recipes(&s, NULL, "quick"));
	ck_assert(select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	for (unsigned i = 0; i < nr_recipes; i++)
		ck_assert(s.recipe[i] == !strcmp(recipes[i].suite, "quick"));
	for (unsigned i = 0; i < nr_workloads; i++)
		hostile += s.workload[i] && !strcmp(workloads[i].suite, "hostile");
	ck_assert_uint_eq(hostile, 0);
	ck_assert(s.workload[workload_find("demand-fault") - workloads]);
}
END_TEST

START_TEST(variants_belong_to_the_full_suite_or_are_named)
{
	const struct recipe *r = recipe_find("shadow2-guess");
	struct selection s;

	ck_assert_str_eq(r->base, "shadow2");
	ck_assert(select_recipes(&s, NULL, "quick") && !s.recipe[r - recipes]);
	ck_assert(select_recipes(&s, NULL, "full") && s.recipe[r - recipes] && s.recipe[recipe_find("npt") - recipes]);
	ck_assert(select_recipes(&s, "shadow2-guess", "quick") && s.recipe[r - recipes]);
}
END_TEST

START_TEST(the_quick_suite_leaves_out_what_takes_long)
{
	const struct recipe *vtlb = recipe_find("vtlb"), *shadow2 = recipe_find("shadow2"), *native = recipe_find("native");
	const struct workload *fault = workload_find("demand-fault"), *batch = workload_find("map-batch"),
			      *linux_guest = workload_find("linux-process");
	struct selection s;

	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	ck_assert(selection_has(&s, shadow2, linux_guest) && selection_has(&s, vtlb, linux_guest) &&
		  selection_has(&s, vtlb, batch));
	ck_assert(selection_traces(&s, vtlb, fault) && !selection_traces(&s, vtlb, batch) &&
		  !selection_traces(&s, native, fault));
	/* Who names something gets all of it. */
	ck_assert(select_recipes(&s, "vtlb", "quick"));
	ck_assert(selection_has(&s, vtlb, linux_guest) && !selection_has(&s, shadow2, linux_guest) &&
		  selection_traces(&s, vtlb, batch));
	ck_assert(select_recipes(&s, NULL, "full") && select_workloads(&s, NULL, "full", LEVELS_DEFAULT));
	ck_assert(selection_has(&s, vtlb, linux_guest) && selection_traces(&s, vtlb, batch));
	ck_assert(selection_has(&s, recipe_find("shadow2-guess"), linux_guest) &&
		  !selection_has(&s, recipe_find("shadow2-guess"), workload_find("linux-process.2")));
	ck_assert(selection_has(&s, vtlb, workload_find("linux-process.2")) &&
		  !selection_traces(&s, vtlb, workload_find("demand-fault.2")));
	ck_assert(selection_has(&s, recipe_find("shadow2-guess"), fault) &&
		  !selection_traces(&s, recipe_find("shadow2-guess"), fault));
}
END_TEST

START_TEST(the_quick_suite_measures_twice_where_that_says_something)
{
	const struct recipe *shadow2 = recipe_find("shadow2"), *shadow3 = recipe_find("shadow3"), *vtlb = recipe_find("vtlb");
	const struct workload *fault = workload_find("demand-fault"), *smp = workload_find("smp-shootdown"),
			      *linux_guest = workload_find("linux-process"), *suites = workload_find("linux-suites");
	struct selection s;

	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	select_also(&s);
	ck_assert(selection_repeat(&s, shadow2, fault) == 2 && selection_repeat(&s, shadow3, fault) == 1);
	ck_assert(selection_repeat(&s, shadow3, smp) == 1 && !workload_varies(smp) && !workload_varies(linux_guest) &&
		  !workload_varies(fault));
	ck_assert(selection_repeat(&s, shadow2, linux_guest) == 1);
	ck_assert(selection_has(&s, shadow3, suites) && !selection_has(&s, vtlb, suites));
	/* Who names something gets all of it, twice. */
	ck_assert(select_recipes(&s, "vtlb", "quick"));
	ck_assert(selection_has(&s, vtlb, suites) && selection_repeat(&s, vtlb, fault) == 2);
	ck_assert(select_recipes(&s, NULL, "full") && select_workloads(&s, NULL, "full", LEVELS_DEFAULT));
	ck_assert(selection_has(&s, vtlb, suites) && selection_repeat(&s, vtlb, fault) == 2 &&
		  selection_repeat(&s, vtlb, suites) == 1);
}
END_TEST

/* quick.def's pairs: exactly these, of recipes and forms that exist, and only while nothing is named. */
START_TEST(the_quick_suite_has_single_pairs_besides)
{
	static const struct {
		const char *recipe, *form;
	} also[] = {
#define ALSO(recipe, form) { recipe, form },
#include "quick.def"
	};
	struct selection s, named;
	unsigned pairs = 0;

	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	select_also(&s);
	for (unsigned i = 0; i < COUNT_OF(also); i++) {
		const struct recipe *r = recipe_find(also[i].recipe);
		const struct workload *w = workload_find(also[i].form);

		ck_assert_msg(r && w, "%s, %s", also[i].recipe, also[i].form);
		ck_assert(selection_has(&s, r, w));
		ck_assert_msg(strcmp(r->suite, "quick") || strcmp(w->suite, "quick") || w->levels != 4,
			      "%s, %s are quick as they are", r->name, w->name);
	}
	for (unsigned r = 0; r < nr_recipes; r++)
		for (unsigned w = 0; w < nr_workloads; w++) {
			bool outside = strcmp(recipes[r].suite, "quick") || strcmp(workloads[w].suite, "quick") ||
				       workloads[w].levels != 4;

			pairs += outside && selection_has(&s, &recipes[r], &workloads[w]);
			ck_assert(!outside || !selection_traces(&s, &recipes[r], &workloads[w]));
		}
	ck_assert_uint_eq(pairs, COUNT_OF(also));
	ck_assert(select_recipes(&named, NULL, "quick") && select_workloads(&named, "true-fault", "quick", LEVELS_DEFAULT));
	select_also(&named);
	ck_assert(!named.recipe[recipe_find("shadow2+guest_flags") - recipes]);
}
END_TEST
int main(void)
{
	Suite *s = suite_create("bench: suites left to themselves");
	TCase *t = tcase_create("quick");

	tcase_add_test(t, the_default_choice_is_the_quick_suite);
	tcase_add_test(t, variants_belong_to_the_full_suite_or_are_named);
	tcase_add_test(t, the_quick_suite_leaves_out_what_takes_long);
	tcase_add_test(t, the_quick_suite_measures_twice_where_that_says_something);
	tcase_add_test(t, the_quick_suite_has_single_pairs_besides);
	suite_add_tcase(s, t);
	return suite_run(s);
}
