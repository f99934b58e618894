/* SPDX-License-Identifier: BSD-2-Clause */
/* Two runs compared: what is exact, what varies, what is lost; and every form that it is shown in. */
#include <check.h>
#include <libxml/parser.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "comparison.h"
#include "show_comparison.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static json_t *run_before, *run_after;
static struct dataset before, after;
static struct comparison c;

static void setup(void)
{
	run_before = tree_of(TREE);
	run_after = tree_of(TREE);
	json_array_clear(json_object_get(run_before, "items"));
	json_array_clear(json_object_get(run_after, "items"));
}

static void teardown(void)
{
	comparison_free(&c);
	dataset_free(&before);
	dataset_free(&after);
	json_decref(run_before);
	json_decref(run_after);
}

/* One guest run of ten operations more. */
static json_t *add(json_t *run, const char *recipe, const char *workload, json_int_t instructions, json_int_t trips)
{
	json_t *items = json_object_get(run, "items"), *item = tree_of(TREE_ITEM),
	       *region = json_array_get(json_object_get(item, "regions"), 0);

	json_object_set_new(item, "recipe", json_string(recipe));
	json_object_set_new(item, "workload", json_string(workload));
	json_object_set_new(item, "repetition", json_integer((json_int_t)json_array_size(items) + 1));
	json_object_set_new(region, "instructions", json_integer(instructions));
	json_object_set_new(region, "trips", json_integer(trips));
	json_object_del(region, "host");
	json_array_append_new(items, item);
	return item;
}

static void compare(double threshold)
{
	dataset_load(&before, run_before);
	dataset_load(&after, run_after);
	comparison_make(&c, &before, &after, threshold);
}

static const struct change *change_of(const char *workload, enum metric m)
{
	for (unsigned i = 0; i < c.nr_changes; i++)
		if (!strcmp(c.change[i].workload, workload) && c.change[i].metric == m)
			return &c.change[i];
	ck_abort_msg("no row %s", workload);
}

/* By hand: the means differ by 3, the error is sqrt(2/3), 4 degrees of freedom, of which the table has t = 2.7764 at 5 per cent. */
START_TEST(welch_as_worked_by_hand)
{
	struct sample a = { 0 }, b = { 0 };
	struct difference d;

	for (int i = 1; i <= 3; i++) {
		sample_add(&a, i);
		sample_add(&b, i + 3);
	}
	ck_assert(sample_difference(&a, &b, 0.05, &d));
	ck_assert_double_eq_tol(d.low, 0.7330, 5e-4);
	ck_assert_double_eq_tol(d.high, 5.2670, 5e-4);
	ck_assert_double_eq_tol(d.p, 0.0213, 5e-5);
}
END_TEST

START_TEST(nothing_is_said_of_single_or_equal_values)
{
	struct sample one = { 0 }, same = { 0 }, vary = { 0 };
	struct difference d;

	sample_add(&one, 5);
	sample_add(&same, 5);
	sample_add(&same, 5);
	sample_add(&vary, 5);
	sample_add(&vary, 6);
	ck_assert(!sample_difference(&one, &vary, 0.05, &d));
	ck_assert(!sample_difference(&vary, &one, 0.05, &d));
	ck_assert(!sample_difference(&same, &same, 0.05, &d));
	ck_assert(sample_difference(&same, &vary, 0.05, &d));
}
END_TEST

