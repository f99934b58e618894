/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of shadow and nested paging: who is said to be faster where, from figures made up for it. */
#include <string.h>

#include "report.h"
#include "table.h"
#include "tests/suite.h"
#include "tree.h"

static json_t *root;

static void name_all(const char *list, const char *const names[], const char *const kinds[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(json_object_get(root, list),
				      json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", names[i], "kind", kinds[i], "text", "t",
						"workload", names[i], "levels", 4));
}

static void setup(void)
{
	static const char *const recipes[] = { "shadow2", "adaptive", "npt", "native", "hybrid" };
	static const char *const kinds[] = { "shadow", "shadow", "nested", "native", "hybrid" };
	static const char *const workloads[] = { "tlb-miss-and-fault", "gups", "compute" };
	static const char *const pvh[] = { "pvh", "pvh", "pvh" };

	root = json_pack("{s:i, s:s, s:[], s:[], s:[], s:[], s:[]}", "format", 1, "run", "r", "recipes", "workloads", "items",
			 "traces", "boots");
	name_all("recipes", recipes, kinds, 5);
	name_all("workloads", workloads, pvh, 3);
}

static void teardown(void)
{
	json_decref(root);
}

/*
 * One region of 10 operations and 100,000 instructions: cycles of a guest, on both machines; on m2 a hypervisor adds 10,000 to each that it
 * emulates.
 */
static void add(const char *recipe, const char *workload, const char *phase, int cycles, int walks, int emulated)
{
	json_t *region = json_pack("{s:s, s:i, s:i, s:i, s:{s:{s:i, s:i, s:i}}, s:{s:{s:{s:{s:i}, s:{s:i}}}, s:{s:{s:{s:i}, "
				   "s:{s:i}}, s:{s:{s:i}, s:{}}}}}",
				   "phase", phase, "ops", 10, "instructions", 100000, "guest_levels", 4, "trip", "pf_emulate",
				   "count", emulated, "ticks", 0, "bytes", 0, "cycles", "m1", "guest", "cycles", "instructions",
				   cycles, "count", "walks", walks, "m2", "guest", "cycles", "instructions", cycles, "count",
				   "walks", walks, "hypervisor", "cycles", "world_switch", emulated * 10000, "count");

	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:[o]}", "recipe", recipe, "workload", workload, "repetition",
					1, "traced", 0, "state", "finished", "regions", region));
}

/* The map's table as CSV without its head; NULL: there is none. And whether the page has pictures of it. */
static char *map_rows(bool *pictures)
{
	char *page, *text = NULL, *rows = NULL;
	const struct table *t;
	struct tables all;
	size_t len;
	FILE *f;

	page = report_text(root, NULL, &len);
	*pictures = strstr(page, "m2: which of shadow and nested paging is faster");
	ck_assert(tables_read(&all, page, len));
	t = tables_find(&all, "map");
	if (t) {
		f = open_memstream(&text, &len);
		table_show(f, t, "csv");
		fclose(f);
		rows = strdup(strchr(text, '\n') + 1);
		free(text);
	}
	tables_free(&all);
	free(page);
	return rows;
}

static void add_mixtures(void)
{
	static const char *const recipes[] = { "native", "npt", "shadow2" };

	for (unsigned i = 0; i < COUNT_OF(recipes); i++) {
		add(recipes[i], "tlb-miss-and-fault", "m0-u0", 1000, 0, 0);
		add(recipes[i], "tlb-miss-and-fault", "m50-u20", 1000, 500, i == 2 ? 400 : 0);
	}
}

START_TEST(who_is_faster)
{
	bool pictures;
	char *rows;

	add_mixtures();
	/* Misses without changes: adaptive is the better shadow, by a tenth. */
	add("native", "gups", "update", 1000, 4000, 0);
	add("npt", "gups", "update", 2000, 4000, 0);
	add("shadow2", "gups", "update", 1900, 4000, 0);
	add("adaptive", "gups", "update", 1800, 4000, 0);
	/* Two phases together: even on m1; on m2 the changes decide it. */
	for (unsigned i = 0; i < 2; i++) {
		add("native", "compute", i ? "b" : "a", 1000, 100, 0);
		add("npt", "compute", i ? "b" : "a", i ? 3000 : 1000, 100, 0);
		add("shadow2", "compute", i ? "b" : "a", i ? 1000 : 3000, 100, i ? 50 : 0);
	}
	rows = map_rows(&pictures);
	ck_assert(pictures);
	ck_assert_ptr_nonnull(rows);
	ck_assert_str_eq(rows, "1 gups,40,0,adaptive 0.90,adaptive 0.90\n2 compute,1,0.25,even 1,nested 126\n");
	free(rows);
}
END_TEST

/* What goes from the one to the other is neither. */
START_TEST(hybrid_is_on_no_side)
{
	bool pictures;
	char *rows;

	add("native", "gups", "update", 1000, 4000, 0);
	add("shadow2", "gups", "update", 1900, 4000, 0);
	add("adaptive", "gups", "update", 1800, 4000, 0);
	add("hybrid", "gups", "update", 1200, 4000, 0);
	ck_assert_ptr_null(map_rows(&pictures));
	add("npt", "gups", "update", 2000, 4000, 0);
	rows = map_rows(&pictures);
	ck_assert_ptr_nonnull(rows);
	ck_assert_str_eq(rows, "1 gups,40,0,adaptive 0.90,adaptive 0.90\n");
	free(rows);
}
END_TEST

START_TEST(not_without_both)
{
	bool pictures;

	/* No nested paging, or nothing that emulates each write: nothing can be said. */
	add("native", "gups", "update", 1000, 4000, 0);
	add("shadow2", "gups", "update", 1900, 4000, 0);
	ck_assert_ptr_null(map_rows(&pictures));
	json_array_clear(json_object_get(root, "items"));
	add("native", "gups", "update", 1000, 4000, 0);
	add("npt", "gups", "update", 2000, 4000, 0);
	add("adaptive", "gups", "update", 1800, 4000, 0);
	ck_assert_ptr_null(map_rows(&pictures));
	ck_assert(!pictures);
}
END_TEST

START_TEST(mixtures_alone)
{
	bool pictures;

	/* A map without workloads on it has no table. */
	add_mixtures();
	ck_assert_ptr_null(map_rows(&pictures));
	ck_assert(pictures);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("map");
	TCase *c = tcase_create("map");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, who_is_faster);
	tcase_add_test(c, hybrid_is_on_no_side);
	tcase_add_test(c, not_without_both);
	tcase_add_test(c, mixtures_alone);
	suite_add_tcase(s, c);
	return suite_run(s);
}
