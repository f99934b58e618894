/* SPDX-License-Identifier: BSD-2-Clause */
/* A page's tables for other programs: their names, numbers, and what each format has to escape. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "table.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static const char page[] =
	"<!doctype html><html><body><section id=kinds><h2>Kinds of <i>trips</i></h2>\n"
	"<div><table><thead><tr><th>name</th><th colspan=2>how \"many\", really</th></tr></thead><tbody>\n"
	"<tr><th>a|b</th><td>12\xe2\x80\xaf"
	"345</td><td>-0.5</td></tr>\n<tr><td>1 trip</td></tr></tbody></table></div>\n"
	"<h3>More</h3><table><tr><td>x\n  y</td><td>12<br><small>3 in all</small></td><td>7<br>8</td></tr></table></section>"
	"<table><tr><td>lost</table></body></html>";

static struct tables t;

static void setup(void)
{
	ck_assert(tables_read(&t, page, strlen(page)));
}

static void teardown(void)
{
	tables_free(&t);
}

static char *shown(const char *name, const char *format)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(tables_find(&t, name));
	table_show(f, tables_find(&t, name), format);
	fclose(f);
	return text;
}

static void shows(const char *name, const char *format, const char *want)
{
	char *text = shown(name, format);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(names_are_the_sections_and_titles_the_headings)
{
	ck_assert_uint_eq(t.nr_tables, 3);
	ck_assert_str_eq(t.table[0].name, "kinds");
	ck_assert_str_eq(t.table[0].title, "Kinds of trips");
	ck_assert_str_eq(t.table[1].name, "kinds.2");
	ck_assert_str_eq(t.table[1].title, "More");
	ck_assert_str_eq(t.table[2].name, "page");
	ck_assert_ptr_null(tables_find(&t, "kind"));
}
END_TEST

START_TEST(csv_is_quoted_where_it_must_be_and_numbers_are_bare)
{
	shows("kinds", "csv", "name,\"how \"\"many\"\", really\",\na|b,12345,-0.5\n1 trip,,\n");
	shows("kinds.2", "csv", "x y,12 3 in all,7 8\n");
}
END_TEST

START_TEST(markdown_escapes_bars)
{
	shows("kinds", "markdown",
	      "| name | how \"many\", really |  |\n| --- | --- | --- |\n| a\\|b | 12\xe2\x80\xaf"
	      "345 | -0.5 |\n| 1 trip |  |  |\n");
}
END_TEST

START_TEST(json_has_numbers)
{
	char *text = shown("kinds", "json");
	json_t *j = json_loads(text, 0, NULL), *row = json_array_get(json_object_get(j, "rows"), 0);

	ck_assert_int_eq(json_integer_value(json_array_get(row, 1)), 12345);
	ck_assert(json_real_value(json_array_get(row, 2)) == -0.5);
	ck_assert_str_eq(json_string_value(json_array_get(row, 0)), "a|b");
	ck_assert_uint_eq(json_array_size(json_object_get(j, "columns")), 3);
	json_decref(j);
	free(text);
}
END_TEST

START_TEST(every_table_of_a_report_is_there)
{
	json_t *root = tree_of(TREE);
	size_t len, n = 0;
	char *html = report_text(root, NULL, &len);
	struct tables all;

	for (const char *p = html; (p = strstr(p, "<table")); p++)
		n++;
	ck_assert(tables_read(&all, html, len));
	ck_assert_uint_ge(n, 5);
	ck_assert_uint_eq(all.nr_tables, n);
	ck_assert_ptr_nonnull(tables_find(&all, "rows"));
	for (unsigned i = 0; i < all.nr_tables; i++)
		ck_assert_ptr_eq(tables_find(&all, all.table[i].name), &all.table[i]);
	tables_free(&all);
	free(html);
	json_decref(root);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: table");
	TCase *c = tcase_create("table");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, names_are_the_sections_and_titles_the_headings);
	tcase_add_test(c, csv_is_quoted_where_it_must_be_and_numbers_are_bare);
	tcase_add_test(c, markdown_escapes_bars);
	tcase_add_test(c, json_has_numbers);
	tcase_add_test(c, every_table_of_a_report_is_there);
	suite_add_tcase(s, c);
	return suite_run(s);
}