START_TEST(what_repeats_is_judged_exactly)
{
	add(run_before, "shadow2", "same", 1000, 20);
	add(run_after, "shadow2", "same", 1000, 20);
	add(run_before, "shadow2", "worse", 1000, 20);
	add(run_after, "shadow2", "worse", 1011, 20);
	add(run_before, "shadow2", "within", 1000, 20);
	add(run_after, "shadow2", "within", 1010, 20);
	add(run_before, "shadow2", "better", 1000, 20);
	add(run_after, "shadow2", "better", 989, 20);
	compare(0.01);
	ck_assert_int_eq(change_of("same", METRIC_instructions)->outcome, OUTCOME_SAME);
	ck_assert_int_eq(change_of("worse", METRIC_instructions)->outcome, OUTCOME_WORSE);
	ck_assert_int_eq(change_of("worse", METRIC_trips)->outcome, OUTCOME_SAME);
	ck_assert_int_eq(change_of("within", METRIC_instructions)->outcome, OUTCOME_WITHIN);
	ck_assert_int_eq(change_of("better", METRIC_instructions)->outcome, OUTCOME_BETTER);
	ck_assert(comparison_is_worse(&c));
	ck_assert_uint_eq(c.few, 0);
}
END_TEST

/* Once in each run, and another figure: of a workload that the list says varies, nothing can be told. */
START_TEST(what_is_known_to_vary_is_not_judged_exactly)
{
	ck_assert(workload_varies(workload_find("linux-smp")));
	add(run_before, "shadow2", "linux-smp", 1000, 20);
	add(run_after, "shadow2", "linux-smp", 1100, 20);
	compare(0.01);
	ck_assert_int_eq(change_of("linux-smp", METRIC_instructions)->outcome, OUTCOME_UNCLEAR);
	ck_assert_int_eq(change_of("linux-smp", METRIC_trips)->outcome, OUTCOME_SAME);
	ck_assert(!comparison_is_worse(&c));
	ck_assert_uint_gt(c.few, 0);
}
END_TEST

START_TEST(a_trip_where_there_was_none_is_worse)
{
	add(run_before, "npt", "fault", 1000, 0);
	add(run_after, "npt", "fault", 1000, 1);
	compare(1);
	ck_assert_int_eq(change_of("fault", METRIC_trips)->outcome, OUTCOME_WORSE);
	ck_assert(isinf(change_of("fault", METRIC_trips)->ratio));
}
END_TEST

START_TEST(what_varies_is_worse_only_when_that_is_sure)
{
	static const int noise[] = { -9, 4, 7, -2, 0, -6, 8, 3, -5 };

	for (unsigned i = 0; i < 9; i++) {
		add(run_before, "shadow2", "equal", 1000 + noise[i], 20);
		add(run_after, "shadow2", "equal", 1000 + noise[8 - i], 20);
		add(run_before, "shadow2", "slower", 1000 + noise[i], 20);
		add(run_after, "shadow2", "slower", 1040 + noise[8 - i], 20);
		add(run_before, "shadow2", "a-little", 1000 + noise[i], 20);
		add(run_after, "shadow2", "a-little", 1013 + noise[8 - i], 20);
	}
	compare(0.01);
	ck_assert_int_eq(change_of("equal", METRIC_instructions)->outcome, OUTCOME_UNCLEAR);
	ck_assert_int_eq(change_of("slower", METRIC_instructions)->outcome, OUTCOME_WORSE);
	ck_assert_int_eq(change_of("a-little", METRIC_instructions)->outcome, OUTCOME_UNCLEAR);
	ck_assert_int_eq(change_of("slower", METRIC_trips)->outcome, OUTCOME_SAME);
	ck_assert_uint_eq(c.few, 0);
}
END_TEST

START_TEST(what_varies_elsewhere_is_not_taken_for_exact)
{
	add(run_before, "shadow2", "shootdown", 1000, 20);
	add(run_before, "shadow2", "shootdown", 1003, 20);
	add(run_after, "shadow2", "shootdown", 1002, 20);
	add(run_after, "shadow2", "shootdown", 1005, 20);
	add(run_before, "kvm", "shootdown", 900, 20);
	add(run_after, "kvm", "shootdown", 990, 20);
	compare(0.01);
	ck_assert(!comparison_is_worse(&c));
	ck_assert_uint_eq(c.count[OUTCOME_UNCLEAR], 2);
	ck_assert_uint_eq(c.few, 6);
}
END_TEST

