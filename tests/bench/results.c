/* SPDX-License-Identifier: BSD-2-Clause */
/* Events into the tree, the tree into rows and CSV, histograms into percentiles. */
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "dataset.h"
#include "stats.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static char dir[] = "/tmp/bench-results-XXXXXX";
static struct results res;
static struct plan plan;
static struct collect col;

static void setup(void)
{
	struct selection s = { 0 };

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(results_begin(&res, dir, "run", tree_of(TREE_OPTIONS)), 0);
	ck_assert_int_eq(results_machine(&res, tree_of(TREE_MACHINE)), 0);
	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, "demand-fault,compute", "quick", LEVELS_DEFAULT));
	plan_make(&plan, recipe_find("shadow2"), &s, 2, true, 1);
	collect_init(&col, &res, &plan);
}

static void teardown(void)
{
	remove_tree(dir);
	plan_free(&plan);
	results_free(&res);
}

static void feed(const char *fmt, ...) PN_PRINTF(1, 2);
static void feed(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	collect_line(&col, line);
}

static void feed_guest(int item, int rep, const char *name, const char *traced, unsigned instructions, const char *state)
{
	feed("@pn {\"e\":\"begin\",\"item\":%d,\"rep\":%d,\"name\":\"%s\"}", item, rep, name);
	feed("@pn "
	     "{\"e\":\"region\",\"item\":%d,\"rep\":%d,\"name\":\"%s\",\"traced\":%s,\"phase\":\"fault\",\"ops\":100,"
	     "\"instructions\":%u,"
	     "\"trips\":200,\"bytes\":5600,\"guest_levels\":4,\"shadow_levels\":4,\"trip\":{\"pf_guest\":{\"count\":100,"
	     "\"ticks\":9000,\"bytes\":3200},"
	     "\"no_such_trip\":{\"count\":1}},\"counter\":{\"fill\":7}}",
	     item, rep, name, traced, instructions);
	feed("@pn "
	     "{\"e\":\"end\",\"item\":%d,\"rep\":%d,\"name\":\"%s\",\"traced\":%s,\"state\":\"%s\",\"code\":0,\"reason\":\"r\"}",
	     item, rep, name, traced, state);
}

START_TEST(plan_has_each_workload_twice_and_once_traced)
{
	ck_assert_uint_eq(plan.nr_items, 4);
	ck_assert_uint_eq(plan_runs(&plan), 6);
	ck_assert(!plan.item[0].traced && plan.item[1].traced);
}
END_TEST

START_TEST(rows_come_from_finished_guests_only)
{
	struct dataset d;

	feed_guest(0, 0, "demand-fault", "false", 50000, "finished");
	feed_guest(0, 1, "demand-fault", "false", 50000, "crashed");
	feed_guest(1, 0, "demand-fault", "true", 60000, "finished");
	feed("@pn {\"e\":\"begin\",\"item\":2,\"rep\":0,\"name\":\"compute\"}");
	dataset_load(&d, res.root);
	ck_assert_uint_eq(d.nr_rows, 2);
	ck_assert_uint_eq(d.nr_unfinished, 2);
	ck_assert_uint_eq(d.row[0].repetition, 1);
	ck_assert_uint_eq(d.row[0].trip[TRIP_pf_guest].ticks, 9000);
	ck_assert_uint_eq(d.row[0].counter[PN_CNT_fill], 7);
	ck_assert(d.row[1].traced);
	dataset_free(&d);
}
END_TEST

START_TEST(csv_has_untraced_rows_in_the_fixed_columns)
{
	char *csv;

	feed_guest(0, 0, "demand-fault", "false", 50000, "finished");
	feed_guest(0, 1, "demand-fault", "false", 50001, "finished");
	feed_guest(1, 0, "demand-fault", "true", 60000, "finished");
	csv = results_csv(res.root);
	ck_assert_str_eq(csv, "recipe,workload,phase,guest_levels,shadow_levels,repetition,ops,instructions,trips,bytes_touched\n"
			      "shadow2,demand-fault,fault,4,4,1,100,50000,200,5600\n"
			      "shadow2,demand-fault,fault,4,4,2,100,50001,200,5600\n");
	free(csv);
}
END_TEST

