/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences, changes and rows of `penumbra explain`, from small records that are written here. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "changes.h"
#include "from_trace.h"
#include "hold.h"
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

/* A demand fault under shadow3: reflected, the handler's write has the table go out of sync, the access again. */
#define TOLD                                                                                                                     \
	"{\"trips_before\":1,\"operation_trips\":3,\"steps\":["                                                                  \
	"{\"n\":0,\"do\":\"write\",\"trips\":[{\"kind\":\"pf_guest\",\"why\":\"access\",\"va\":\"0x5000\",\"pfec\":\"0x2\","     \
	"\"bytes\":8,\"events\":[]}]},"                                                                                          \
	"{\"n\":1,\"do\":\"write\",\"trips\":[{\"kind\":\"pf_fixed\",\"why\":\"access\",\"va\":\"0x9028\",\"pfec\":\"0x3\","     \
	"\"bytes\":16,\"events\":[{\"event\":\"unsync\",\"gfn\":\"0x9\",\"role\":\"0x1\",\"frames\":1}]}]},"                     \
	"{\"n\":2,\"do\":\"write\",\"trips\":[{\"kind\":\"pf_fixed\",\"why\":\"access\",\"va\":\"0x5000\",\"pfec\":\"0x2\","     \
	"\"bytes\":16,\"events\":[{\"event\":\"fill\",\"va\":\"0x5000\",\"gfn\":\"0x7\",\"sl1e\":\"0x107067\"}]}]}]}"
#define THERE(at, kind, va, code, bytes, ticks, events)                                                                          \
	"{\"kind\":\"" kind "\",\"fate\":\"x\",\"at\":" #at ",\"va\":\"" va "\",\"info1\":\"" code "\",\"bytes\":" #bytes        \
	",\"ticks\":" #ticks ",\"events\":[" events "]}"
#define OTHER   THERE(0, "pf_fixed", "0x1000", "0x2", 8, 50, "")
#define REFLECT THERE(100, "pf_guest", "0x5000", "0x2", 8, 60, "")
#define UNSYNC  "{\"event\":\"unsync\",\"gfn\":\"0x9\",\"role\":\"0x1\",\"frames\":1}"
#define WRITE   THERE(200, "pf_fixed", "0x9028", "0x3", 16, 300, UNSYNC)
#define FILL(f)                                                                                                                  \
	THERE(600, "pf_fixed", "0x5000", "0x2", 16, 90,                                                                          \
	      "{\"event\":\"fill\",\"va\":\"0x5000\",\"gfn\":\"0x7\",\"sl1e\":\"" f "\"}")

/* "" or what differs, one behind the other. */
static char *held_text(const char *trips, const char *agrees)
{
	json_t *told = parsed(TOLD), *there = parsed(trips), *held = hold_trips(told, there), *text;
	char *s = xstrdup("");
	size_t i;

	json_array_foreach(json_object_get(held, "differs"), i, text) {
		list_add(&s, "; ", "%s", json_string_value(text));
	}
	ck_assert_str_eq(json_is_true(json_object_get(held, "agrees")) ? "agrees" : "differs", agrees);
	json_decref(told);
	json_decref(there);
	json_decref(held);
	return s;
}

START_TEST(trips_are_held_one_by_one)
{
	json_t *told = parsed(TOLD), *there = parsed("[" OTHER "," REFLECT "," WRITE "," FILL("0x200067") "," OTHER "]"),
	       *held = hold_trips(told, there), *phase = parsed(TOLD);

	/* The frame of a shadow's entry is the machine's. */
	ck_assert(json_is_true(json_object_get(held, "agrees")));
	ck_assert_uint_eq(number_of(held, "trips"), 3);
	ck_assert_uint_eq(number_of(held, "ticks"), 450);
	ck_assert_uint_eq(number_of(held, "guest"), 140);
	ck_assert(hold_tell(phase, held));
	ck_assert_uint_eq(
		number_of(json_array_get(json_object_get(json_array_get(json_object_get(phase, "steps"), 1), "trips"), 0),
			  "ticks_sum"),
		300);
	json_object_set_new(phase, "operation_trips", json_integer(4));
	ck_assert(!hold_tell(phase, held));
	json_decref(told);
	json_decref(there);
	json_decref(held);
	json_decref(phase);
}
END_TEST

START_TEST(where_trips_part_is_said)
{
	is(held_text("[" OTHER "," REFLECT "," WRITE "," FILL("0x200065") "]", "differs"),
	   "trip 3 (pf_fixed): fill's sl1e is 0x200065 there and 0x107067 here");
	is(held_text("[" OTHER "," REFLECT "," OTHER "," WRITE "," FILL("0x200067") "]", "differs"),
	   "trip 2, pf_fixed at 0x1000, is there alone");
	is(held_text("[" OTHER "," REFLECT "," FILL("0x200067") "]", "differs"), "trip 2, pf_fixed at 0x9028, is here alone");
	is(held_text("[" OTHER "," REFLECT "," THERE(200, "pf_fixed", "0x9028", "0x3", 24, 300, "") "," FILL("0x200067") "]",
		     "differs"),
	   "trip 2 (pf_fixed): it takes 24 bytes of page tables there and 16 here, its event number 1 is nothing there and "
	   "unsync here");
	is(held_text("[" OTHER "," REFLECT
		     "," THERE(200, "pf_emulate", "0x9028", "0x7", 16, 300, UNSYNC) "," FILL("0x200067") "]",
		     "differs"),
	   "trip 2 (pf_fixed): it is pf_emulate there and pf_fixed here, its error code is 0x7 there and 0x3 here");
	/* Emulation that has to find its code walks the guest's tables; what is not emulated does not. */
	is(held_text("[" OTHER "," REFLECT "," THERE(200, "pf_fixed", "0x9028", "0x3", 48, 300, UNSYNC) "," FILL("0x200067") "]",
		     "differs"),
	   "trip 2 (pf_fixed): it takes 48 bytes of page tables there and 16 here");
	is(held_text("[]", "differs"), "trip 1, pf_guest at 0x5000, is here alone; trip 2, pf_fixed at 0x9028, is here alone; "
				       "trip 3, pf_fixed at 0x5000, is here alone");
}
END_TEST

