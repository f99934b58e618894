/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that guests and dom0 print, well-formed and not; and cutting streams into lines. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "tests/suite.h"

static enum line_kind event_kind(const char *line)
{
	json_t *ev;
	enum line_kind k = parse_event(line, &ev);

	ck_assert((k == LINE_EVENT) == (ev != NULL));
	json_decref(ev);
	return k;
}

START_TEST(events_are_understood)
{
	json_t *ev;

	ck_assert_int_eq(event_kind("@pn {\"e\":\"done\"}"), LINE_EVENT);
	ck_assert_int_eq(event_kind("@pn {\"e\":\"hello\",\"items\":3}"), LINE_EVENT);
	/* The kernel may have printed something on the same line before. */
	ck_assert_int_eq(event_kind("[  1.0] virtio @pn {\"e\":\"done\"}"), LINE_EVENT);
	ck_assert_int_eq(parse_event("@pn {\"e\":\"begin\",\"item\":2,\"rep\":0,\"name\":\"x\"}", &ev), LINE_EVENT);
	ck_assert_int_eq(json_integer_value(json_object_get(ev, "item")), 2);
	json_decref(ev);
}
END_TEST

START_TEST(text_is_text)
{
	ck_assert_int_eq(event_kind(""), LINE_TEXT);
	ck_assert_int_eq(event_kind("Linux version 6.1"), LINE_TEXT);
	ck_assert_int_eq(event_kind("@pnx {}"), LINE_TEXT);
}
END_TEST

static const char *const damaged[] = {
	"@pn ",
	"@pn {",
	"@pn {}",
	"@pn []",
	"@pn {\"e\":1}",
	"@pn {\"e\":\"dance\"}",
	"@pn {\"e\":\"begin\"}",
	"@pn {\"e\":\"begin\",\"item\":-1,\"rep\":0,\"name\":\"x\"}",
	"@pn {\"e\":\"begin\",\"item\":\"1\",\"rep\":0,\"name\":\"x\"}",
	"@pn {\"e\":\"begin\",\"item\":1.5,\"rep\":0,\"name\":\"x\"}",
	"@pn {\"e\":\"begin\",\"item\":1,\"rep\":0,\"name\":null}",
	"@pn {\"e\":\"begin\",\"item\":1,\"item\":2,\"rep\":0,\"name\":\"x\"}",
	"@pn {\"e\":\"begin\",\"item\":99999999999999999999999,\"rep\":0,\"name\":\"x\"}",
	"@pn {\"e\":\"end\",\"item\":1,\"rep\":0,\"name\":\"x\",\"traced\":1,\"state\":\"finished\"}",
	"@pn {\"e\":\"region\",\"item\":0,\"rep\":0,\"name\":\"x\",\"traced\":false,\"phase\":\"p\",\"ops\":1,\"instructions\":1,"
	"\"trips\":1,\"bytes\":1,\"guest_levels\":4,\"shadow_levels\":4,\"trip\":7}",
	"@pn {\"e\":\"end\",\"item\":1,\"rep\":0,\"name\":\"x\",\"traced\":true,\"state\":\"done\"}",
	"@pn {\"e\":\"end\",\"item\":1,\"rep\":0,\"name\":\"x\",\"traced\":true,\"state\":\"failed\",\"reason\":[]}",
	"@pn "
	"{\"e\":\"region\",\"item\":0,\"rep\":0,\"name\":\"x\",\"traced\":false,\"phase\":\"a,b\",\"ops\":1,\"instructions\":1,"
	"\"trips\":1,\"bytes\":1,\"guest_levels\":4,\"shadow_levels\":4,\"trip\":{}}",
	"@pn {\"e\":\"trace\",\"name\":\"../x\",\"written\":1,\"lost\":0}",
	"@pn {\"e\":\"done\"\xff}",
};

START_TEST(damage_is_noticed)
{
	ck_assert_int_eq(event_kind(damaged[_i]), LINE_DAMAGED);
}
END_TEST

START_TEST(regions_are_understood)
{
	struct region_line r;

	ck_assert_int_eq(parse_region("@region fault 1000 43028", &r), LINE_REGION);
	ck_assert_str_eq(r.phase, "fault");
	ck_assert_uint_eq(r.ops, 1000);
	ck_assert_uint_eq(r.instructions, 43028);
	ck_assert_int_eq(parse_region("@region a 1 18446744073709551615", &r), LINE_REGION);
	ck_assert_uint_eq(r.instructions, UINT64_MAX);
}
END_TEST

static const char *const bad_regions[] = {
	"@region ",
	"@region fault",
	"@region fault 1000",
	"@region fault 1000 ",
	"@region  1000 1",
	"@region fault 0 1",
	"@region fault -1 1",
	"@region fault 1000 12x",
	"@region fault 1000 18446744073709551616",
	"@region a-phase-name-that-is-too-long 1 1",
};

START_TEST(bad_regions_are_noticed)
{
	struct region_line r;

	ck_assert_int_eq(parse_region(bad_regions[_i], &r), LINE_DAMAGED);
}
END_TEST

struct heard {
	unsigned n;
	size_t longest;
	char last[64];
};

static void hear(void *arg, const char *text)
{
	struct heard *h = arg;

	h->n++;
	if (strlen(text) > h->longest)
		h->longest = strlen(text);
	snprintf(h->last, sizeof(h->last), "%s", text);
}

START_TEST(streams_are_cut_anywhere)
{
	static const char text[] = "one\r\ntwo\n\nfour";

	for (size_t step = 1; step <= sizeof(text); step++) {
		struct line_cutter c = { 0 };
		struct heard h = { 0 };

		for (size_t at = 0; at < sizeof(text) - 1; at += step)
			cut_lines(&c, text + at, sizeof(text) - 1 - at < step ? sizeof(text) - 1 - at : step, hear, &h);
		ck_assert_uint_eq(h.n, 3);
		ck_assert_str_eq(h.last, "");
		cut_rest(&c, hear, &h);
		ck_assert_uint_eq(h.n, 4);
		ck_assert_str_eq(h.last, "four");
	}
}
END_TEST

START_TEST(endless_lines_are_cut)
{
	struct line_cutter c = { 0 };
	struct heard h = { 0 };
	char *block = calloc(1, 1 << 16);

	memset(block, 'x', 1 << 16);
	for (unsigned i = 0; i < 40; i++)
		cut_lines(&c, block, 1 << 16, hear, &h);
	ck_assert_uint_ge(h.n, 2);
	ck_assert_uint_le(h.longest, LINE_MAX_BYTES);
	ck_assert_uint_le(c.cap, 2 * LINE_MAX_BYTES + 4096);
	cut_rest(&c, hear, &h);
	free(block);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: lines");
	TCase *t = tcase_create("parse");

	tcase_add_test(t, events_are_understood);
	tcase_add_test(t, text_is_text);
	tcase_add_loop_test(t, damage_is_noticed, 0, (int)COUNT_OF(damaged));
	tcase_add_test(t, regions_are_understood);
	tcase_add_loop_test(t, bad_regions_are_noticed, 0, (int)COUNT_OF(bad_regions));
	tcase_add_test(t, streams_are_cut_anywhere);
	tcase_add_test(t, endless_lines_are_cut);
	suite_add_tcase(s, t);
	return suite_run(s);
}