/* Twenty equal runs in ten pairs; their noise is a fixed sequence of a linear congruence (Numerical Recipes' constants). */
START_TEST(no_false_alarm_over_ten_pairs)
{
	uint32_t x = 1;

	for (unsigned pair = 0; pair < 10; pair++) {
		teardown();
		setup();
		for (unsigned i = 0; i < 2 * 2; i++) {
			x = 1664525 * x + 1013904223;
			add(i & 1 ? run_before : run_after, "shadow2", "shootdown", 100000 + (x >> 20) % 5000, 20);
			add(i & 1 ? run_before : run_after, "shadow2", "steady", 100000, 20);
		}
		compare(0.01);
		ck_assert_msg(!comparison_is_worse(&c), "pair %u", pair);
		ck_assert_uint_eq(c.count[OUTCOME_BETTER], 0);
	}
}
END_TEST

START_TEST(a_guest_that_no_longer_finishes_is_lost)
{
	add(run_before, "shadow2", "compute", 1000, 20);
	json_object_set_new(add(run_after, "shadow2", "compute", 1000, 20), "state", json_string("crashed"));
	add(run_before, "shadow2", "left-out", 1000, 20);
	json_object_set_new(add(run_after, "shadow2", "left-out", 1000, 20), "state", json_string("not-run"));
	json_object_set_new(add(run_after, "shadow2", "never-did", 1000, 20), "state", json_string("failed"));
	compare(0.01);
	ck_assert_uint_eq(c.nr_lost, 1);
	ck_assert_uint_eq(c.only_before, 2);
	ck_assert(comparison_is_worse(&c));
}
END_TEST

START_TEST(other_parameters_are_not_compared)
{
	add(run_before, "shadow2", "compute", 1000, 20);
	add(run_after, "shadow2", "compute", 2000, 20);
	json_object_set_new(json_array_get(json_object_get(run_after, "workloads"), 0), "cmdline", json_string("ops=7"));
	compare(0.01);
	ck_assert_uint_eq(c.nr_changes, 0);
	ck_assert_uint_eq(c.altered, 1);
	ck_assert(!comparison_is_worse(&c));
}
END_TEST

/* A comparison with one of everything, in one of its forms. The caller frees it. */
static char *shown(void (*show)(FILE *f, const struct comparison *c, unsigned most), unsigned most)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	add(run_before, "shadow2", "a|b<c", 1000, 20);
	add(run_after, "shadow2", "a|b<c", 1100, 10);
	add(run_before, "shadow2", "compute", 1000, 20);
	add(run_before, "shadow2", "compute", 1001, 20);
	add(run_after, "shadow2", "compute", 1100, 20);
	add(run_before, "npt", "compute", 1000, 20);
	json_object_set_new(add(run_after, "npt", "compute", 1000, 20), "state", json_string("crashed"));
	compare(0.01);
	show(f, &c, most);
	fclose(f);
	return text;
}

START_TEST(text_tells_the_largest_first_and_counts_the_rest)
{
	char *text = shown(show_text, 1);

	ck_assert_ptr_nonnull(strstr(text,
				     "6 figures compared: 3 the same, 0 within 1 %, 1 better, 1 worse, 1 that cannot be told; "
				     "1 guests no longer finish."));
	ck_assert_ptr_nonnull(strstr(text, "\nWorse (1)\n"));
	ck_assert_ptr_nonnull(strstr(text, "+10.00 %  exact"));
	ck_assert_ptr_nonnull(strstr(text, "-50.00 %  exact"));
	ck_assert_ptr_nonnull(strstr(text, "compute under npt: crashed"));
	ck_assert_ptr_nonnull(strstr(text, "--repeat 9"));
	free(text);
}
END_TEST

START_TEST(markdown_has_tables)
{
	char *text = shown(show_markdown, 20);

	ck_assert_ptr_nonnull(strstr(text, "### Worse (1)\n\n| recipe | workload |"));
	ck_assert_ptr_nonnull(strstr(text, "| a\\|b<c |"));
	free(text);
}
END_TEST

