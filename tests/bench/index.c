/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of runs: what it knows, what it brings in, and files that are not what they should be. */
#include <check.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static char dir[] = "/tmp/bench-index-XXXXXX";

static void setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	remove_tree(dir);
}

/* A run's directory, with one guest run of ten operations. */
static void make_run(const char *name, const char *started, int instructions)
{
	json_t *root = tree_of(TREE), *item = json_array_get(json_object_get(root, "items"), 0);
	char *run = xfmt("%s/%s", dir, name), *file = xfmt("%s/results.json", run), *text;

	json_object_set_new(root, "run", json_string(name));
	json_object_set_new(root, "started", json_string(started));
	json_object_set_new(json_array_get(json_object_get(item, "regions"), 0), "instructions", json_integer(instructions));
	text = json_dumps(root, 0);
	ck_assert_int_eq(make_dirs(run), 0);
	ck_assert_int_eq(write_file(file, text, strlen(text)), 0);
	free(text);
	free(file);
	free(run);
	json_decref(root);
}

static char seen[256];

static void note(void *context, const struct index_row *r)
{
	size_t at = strlen(seen);

	snprintf(seen + at, sizeof(seen) - at, "%s %s %g %g %u;", r->run, r->recipe, r->instructions, r->trips, r->repetitions);
}

static const char *rows(const char *recipe)
{
	*seen = 0;
	ck_assert_int_ge(index_rows(dir, "compute", "fault", recipe, note, NULL), 0);
	return seen;
}

static void sql(const char *statement)
{
	char *path = xfmt("%s/index.sqlite", dir);
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(path);
}

START_TEST(runs_are_brought_in_and_stand_in_the_order_of_time)
{
	char *phase;

	make_run("b", "2026-01-01", 100);
	make_run("a", "2026-01-02", 150);
	ck_assert_int_eq(index_gather(dir), 0);
	ck_assert_str_eq(rows(NULL), "b shadow2 10 2 1;a shadow2 15 2 1;");
	ck_assert_str_eq(rows("kvm"), "");
	phase = index_phase(dir, "compute");
	ck_assert_str_eq(phase, "fault");
	free(phase);
	ck_assert_ptr_null(index_phase(dir, "no-such"));
	ck_assert_int_eq(index_gather(dir), 0);
	ck_assert_str_eq(rows("shadow2"), "b shadow2 10 2 1;a shadow2 15 2 1;");
}
END_TEST

START_TEST(a_run_that_cannot_be_read_keeps_none_of_the_others_out)
{
	char *file = xfmt("%s/spoilt/results.json", dir), *run = xfmt("%s/spoilt", dir);

	make_run("a", "2026-01-01", 100);
	ck_assert_int_eq(make_dirs(run), 0);
	ck_assert_int_eq(write_file(file, "{", 1), 0);
	ck_assert_int_eq(index_gather(dir), 0);
	ck_assert_str_eq(rows(NULL), "a shadow2 10 2 1;");
	free(file);
	free(run);
}
END_TEST

/* The form before figures were in it. */
START_TEST(an_older_index_becomes_one_of_this_form)
{
	sql("CREATE TABLE run (name TEXT PRIMARY KEY, directory TEXT, started TEXT, ended TEXT, complete INTEGER, interrupted "
	    "INTEGER,"
	    " guests INTEGER, finished INTEGER, commit_id TEXT, qemu TEXT, host_cpu TEXT, recipes TEXT)");
	make_run("a", "2026-01-01", 100);
	ck_assert_int_eq(index_gather(dir), 0);
	ck_assert_str_eq(rows(NULL), "a shadow2 10 2 1;");
}
END_TEST

START_TEST(a_newer_index_is_let_be)
{
	make_run("a", "2026-01-01", 100);
	sql("CREATE TABLE other (x); PRAGMA user_version = 2");
	ck_assert_int_eq(index_gather(dir), -1);
	ck_assert_int_eq(index_rows(dir, "compute", "fault", NULL, note, NULL), -1);
	sql("INSERT INTO other VALUES (1)");
}
END_TEST

START_TEST(a_file_that_is_no_index_is_told_and_let_be)
{
	char *path = xfmt("%s/index.sqlite", dir), noise[4096], *back;
	size_t len;

	memset(noise, 'x', sizeof(noise));
	make_run("a", "2026-01-01", 100);
	ck_assert_int_eq(write_file(path, noise, sizeof(noise)), 0);
	ck_assert_int_eq(index_gather(dir), -1);
	back = read_file(path, &len);
	ck_assert_uint_eq(len, sizeof(noise));
	ck_assert_int_eq(memcmp(back, noise, len), 0);
	unlink(path);
	ck_assert_int_eq(index_gather(dir), 0);
	ck_assert_str_eq(rows(NULL), "a shadow2 10 2 1;");
	free(back);
	free(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: index");
	TCase *c = tcase_create("index");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, runs_are_brought_in_and_stand_in_the_order_of_time);
	tcase_add_test(c, a_run_that_cannot_be_read_keeps_none_of_the_others_out);
	tcase_add_test(c, an_older_index_becomes_one_of_this_form);
	tcase_add_test(c, a_newer_index_is_let_be);
	tcase_add_test(c, a_file_that_is_no_index_is_told_and_let_be);
	suite_add_tcase(s, c);
	return suite_run(s);
}