/* A program that may not write to the port, in a peer's guest: its figure is one, its trips are none. */
START_TEST(a_region_whose_trips_were_not_counted_has_none)
{
	char *csv;

	feed("@pn {\"e\":\"begin\",\"item\":0,\"rep\":0,\"name\":\"demand-fault\"}");
	feed("@pn {\"e\":\"region\",\"item\":0,\"rep\":0,\"name\":\"demand-fault\",\"traced\":false,\"phase\":\"sort\",\"ops\":1,"
	     "\"instructions\":70,\"trips\":0,\"trips_uncounted\":true,\"bytes\":9,\"guest_levels\":4,\"shadow_levels\":4}");
	feed("@pn "
	     "{\"e\":\"end\",\"item\":0,\"rep\":0,\"name\":\"demand-fault\",\"traced\":false,\"state\":\"finished\",\"code\":0,"
	     "\"reason\":\"\"}");
	csv = results_csv(res.root);
	ck_assert_ptr_nonnull(strstr(csv, "\nshadow2,demand-fault,sort,4,4,1,1,70,,9\n"));
	free(csv);
}
END_TEST

START_TEST(events_out_of_the_plan_are_counted_and_dropped)
{
	feed_guest(9, 0, "demand-fault", "false", 1, "finished");
	feed_guest(0, 2, "demand-fault", "false", 1, "finished");
	feed_guest(0, 0, "compute", "false", 1, "finished");
	ck_assert_uint_eq(col.damaged, 9);
	ck_assert_uint_eq(json_array_size(res.items), 0);
}
END_TEST

START_TEST(what_is_left_of_a_plan)
{
	struct plan rest;

	plan_rest(&rest, &plan, 0, 0);
	ck_assert_uint_eq(rest.nr_items, 4);
	ck_assert_uint_eq(rest.item[0].first, 2);
	ck_assert_uint_eq(plan_runs(&rest), 5);
	plan_free(&rest);
	plan_rest(&rest, &plan, 1, 0);
	ck_assert_uint_eq(plan_runs(&rest), 3);
	ck_assert_str_eq(rest.item[0].workload->name, "compute");
	plan_free(&rest);
	plan_rest(&rest, &plan, 3, 0);
	ck_assert_uint_eq(rest.nr_items, 0);
	plan_free(&rest);
}
END_TEST

START_TEST(an_end_is_not_overwritten)
{
	json_t *it;

	feed_guest(0, 0, "demand-fault", "false", 1, "finished");
	it = results_item(&res, "shadow2", "demand-fault", 1, false);
	item_end(it, "crashed", "late");
	ck_assert(item_finished(it));
	ck_assert_ptr_eq(it, results_item(&res, "shadow2", "demand-fault", 1, false));
}
END_TEST

START_TEST(saved_and_loaded_the_same)
{
	json_t *back;

	feed_guest(0, 0, "demand-fault", "false", 50000, "finished");
	ck_assert_int_eq(results_finish(&res, true, false), 0);
	back = results_load(dir, true, NULL);
	ck_assert(json_equal(back, res.root));
	json_decref(back);
}
END_TEST

START_TEST(a_failed_write_is_told_and_leaves_the_old_file)
{
	char *path = xfmt("%s/results.json", dir), *part = xfmt("%s/results.json.%d.part", dir, (int)getpid());
	json_t *back;

	ck_assert_int_eq(results_save(&res), 0);
	feed_guest(0, 0, "demand-fault", "false", 50000, "finished");
	/* The temporary name is taken by a directory: the new version cannot be written. */
	ck_assert_int_eq(make_dirs(part), 0);
	ck_assert_int_ne(results_save(&res), 0);
	ck_assert_ptr_nonnull(strstr(res.error, path));
	/* The journal has what the file has not. */
	back = results_load(dir, true, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(back, "items")), 1);
	json_decref(back);
	ck_assert_int_eq(unlink(res.journal.path), 0);
	back = results_load(dir, true, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(back, "items")), 0);
	json_decref(back);
	free(part);
	free(path);
}
END_TEST

START_TEST(median_and_range_of_a_cell)
{
	struct dataset d;
	struct cell c;

	feed_guest(0, 0, "demand-fault", "false", 90000, "finished");
	feed_guest(0, 1, "demand-fault", "false", 50000, "finished");
	dataset_load(&d, res.root);
	ck_assert(dataset_cell(&d, "shadow2", "demand-fault", NULL, false, &c));
	ck_assert_uint_eq(c.n, 2);
	ck_assert_uint_eq(c.instructions_min, 50000);
	ck_assert_uint_eq(c.instructions_max, 90000);
	ck_assert_uint_eq(c.r->instructions, 50000);
	ck_assert(!dataset_cell(&d, "shadow2", "demand-fault", NULL, true, &c));
	ck_assert(!dataset_cell(&d, "vtlb", "demand-fault", NULL, false, &c));
	dataset_free(&d);
}
END_TEST