START_TEST(json_has_everything)
{
	char *text = shown(show_json, 1);
	json_t *j = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "changes")), 6);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "lost")), 1);
	ck_assert(json_is_true(json_object_get(j, "worse")));
	json_decref(j);
	free(text);
}
END_TEST

START_TEST(junit_is_xml_with_failures)
{
	char *text = shown(show_junit, 1);
	xmlDocPtr doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
	xmlChar *failures;

	ck_assert_ptr_nonnull(doc);
	failures = xmlGetProp(xmlDocGetRootElement(doc), BAD_CAST "failures");
	ck_assert_str_eq((char *)failures, "2");
	ck_assert_ptr_nonnull(strstr(text, "classname=\"shadow2.a|b&lt;c\""));
	xmlFree(failures);
	xmlFreeDoc(doc);
	free(text);
}
END_TEST

START_TEST(a_page_escapes_what_comes_from_a_run)
{
	char *text = shown(show_page, 1);

	ck_assert_ptr_nonnull(strstr(text, "a|b&lt;c"));
	ck_assert_ptr_null(strstr(text, "b<c"));
	ck_assert_ptr_nonnull(strstr(text, "<section id=worse><h2>Worse (1)</h2>"));
	free(text);
}
END_TEST

/* What the host's clock says varies by itself: it makes nothing else of the workload vary, and is left out where one run lacks it. */
START_TEST(figures_of_the_host_stand_alone)
{
	for (int i = 0; i < 3; i++) {
		json_t *b = add(run_before, "shadow2", "engine-x", 1000, 20),
		       *a = add(run_after, "shadow2", "engine-x", 1001, 20);

		json_object_set_new(json_array_get(json_object_get(b, "regions"), 0), "host",
				    json_pack("{s:i, s:i}", "ns", 1000 + i, "cycles", 7));
		json_object_set_new(json_array_get(json_object_get(a, "regions"), 0), "host", json_pack("{s:i}", "ns", 5000 + i));
	}
	compare(0.0);
	ck_assert_int_eq(change_of("engine-x", METRIC_instructions)->outcome, OUTCOME_WORSE);
	ck_assert_int_eq(change_of("engine-x", METRIC_trips)->outcome, OUTCOME_SAME);
	ck_assert_int_eq(change_of("engine-x", METRIC_host_ns)->outcome, OUTCOME_WORSE);
	for (unsigned i = 0; i < c.nr_changes; i++)
		ck_assert_int_ne(c.change[i].metric, METRIC_host_cycles);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: compare");
	TCase *t = tcase_create("compare");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, welch_as_worked_by_hand);
	tcase_add_test(t, nothing_is_said_of_single_or_equal_values);
	tcase_add_test(t, what_repeats_is_judged_exactly);
	tcase_add_test(t, figures_of_the_host_stand_alone);
	tcase_add_test(t, a_trip_where_there_was_none_is_worse);
	tcase_add_test(t, what_is_known_to_vary_is_not_judged_exactly);
	tcase_add_test(t, what_varies_is_worse_only_when_that_is_sure);
	tcase_add_test(t, what_varies_elsewhere_is_not_taken_for_exact);
	tcase_add_test(t, no_false_alarm_over_ten_pairs);
	tcase_add_test(t, a_guest_that_no_longer_finishes_is_lost);
	tcase_add_test(t, other_parameters_are_not_compared);
	tcase_add_test(t, text_tells_the_largest_first_and_counts_the_rest);
	tcase_add_test(t, markdown_has_tables);
	tcase_add_test(t, json_has_everything);
	tcase_add_test(t, junit_is_xml_with_failures);
	tcase_add_test(t, a_page_escapes_what_comes_from_a_run);
	suite_add_tcase(s, t);
	return suite_run(s);
}
