/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences, changes and rows of `penumbra explain`, from small records that are written here. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "changes.h"
#include "template.h"
#include "tests/suite.h"

static json_t *parsed(const char *text)
{
	json_error_t error;
	json_t *o = json_loads(text, 0, &error);

	ck_assert_msg(o != NULL, "%s", error.text);
	return o;
}

/* Takes the text. */
static void is(char *text, const char *expected)
{
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(entries_are_spelt_out)
{
	is(entry_text(0), "empty");
	is(entry_text(0x3f6800), "0x3f6800, not present");
	is(entry_text(0x80000000003f6067), "frame 0x3f6, P RW US A D NX");
	is(entry_text(0xa03), "frame 0, P RW, software bits 0xa00");
}
END_TEST

START_TEST(an_event_has_its_sentence)
{
	json_t *o = parsed("{\"event\":\"unshadow\",\"gfn\":\"0x5ed\",\"why\":3}");
	json_t *fill = parsed("{\"event\":\"fill\",\"va\":\"0x1000\",\"gfn\":\"0x5\",\"sl1e\":\"0x5001\"}");

	is(say_event(o), "All shadows of guest frame 0x5ed are removed: zeros written.");
	is(say_event(fill), "The shadow's entry for 0x1000 is filled: frame 0x5, P.");
	json_decref(o);
	json_decref(fill);
}
END_TEST

/* What this program does not know is told by its name and fields, and nothing is lost. */
START_TEST(an_event_without_a_sentence)
{
	json_t *o = parsed("{\"event\":\"irq\",\"vector\":\"0x20\"}"), *alien = parsed("{\"event\":\"melt\",\"degrees\":451}");
	json_t *short_one = parsed("{\"event\":\"demote\"}");

	is(say_event(o), "a virtual interrupt is delivered; vector 0x20");
	is(say_event(alien), "melt; degrees 451");
	is(say_event(short_one), "Guest frame {gfn} is no page table any more: its last shadow goes.");
	json_decref(o);
	json_decref(alien);
	json_decref(short_one);
}
END_TEST

START_TEST(a_counter_is_told_once)
{
	json_t *none = json_array(), *flush = parsed("[{\"event\":\"flush\",\"all\":1,\"va\":\"0x0\"}]");

	is(say_counter("wrmap_scan", 2, none), "Searches through every shadow: 2.");
	is(say_counter("tlb_flush", 1, none), "The TLB is flushed.");
	ck_assert_ptr_null(say_counter("tlb_flush", 1, flush));
	ck_assert_ptr_null(say_counter("emulate_ok", 1, none));
	is(say_counter("ad_hide", 3, none), "page tables hidden from the guest after they had been shown: 3.");
	is(say_counter("novelty", 1, none), "novelty: 1.");
	json_decref(none);
	json_decref(flush);
}
END_TEST

START_TEST(states_differ)
{
	json_t *before =
		parsed("{\"va\":\"0x1000\",\"guest\":[{\"level\":1,\"index\":1,\"entry\":\"0x0\"}],\"shadow\":[],\"tlb\":null,"
		       "\"leaf\":[{\"va\":\"0x2000\",\"guest\":\"0x0\",\"shadow\":null}],"
		       "\"books\":{\"table\":null,\"unsync\":0,\"shadow_used\":9}}");
	json_t *after = parsed("{\"va\":\"0x1000\",\"guest\":[{\"level\":1,\"index\":1,\"entry\":\"0x5001\"}],\"shadow\":[],"
			       "\"tlb\":{\"base\":\"0x7000\",\"writable\":true},\"leaf\":[{\"va\":\"0x2000\",\"guest\":\"0x0\","
			       "\"shadow\":\"0x8001\"}],"
			       "\"books\":{\"table\":null,\"unsync\":1,\"shadow_used\":9}}");
	json_t *c = changes_between(before, after), *none = changes_between(after, after),
	       *unknown = changes_between(NULL, after);
	char *text = json_dumps(c, JSON_COMPACT);

	is(text, "[{\"where\":\"guest L1[1]\",\"from\":\"empty\",\"to\":\"frame 0x5, P\"},"
		 "{\"where\":\"shadow's for 0x2000\",\"from\":\"empty\",\"to\":\"frame 0x8, P\"},"
		 "{\"where\":\"TLB\",\"from\":\"nothing\",\"to\":\"frame 0x7, writable\"},"
		 "{\"where\":\"books: tables out of sync\",\"from\":\"0\",\"to\":\"1\"}]");
	ck_assert_uint_eq(json_array_size(none), 0);
	ck_assert_uint_eq(json_array_size(unknown), 0);
	json_decref(before);
	json_decref(after);
	json_decref(c);
	json_decref(none);
	json_decref(unknown);
}
END_TEST

/* One recipe has three steps in one, as far apart as two numbers; the other stops at the second of them. */
START_TEST(steps_are_cut_where_any_recipe_has_them_apart)
{
	struct explained e = { .nr = 2 };
	struct alignment a;
	struct aligned row;

	e.told[0] = parsed("{\"phases\":[{\"steps\":[{\"n\":0,\"end\":5,\"count\":3,\"stride\":2,\"trips\":[{}]}]}]}");
	e.told[1] = parsed("{\"phases\":[{\"steps\":[{\"n\":0,\"end\":2,\"trips\":[]},{\"n\":2,\"trips\":[{}]},"
			   "{\"n\":3,\"end\":5,\"trips\":[]},{\"n\":9,\"trips\":[]}]}]}");
	align_begin(&a, &e, 0);
	ck_assert(align_next(&a, &row));
	ck_assert(row.first == 0 && row.count == 2 && !row.whole[0] && row.whole[1] && row.title == 1 && row.times[0] == 1);
	ck_assert(align_next(&a, &row));
	ck_assert(row.first == 2 && row.count == 1 && row.step[0] && !row.whole[0] && row.whole[1] && row.times[0] == 1);
	ck_assert(align_next(&a, &row));
	ck_assert(row.first == 3 && row.count == 2 && row.whole[1] && row.times[0] == 1);
	ck_assert(align_next(&a, &row));
	ck_assert(row.first == 9 && row.count == 1 && !row.step[0] && row.title == 1);
	ck_assert(!align_next(&a, &row));
	json_decref(e.told[0]);
	json_decref(e.told[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("words");

	tcase_add_test(t, entries_are_spelt_out);
	tcase_add_test(t, an_event_has_its_sentence);
	tcase_add_test(t, an_event_without_a_sentence);
	tcase_add_test(t, a_counter_is_told_once);
	tcase_add_test(t, states_differ);
	tcase_add_test(t, steps_are_cut_where_any_recipe_has_them_apart);
	suite_add_tcase(s, t);
	return suite_run(s);
}