START_TEST(percentiles_of_a_histogram)
{
	json_t *a = json_pack("[i,i,i,i]", 0, 50, 0, 50);
	struct histogram h = { .total = 0 };

	ck_assert(histogram_percentile(&h, 50) == 0);
	histogram_add(&h, a);
	histogram_add(&h, NULL);
	ck_assert_uint_eq(h.total, 100);
	ck_assert(fabs(histogram_percentile(&h, 50) - 4) < 1e-9);
	ck_assert(fabs(histogram_percentile(&h, 25) - exp2(1.5)) < 1e-9);
	ck_assert(histogram_percentile(&h, 95) > 8 && histogram_percentile(&h, 95) < 16);
	ck_assert(fabs(histogram_percentile(&h, 100) - 16) < 1e-9);
	json_decref(a);
}
END_TEST

/* The one guest's one region, whose event claims to have cycles itself. Its "cycles" in the tree; borrowed. */
static const json_t *cycles_after(const char *name)
{
	json_t *item;

	feed("@pn {\"e\":\"begin\",\"item\":0,\"rep\":0,\"name\":\"%s\"}", name);
	feed("@pn {\"e\":\"region\",\"item\":0,\"rep\":0,\"name\":\"%s\",\"traced\":false,\"phase\":\"fault\",\"ops\":1,"
	     "\"instructions\":1000,\"trips\":0,\"bytes\":0,\"guest_levels\":4,\"shadow_levels\":4,\"trip\":{},\"counter\":{},"
	     "\"cycles\":{\"forged\":{}}}",
	     name);
	item = json_array_get(res.items, json_array_size(res.items) - 1);
	ck_assert_str_eq(json_string_value(json_object_get(item, "workload")), name);
	ck_assert_uint_eq(json_array_size(json_object_get(item, "regions")), 1);
	return json_object_get(json_array_get(json_object_get(item, "regions"), 0), "cycles");
}

static void plan_one(const char *name, struct cycles_reader *r)
{
	struct selection s = { 0 };

	plan_free(&plan);
	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, name, "quick", LEVELS_DEFAULT));
	plan_make(&plan, recipe_find("shadow2"), &s, 1, false, 1);
	collect_init(&col, &res, &plan);
	col.cycles = r;
}

/* They come from the model alone. */
START_TEST(cycles_are_the_models)
{
	static const char line[] = "{\"phase\":\"fault\",\"machines\":[{\"machine\":\"m\",\"guest\":{\"cycles\":{},\"count\":"
				   "{\"instructions\":1000}},\"hypervisor\":{\"cycles\":{},\"count\":{}}}]}\n";
	struct cycles_reader r;
	const json_t *cycles;

	cycles_open(&r, xfmt("%s/figures", dir));
	plan_one("demand-fault", &r);
	ck_assert_ptr_null(cycles_after("demand-fault"));
	ck_assert_int_eq(write_file(r.path, line, strlen(line)), 0);
	plan_one("compute", NULL);
	ck_assert_ptr_null(cycles_after("compute"));
	plan_one("fork-cow", &r);
	cycles = cycles_after("fork-cow");
	ck_assert_ptr_nonnull(json_object_get(cycles, "m"));
	ck_assert_ptr_null(json_object_get(cycles, "forged"));
	cycles_close(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: results");
	TCase *t = tcase_create("results");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plan_has_each_workload_twice_and_once_traced);
	tcase_add_test(t, rows_come_from_finished_guests_only);
	tcase_add_test(t, csv_has_untraced_rows_in_the_fixed_columns);
	tcase_add_test(t, a_region_whose_trips_were_not_counted_has_none);
	tcase_add_test(t, events_out_of_the_plan_are_counted_and_dropped);
	tcase_add_test(t, what_is_left_of_a_plan);
	tcase_add_test(t, an_end_is_not_overwritten);
	tcase_add_test(t, saved_and_loaded_the_same);
	tcase_add_test(t, a_failed_write_is_told_and_leaves_the_old_file);
	tcase_add_test(t, median_and_range_of_a_cell);
	tcase_add_test(t, percentiles_of_a_histogram);
	tcase_add_test(t, cycles_are_the_models);
	suite_add_tcase(s, t);
	return suite_run(s);
}