#define TRIP(op, operation, kind, fate, va)                                                                                      \
	"{\"region\":1,\"op\":" #op ",\"operation\":\"" operation "\",\"kind\":\"" kind "\",\"fate\":\"" fate "\",\"va\":\"" va  \
	"\",\"vcpu\":0,\"ticks\":10,\"bytes\":8,\"rip\":\"0x77\",\"info1\":\"0x2\",\"events\":[]}"
#define TRACE(trips) "{\"regions\":[{\"name\":\"fault\",\"ops\":2}],\"trips\":[" trips "]}"

/* "pf_guest@0 pf_emulate@1": the kinds of the steps' trips, and the steps' numbers. */
static void steps_are(const struct explained *e, unsigned r, const char *expected)
{
	const json_t *phase = json_array_get(json_object_get(e->told[r], "phases"), 0);
	char *s = xstrdup("");
	size_t i;
	json_t *step;

	json_array_foreach(json_object_get(phase, "steps"), i, step) {
		list_add(&s, " ", "%s@%d", text_of(json_array_get(json_object_get(step, "trips"), 0), "kind"),
			 (int)number_of(step, "n"));
	}
	is(s, expected);
}

/* The second operation; under the second recipe the one on the same page, though it is the third there; under nested paging none. */
START_TEST(an_operation_is_found_in_every_trace)
{
	static const struct recipe one = { .name = "one" }, two = { .name = "two" }, three = { .name = "three" };
	struct explained e = { .recipe = { &one, &two, &three }, .nr = 3 };
	json_t *all[] = {
		parsed(TRACE(TRIP(1, "demand_fault", "pf_guest", "reflected", "0x1000") "," TRIP(
			2, "interrupt", "interrupt", "",
			"0x0") "," TRIP(3, "demand_fault", "pf_guest", "reflected",
					"0x2008") "," TRIP(3, "demand_fault", "pf_emulate", "emulated",
							   "0x9010") "," TRIP(3, "demand_fault", "pf_fixed", "filled",
									      "0x2008"))),
		parsed(TRACE(TRIP(5, "hidden_fault", "pf_fixed", "filled", "0x2000") "," TRIP(
			6, "demand_fault", "pf_guest", "reflected",
			"0x1000") "," TRIP(7, "demand_fault", "pf_guest", "reflected",
					   "0x2008") "," TRIP(7, "demand_fault", "pf_fixed", "pulled_through", "0x2008"))),
		parsed(TRACE(""))
	};

	ck_assert(explain_trips(&e, all, 2));
	steps_are(&e, 0, "pf_guest@0 pf_emulate@1 pf_fixed@2");
	steps_are(&e, 1, "pf_guest@0 pf_fixed@2");
	steps_are(&e, 2, "");
	ck_assert_uint_eq(number_of(explained_phase(&e, 0, 0), "ops"), 2);
	ck_assert_uint_eq(number_of(explained_phase(&e, 1, 0), "operation"), 3);
	ck_assert_uint_eq(number_of(explained_phase(&e, 2, 0), "operation"), 0);
	say_phase(explained_phase(&e, 0, 0));
	ck_assert_str_eq(text_of(json_array_get(json_object_get(explained_phase(&e, 0, 0), "steps"), 1), "says"),
			 "The guest writes to 0x9010, by its instruction at 0x77.");
	for (unsigned r = 0; r < 3; r++) {
		json_decref(all[r]);
		json_decref(e.told[r]);
	}
}
END_TEST

/* Nobody leaves the guest: one step says so. Traces of two guests are not told of side by side. */
START_TEST(a_region_without_trips_says_so)
{
	static const struct recipe one = { .name = "one" }, two = { .name = "two" };
	struct explained e = { .recipe = { &one, &two }, .nr = 1 };
	json_t *all[] = { parsed(TRACE("")), parsed("{\"regions\":[{\"name\":\"other\",\"ops\":2}],\"trips\":[]}") };

	ck_assert(explain_trips(&e, all, 0));
	say_phase(explained_phase(&e, 0, 0));
	ck_assert_str_eq(text_of(json_array_get(json_object_get(explained_phase(&e, 0, 0), "steps"), 0), "says"),
			 "The guest does its operations, 2 of them, and leaves for the hypervisor in none.");
	json_decref(e.told[0]);
	e.nr = 2;
	ck_assert(!explain_trips(&e, all, 0));
	for (unsigned r = 0; r < 2; r++) {
		json_decref(all[r]);
		json_decref(e.told[r]);
	}
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
	tcase_add_test(t, trips_are_held_one_by_one);
	tcase_add_test(t, where_trips_part_is_said);
	tcase_add_test(t, an_operation_is_found_in_every_trace);
	tcase_add_test(t, a_region_without_trips_says_so);
	suite_add_tcase(s, t);
	return suite_run(s);
}
