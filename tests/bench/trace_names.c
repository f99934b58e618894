/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's functions in a report, in Perfetto's JSON, and in the picture. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "trace_names.h"
#include "trace_tables.h"
#include "tests/suite.h"

static const char map[] = "1000 T enter\n1100 T <b>leave\nffff888000100000 t high\n";
static struct symbols s;

static void setup(void)
{
	ck_assert_ptr_null(symbols_parse(&s, map, strlen(map)));
}

static void teardown(void)
{
	symbols_free(&s);
}

static json_t *report_of(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(j);
	return j;
}

#define PLACES                                                                                                                   \
	"{\"name\":\"places\",\"columns\":[{\"name\":\"root\",\"unit\":\"hex\"},{\"name\":\"rip\",\"unit\":\"hex\"}],\"rows\":[" \
	"[\"0x5000\",\"0x1004\",1,30],[\"0x6000\",\"0x1104\",1,50],[\"0x5000\",\"0x1008\",2,60],[\"0\",\"0x77\",1,10]]}"
#define RIPS                                                                                                                     \
	"{\"name\":\"rips\",\"columns\":[{\"name\":\"rip\",\"unit\":\"hex\"},{\"name\":\"count\",\"unit\":\"\"}],\"rows\":["     \
	"[\"0x1000\",1],[\"0x1234\",2],[\"0xffff888000100010\",3],[\"\",4],[7,5],[]]}"

START_TEST(a_column_more)
{
	static const char *const place[] = { "enter", "<b>leave+0x134", "high+0x10", "", "" };
	json_t *report = report_of(
		       "{\"tables\":[{\"name\":\"x\",\"columns\":[{\"name\":\"trip\",\"unit\":\"\"}],\"rows\":[[1]]}," RIPS "]}"),
	       *rows, *table;

	trace_name_tables(report, &s);
	table = ta_table(report, "rips");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(table, "columns"), 2), "name")),
			 "place");
	rows = json_object_get(table, "rows");
	for (unsigned i = 0; i < 5; i++)
		ck_assert_str_eq(json_string_value(json_array_get(json_array_get(rows, i), 2)), place[i]);
	ck_assert_uint_eq(json_array_size(json_array_get(json_object_get(ta_table(report, "x"), "rows"), 0)), 1);
	json_decref(report);
}
END_TEST

START_TEST(perfetto)
{
	static const char text[] =
		"{\"traceEvents\":[{\"args\":{\"rip\":\"0x1001\"}},{\"args\":{\"rip\":\"0x99\"}},{\"ph\":\"M\"}]}";
	size_t len;
	char *named = trace_name_perfetto(text, strlen(text), &s, &len);

	ck_assert_str_eq(
		named, "{\"traceEvents\":[{\"args\":{\"rip\":\"0x1001\",\"place\":\"enter+0x1\"}},{\"args\":{\"rip\":\"0x99\"}},"
		       "{\"ph\":\"M\"}]}");
	ck_assert_uint_eq(len, strlen(named));
	free(named);
	ck_assert_ptr_null(trace_name_perfetto("{", 1, &s, &len));
}
END_TEST

static char *drawn(const char *tables, const struct symbols *with)
{
	json_t *report = report_of(tables);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	draw_guest(f, report, with);
	fclose(f);
	json_decref(report);
	return text;
}

/* Functions once in an address space, the dearest first; names are escaped. */
START_TEST(picture)
{
	char *text = drawn("{\"tables\":[" PLACES "]}", &s);
	const char *a = strstr(text, "root 0x5000: 90 ticks, 60.00 %"), *b = strstr(text, "enter: 90 ticks"),
		   *c = strstr(text, "root 0x6000: 50 ticks"), *d = strstr(text, "before the first load of CR3: 10 ticks");

	ck_assert_msg(a && b && c && d && a < b && b < c && c < d, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "&lt;b&gt;leave: 50 ticks"));
	ck_assert_ptr_null(strstr(text, "<b>"));
	ck_assert_ptr_nonnull(strstr(text, "0x77: 10 ticks"));
	free(text);
	text = drawn("{\"tables\":[" PLACES "]}", NULL);
	ck_assert_ptr_nonnull(strstr(text, "0x1008: 60 ticks"));
	ck_assert_ptr_nonnull(strstr(text, "--symbols"));
	free(text);
	free(drawn("{\"tables\":[]}", &s));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace names");
	TCase *t = tcase_create("names");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_column_more);
	tcase_add_test(t, perfetto);
	tcase_add_test(t, picture);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
