/* SPDX-License-Identifier: BSD-2-Clause */
/* A workloads.def from outside the tree: what it may say, and every way in which it may be wrong. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"
#include "paths.h"
#include "tests/suite.h"

static char dir[] = "/tmp/bench-outside-XXXXXX";

static void setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	remove_tree(dir);
}

static bool enter(const char *text)
{
	char *path = xfmt("%s/workloads.def", dir);

	ck_assert_int_eq(write_file(path, text, strlen(text)), 0);
	free(path);
	return outside_enter(dir);
}

#define GOOD "WORKLOAD(my-guest, \"mine\", pvh, 24, \"ops=7 say=\\\"x\\\"\", 64, 20, quick, \"what it does, in words\")\n"

START_TEST(forms_are_in_the_catalogue)
{
	struct paths p = { .build = "/build" };
	const struct workload *w;
	char *image, *name, *want;

	ck_assert(enter("/* a comment\n(with a line) */\n#ifndef VCPUS\n#endif\n" GOOD "VCPUS(\"mine\", 2) POOL(\"mine\", 99)\n"
			"SHADOW_LEVELS(\"mine\", 3)\n"));
	w = workload_find("mine.2");
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->levels, 2);
	ck_assert_str_eq(w->cmdline, "ops=7 say=\"x\"");
	ck_assert_uint_eq(workload_vcpus(w), 2);
	ck_assert_uint_eq(workload_pool(w), 99);
	ck_assert_uint_eq(workload_shadow_levels(w), 3);
	ck_assert_ptr_nonnull(workload_find("mine"));
	ck_assert_ptr_null(workload_find("mine.3"));
	image = path_guest_image(&p, w);
	want = xfmt("%s/my-guest.2.elf", dir);
	ck_assert_str_eq(image, want);
	name = guest_image_name(w);
	ck_assert_str_eq(name, "mine.2.outside");
	free(name);
	free(want);
	free(image);
}
END_TEST

START_TEST(they_are_chosen_as_all_others)
{
	struct selection s = { 0 };

	ck_assert(enter(GOOD));
	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	ck_assert(s.workload[workload_find("mine") - workloads]);
	ck_assert(!s.workload[workload_find("mine.2") - workloads]);
	memset(&s, 0, sizeof(s));
	ck_assert(select_recipes(&s, "shadow2", "quick") && select_workloads(&s, "mine.2", "quick", LEVELS_DEFAULT));
	ck_assert(s.workload[workload_find("mine.2") - workloads]);
}
END_TEST

START_TEST(there_must_be_a_list)
{
	ck_assert(!outside_enter(dir));
	ck_assert(!outside_enter("/nonexistent"));
}
END_TEST

static const char *const bad[] = {
	"",
	"/* nothing",
	"mine",
	"WORKLOAD",
	"WORKLOAD(",
	"WORKLOAD()",
	"FLIGHT(a)",
	GOOD "VCPUS(\"other\", 2)",
	GOOD "VCPUS(\"mine\", 0)",
	GOOD "VCPUS(\"mine\", 9)",
	GOOD "VCPUS(\"mine\")",
	GOOD "POOL(\"mine\", -1)",
	GOOD "SHADOW_LEVELS(\"mine\", 6)",
	GOOD GOOD,
	"WORKLOAD(f, \"demand-fault\", pvh, 4, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"a name\", pvh, 4, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(../f, \"n\", pvh, 4, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"a-name-that-is-longer-than-any-domain's\", pvh, 4, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"n\", linux, 4, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 6, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 42, \"\", 64, 20, quick, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 0, 20, quick, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, many, quick, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, 20, hostile, \"t\")",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, 20, quick)",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, 20, quick, \"t\", x)",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, 20, quick, \"t)\n",
	"WORKLOAD(f, \"n\", pvh, 4, \"\", 64, 20, quick, \"t\"",
};

START_TEST(what_is_wrong_is_refused_whole)
{
	unsigned n = nr_workloads;

	ck_assert_msg(!enter(bad[_i]), "%s", bad[_i]);
	ck_assert_uint_eq(nr_workloads, n);
}
END_TEST

START_TEST(too_many_are_refused_whole)
{
	unsigned n = nr_workloads;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; i < 17; i++)
		fprintf(f, "WORKLOAD(f, \"n%u\", pvh, 2345, \"\", 64, 20, full, \"t\")\n", i);
	fclose(f);
	ck_assert(!enter(text));
	ck_assert_uint_eq(nr_workloads, n);
	free(text);
}
END_TEST

/* Whatever bytes it has, it is refused or entered, and nothing is read beyond it: each byte of a good list changed, by a fixed sequence. */
START_TEST(damaged_lists)
{
	uint32_t x = 7;

	for (unsigned i = 0; i < 3000; i++) {
		char *text = xstrdup(GOOD "VCPUS(\"mine\", 2)\n");
		size_t len = strlen(text);

		for (unsigned k = 0; k < 3; k++) {
			x = 1664525 * x + 1013904223;
			text[(x >> 8) % len] = "\"(),\n/*#\\ 09Aa-"[(x >> 28) % 15];
		}
		if (i % 3 == 0)
			text[(x >> 4) % len] = 0;
		enter(text);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: outside");
	TCase *c = tcase_create("outside");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, forms_are_in_the_catalogue);
	tcase_add_test(c, they_are_chosen_as_all_others);
	tcase_add_test(c, there_must_be_a_list);
	tcase_add_loop_test(c, what_is_wrong_is_refused_whole, 0, COUNT_OF(bad));
	tcase_add_test(c, too_many_are_refused_whole);
	tcase_add_test(c, damaged_lists);
	suite_add_tcase(s, c);
	return suite_run(s);
}
