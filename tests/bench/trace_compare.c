/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations under two recipes are aligned by what the guest did, whatever each recipe made of it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "trace_compare.h"
#include "tests/suite.h"

/* kind, address, trips, cost, bytes, begin, shape, region, its number */
static json_t *report(const char *operations)
{
	json_t *list = json_loads(operations, 0, NULL);

	ck_assert_ptr_nonnull(list);
	return json_pack("{s:o}", "operations", list);
}

static json_t *compared;

static void compare(const char *a, const char *b)
{
	json_t *x = report(a), *y = report(b);

	compared = trace_compare_reports(x, y, "one", "two");
	json_decref(x);
	json_decref(y);
}

static const json_t *rows(unsigned table)
{
	return json_object_get(json_array_get(json_object_get(compared, "tables"), table), "rows");
}

/* A row as text without the brackets. */
static void row_is(unsigned table, unsigned row, const char *want)
{
	char *text = json_dumps(json_array_get(rows(table), row), JSON_COMPACT | JSON_REAL_PRECISION(6));

	ck_assert_str_eq(text, want);
	free(text);
}

static void teardown(void)
{
	json_decref(compared);
	compared = NULL;
}

#define FAULT_A "[\"demand_fault\",\"0x1000\",3,300,24,100,\"reflected emulated*2\",\"r\",1]"
#define FAULT_B "[\"demand_fault\",\"0x1004\",2,200,16,900,\"reflected pulled_through\",\"r\",1]"

START_TEST(the_same_page_is_the_same_operation)
{
	compare("[" FAULT_A "]", "[" FAULT_B "]");
	row_is(0, 0, "[\"demand_fault\",1,0,3,2,300,200,0,0,0,0]");
	row_is(1, 0, "[\"demand_fault\",1,\"reflected emulated*2\",300.0,200.0,-100,\"reflected pulled_through\"]");
	row_is(2, 0, "[\"r\",\"demand_fault\",\"0x1000\",\"reflected emulated*2\",100,300,200,900,\"reflected pulled_through\"]");
}
END_TEST

START_TEST(what_one_recipe_does_besides_stands_alone)
{
	compare("[" FAULT_A "]", "[[\"hidden_fault\",\"0xffff800000002000\",1,50,8,800,\"filled\",\"r\",1]," FAULT_B "]");
	ck_assert_uint_eq(json_array_size(rows(0)), 2);
	row_is(0, 0, "[\"demand_fault\",1,0,3,2,300,200,0,0,0,0]");
	row_is(0, 1, "[\"hidden_fault\",0,0,0,0,0,0,0,0,1,50]");
}
END_TEST

START_TEST(the_nth_time_is_the_nth_time_and_regions_are_apart)
{
	/* A page faulted in twice in region 1 under both, and once before it under the first alone. */
	compare("[[\"demand_fault\",\"0x1000\",1,1,0,1,\"reflected\",\"\",0],[\"demand_fault\",\"0x1000\",1,10,0,2,\"reflected\","
		"\"r\",1],"
		"[\"demand_fault\",\"0x1000\",1,20,0,3,\"reflected filled\",\"r\",1]]",
		"[[\"demand_fault\",\"0x1000\",1,11,0,2,\"reflected\",\"r\",1],[\"demand_fault\",\"0x1000\",1,22,0,3,\"reflected "
		"filled\",\"r\",1]]");
	row_is(0, 0, "[\"demand_fault\",2,2,2,2,30,33,1,1,0,0]");
	ck_assert_uint_eq(json_array_size(rows(2)), 0);
	row_is(1, 0, "[\"demand_fault\",1,\"reflected filled\",20.0,22.0,2,\"reflected filled\"]");
	row_is(1, 1, "[\"demand_fault\",1,\"reflected\",10.0,11.0,1,\"reflected\"]");
}
END_TEST

START_TEST(nothing_is_nothing)
{
	compare("[]", "[]");
	for (unsigned t = 0; t < 3; t++)
		ck_assert_uint_eq(json_array_size(rows(t)), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace comparison");
	TCase *t = tcase_create("alignment");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, the_same_page_is_the_same_operation);
	tcase_add_test(t, what_one_recipe_does_besides_stands_alone);
	tcase_add_test(t, the_nth_time_is_the_nth_time_and_regions_are_apart);
	tcase_add_test(t, nothing_is_nothing);
	suite_add_tcase(s, t);
	return suite_run(s);
}
