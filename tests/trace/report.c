/* SPDX-License-Identifier: BSD-2-Clause */
/* A report's tables, what is chosen for it, and its formats, on streams made up here. */
#include "perfetto.h"
#include "trace_tables.h"
#include "trip_list.h"
#include "tests/trace/stream.h"
#include "tests/suite.h"

/* ---- tables ---- */

static json_t *rows_of(const json_t *report, const char *table)
{
	json_t *rows = json_object_get(ta_table(report, table), "rows");

	ck_assert_ptr_nonnull(rows);
	return rows;
}

static json_t *row_of(const json_t *report, const char *table, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows_of(report, table), i, row)
		if (json_is_string(json_array_get(row, 0)) && !strcmp(json_string_value(json_array_get(row, 0)), name))
			return row;
	ck_abort_msg("%s has no row %s", table, name);
	return NULL;
}

static json_int_t cell(const json_t *row, unsigned column)
{
	return json_integer_value(json_array_get(row, column));
}

START_TEST(costs_are_counted_summed_and_ranked)
{
	json_t *report, *row;

	/* 1 .. 100 ticks: percentiles by nearest rank are the percents themselves. */
	for (unsigned i = 0; i < 100; i++) {
		struct ta_record r = trip_of(TRIP_cr3, 0, 0);

		r.rec.cost = (i * 37) % 100 + 1;
		put(r);
		now += 1000;
	}
	trip(TRIP_cpuid, 0, 0);
	end();
	report = ta_report(&tally, 1000000000);
	row = row_of(report, "trips", "cr3");
	ck_assert_int_eq(cell(row, 1), 100);
	ck_assert_int_eq(cell(row, 3), 5050);
	ck_assert_double_eq(json_real_value(json_array_get(row, 5)), 50.5);
	ck_assert_int_eq(cell(row, 6), 5);
	ck_assert_int_eq(cell(row, 7), 50);
	ck_assert_int_eq(cell(row, 8), 95);
	ck_assert_int_eq(cell(row, 9), 1);
	ck_assert_int_eq(cell(row, 10), 100);
	ck_assert_int_eq(cell(row, 11), 800);
	ck_assert_int_eq(cell(row_of(report, "trips", "all"), 1), 101);
	ck_assert_int_eq(cell(row_of(report, "root_loads", "0"), 1), 100);
	ck_assert_int_eq(cell(json_array_get(rows_of(report, "worst"), 0), 0), 100);
	json_decref(report);
}
END_TEST

START_TEST(root_loads_are_told_apart_by_resyncs)
{
	json_t *report;

	for (unsigned i = 0; i < 12; i++) {
		put(trip_of(TRIP_cr3, 0, 0));
		for (unsigned k = 0; k < i; k++)
			put((struct ta_record){ .rec = { .tsc = now + 1 + k, .event = PN_EV_resync } });
		now += 1000;
	}
	end();
	report = ta_report(&tally, 0);
	for (unsigned i = 0; i < 10; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(cell(row_of(report, "root_loads", name), 1), 1);
	}
	ck_assert_int_eq(cell(row_of(report, "root_loads", "10 or more"), 1), 2);
	json_decref(report);
}
END_TEST

START_TEST(searches_have_hit_rates_by_way)
{
	static const uint64_t found[4][3] = { { 1, 0, 0 }, { 0, 2, 0 }, { 1, 0, 1 }, { 0, 0, 0 } };
	json_t *report;

	for (unsigned i = 0; i < 4; i++) {
		put(trip_of(TRIP_pf_fixed, PAGE, 2));
		put((struct ta_record){ .rec = { .tsc = now + 1,
						 .event = PN_EV_revoke,
						 .payload = { 5, found[i][0], found[i][1], found[i][2] } } });
		now += 1000;
	}
	end();
	report = ta_report(&tally, 0);
	ck_assert_int_eq(cell(row_of(report, "writable_mappings", "guess"), 1), 2);
	ck_assert_double_eq(json_real_value(json_array_get(row_of(report, "writable_mappings", "guess"), 2)), 50);
	ck_assert_int_eq(cell(row_of(report, "writable_mappings", "other"), 3), 2);
	ck_assert_int_eq(cell(row_of(report, "writable_mappings", "fixup"), 1), 1);
	ck_assert_int_eq(cell(row_of(report, "writable_mappings", "none there"), 1), 1);
	ck_assert_int_eq(cell(row_of(report, "writable_mappings", "all"), 1), 4);
	json_decref(report);
}
END_TEST

START_TEST(intervals_lose_nothing_as_they_widen)
{
	uint64_t trips = 0, cost = 0;

	for (unsigned i = 0; i < 500; i++) {
		trip(TRIP_cr3, 0, 0);
		now += 1000 * i;
	}
	end();
	for (unsigned i = 0; i < TA_INTERVALS; i++) {
		trips += tally.interval[i].trips;
		cost += tally.interval[i].cost;
	}
	ck_assert_uint_eq(trips, 500);
	ck_assert_uint_eq(cost, 50000);
	ck_assert_uint_ge((now - 1000) / tally.width, TA_INTERVALS / 2);
}
END_TEST

START_TEST(dom0_and_losses_are_told_and_in_no_table)
{
	struct ta_record r = trip_of(TRIP_cr3, 0, 0);
	json_t *report;

	r.rec.domain = TA_DOM0;
	put(r);
	now += 1000;
	put((struct ta_record){ .rec = { .tsc = now, .event = PN_EV_fill, .payload = { 7 } }, .lost = true });
	trip(TRIP_cpuid, 0, 0);
	end();
	report = ta_report(&tally, 0);
	ck_assert_int_eq(cell(row_of(report, "trips", "all"), 1), 1);
	ck_assert_int_eq(cell(row_of(report, "overview", "records lost"), 1), 7);
	ck_assert_int_eq(cell(row_of(report, "overview", "dom0's trips, in no table"), 1), 1);
	ck_assert_int_eq(cell(row_of(report, "events", "fill"), 2), 7);
	json_decref(report);
}
END_TEST

START_TEST(a_region_counts_its_trips_without_the_call_that_ends_it)
{
	put(trip_of(TRIP_hypercall, 0, 0));
	now += 50;
	region_begin("fault");
	now += 1000;
	trip(TRIP_pf_guest, PAGE, 2);
	trip(TRIP_emulator, 0, 0); /* no figure */
	trip(TRIP_pf_emulate, TABLE, 3);
	put(trip_of(TRIP_hypercall, 0, 0));
	now += 50;
	event(PN_EV_region_end, 1, 2345, 2);
	end();
	ck_assert_uint_eq(tally.nr_regions, 1);
	ck_assert_str_eq(tally.region[0].name, "fault");
	ck_assert_uint_eq(tally.region[0].trips, 2);
	ck_assert_uint_eq(tally.region[0].cost, 200);
	ck_assert_uint_eq(tally.region[0].instructions, 2345);
}
END_TEST

START_TEST(shapes_group_operations_of_the_same_trips)
{
	json_t *report, *row;

	for (unsigned i = 0; i < 5; i++) {
		trip(TRIP_pf_guest, PAGE + 0x1000 * i, 2);
		trip(TRIP_pf_emulate, TABLE, 3);
		trip(TRIP_pf_emulate, TABLE, 3);
		trip_with(TRIP_pf_fixed, PAGE + 0x1000 * i, PN_EV_fill);
	}
	end();
	report = ta_report(&tally, 0);
	row = row_of(report, "shapes", "demand_fault");
	ck_assert_str_eq(json_string_value(json_array_get(row, 1)), "reflected emulated*2 filled");
	ck_assert_int_eq(cell(row, 2), 5);
	ck_assert_int_eq(cell(row, 3), 2000);
	json_decref(report);
}
END_TEST

START_TEST(causes_and_the_timeline_sum_up_to_all_of_it)
{
	json_t *report, *row;
	json_int_t causes = 0, timeline = 0;
	size_t i;

	/* More causes than there is room for. */
	for (unsigned n = 0; n < 700; n++) {
		put(trip_of(TRIP_pf_fixed, PAGE + 0x1000 * n, 2));
		for (unsigned e = 1; e < PN_EV_MAX; e++)
			if (n >> (e % 11) & 1)
				put((struct ta_record){ .rec = { .tsc = now + 1, .event = e } });
		now += 1000;
	}
	end();
	report = ta_report(&tally, 0);
	json_array_foreach(rows_of(report, "causes"), i, row)
		causes += cell(row, 4);
	json_array_foreach(rows_of(report, "timeline"), i, row)
		timeline += cell(row, 2);
	ck_assert_int_eq(causes, 70000);
	ck_assert_int_eq(timeline, 70000);
	ck_assert_uint_eq(json_array_size(rows_of(report, "causes")), TA_CAUSES);
	json_decref(report);
}
END_TEST

START_TEST(places_are_ranked_by_what_they_took)
{
	json_t *report, *rows;

	/* 5000 pages, the nth with a cost of n modulo 777 and 1, and one that all others together do not reach. */
	for (unsigned n = 0; n < 5000; n++) {
		struct ta_record r = trip_of(TRIP_pf_fixed, PAGE + 0x1000 * n, 2);

		r.rec.cost = n % 777 + 1;
		r.rec.vcpu = n % 2;
		r.rec.payload[1] = 0x1000 + n % 3;
		put(r);
		now += 1000;
	}
	for (unsigned n = 0; n < 20; n++) {
		struct ta_record r = trip_of(TRIP_invlpg, 0x7000, 0);

		r.rec.cost = 1000000;
		put(r);
		now += 2000000;
	}
	end();
	report = ta_report(&tally, 0);
	rows = rows_of(report, "pages");
	ck_assert_uint_eq(json_array_size(rows), 20);
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(rows, 0), 0)), "0x7000");
	ck_assert_int_eq(cell(json_array_get(rows, 0), 1), 20);
	ck_assert_int_eq(cell(json_array_get(rows, 0), 3), 20000000);
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(rows, 1), 0)), "0x400000309000");
	ck_assert_int_eq(cell(json_array_get(rows, 1), 3), 777);
	rows = rows_of(report, "vcpus");
	ck_assert_uint_eq(json_array_size(rows), 2);
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(rows, 1), 0)), "0x1");
	ck_assert_int_eq(cell(json_array_get(rows, 1), 1), 2500);
	rows = rows_of(report, "rips");
	ck_assert_uint_eq(json_array_size(rows), 3);
	json_decref(report);
}
END_TEST

static void load_cr3(uint64_t value, uint64_t exit_code)
{
	struct ta_record r = trip_of(TRIP_cr3, 0, value);

	r.rec.payload[4] = exit_code;
	put(r);
	now += 1000;
}

/* A trip is of the address space that the guest left; a load of CR3 is of the one before, and a read of it changes nothing. */
START_TEST(trips_know_their_address_space)
{
	json_t *report, *rows;
	struct ta_record other;

	trip(TRIP_cpuid, 0, 0);
	load_cr3(0x5000, 0x13);
	trip(TRIP_pf_guest, 0x7000, 2);
	trip(TRIP_pf_guest, 0x8000, 2);
	load_cr3(0x8000000000006fe8, 0x13); /* no flush, and write-through bits */
	trip(TRIP_cpuid, 0, 0);
	load_cr3(0x9000, 0x03);
	trip(TRIP_cpuid, 0, 0);
	other = trip_of(TRIP_cpuid, 0, 0); /* another vCPU has its own */
	other.rec.vcpu = 1;
	put(other);
	end();
	report = ta_report(&tally, 0);
	rows = rows_of(report, "spaces");
	ck_assert_uint_eq(json_array_size(rows), 3);
	ck_assert_int_eq(cell(row_of(report, "spaces", "0"), 1), 3);
	ck_assert_int_eq(cell(row_of(report, "spaces", "0x5000"), 1), 3);
	ck_assert_int_eq(cell(row_of(report, "spaces", "0x6fe0"), 1), 3);
	rows = rows_of(report, "places");
	ck_assert_uint_eq(json_array_size(rows), 3);
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(rows, 0), 1)), "0x1000");
	ck_assert_int_eq(cell(json_array_get(rows, 0), 3), 300);
	ck_assert(json_is_false(json_object_get(ta_table(report, "places"), "text")));
	json_decref(report);
}
END_TEST

START_TEST(points_are_evenly_among_the_trips)
{
	json_t *points, *last;

	for (unsigned n = 0; n < 10000; n++)
		trip(TRIP_cr3, 0, 0);
	end();
	points = ta_points_list(&tally);
	ck_assert_uint_eq(tally.each, 4);
	ck_assert_uint_eq(json_array_size(points), 2500);
	last = json_array_get(points, 2499);
	ck_assert_int_eq(cell(last, 0), 2499 * 4 * 1000);
	ck_assert_str_eq(json_string_value(json_array_get(last, 2)), "cr3");
	json_decref(points);
}
END_TEST

/* ---- choices ---- */

static void choose(const char *from, const char *to, const char *ev, const char *where)
{
	char why[512] = "";

	ck_assert_msg(ta_choice_parse(&tally.choice, from, to, ev, where, why, sizeof(why)), "%s", why);
}

static void refused(const char *from, const char *to, const char *ev, const char *where)
{
	char why[512] = "";
	struct ta_choice c;

	ck_assert(!ta_choice_parse(&c, from, to, ev, where, why, sizeof(why)));
	ck_assert_uint_gt(strlen(why), 20);
}

static void some_trips(void)
{
	region_begin("one");
	trip(TRIP_pf_guest, PAGE, 2);
	event(PN_EV_region_end, 0, 0, 0);
	region_begin("two");
	trip(TRIP_pf_guest, PAGE + 0x1000, 2);
	trip_with(TRIP_pf_fixed, PAGE + 0x1000, PN_EV_pull_through);
	trip(TRIP_cr3, PAGE, 0);
	event(PN_EV_region_end, 0, 0, 0);
	trip(TRIP_cpuid, 0, 0);
	end();
}

START_TEST(nothing_chosen_is_everything)
{
	some_trips();
	ck_assert_uint_eq(tally.all.count, 5);
}
END_TEST

START_TEST(a_region_is_a_place)
{
	choose("two", "two", NULL, NULL);
	some_trips();
	ck_assert_uint_eq(tally.all.count, 3);
	ck_assert_ptr_null(ta_choice_missed(&tally.choice));
}
END_TEST

START_TEST(a_region_that_does_not_come_is_missed)
{
	choose(_i ? NULL : "three", _i ? "three" : "two", NULL, NULL);
	some_trips();
	ck_assert_str_eq(ta_choice_missed(&tally.choice), "three");
}
END_TEST

START_TEST(ticks_are_a_place)
{
	choose("1000", "0xfc0", NULL, NULL);
	some_trips();
	ck_assert_uint_eq(tally.all.count, 3);
}
END_TEST

START_TEST(an_event_chooses_kinds_fates_operations_and_what_happened)
{
	static const struct {
		const char *event;
		unsigned count;
	} known[] = { { "cr3", 1 },          { "pulled_through", 1 },  { "pull_through", 1 },
		      { "demand_fault", 3 }, { "reflected,cpuid", 3 }, { "trip", 5 } };

	choose(NULL, NULL, known[_i].event, NULL);
	some_trips();
	ck_assert_uint_eq(tally.all.count, known[_i].count);
}
END_TEST

START_TEST(conditions_hold_together)
{
	static const struct {
		const char *where;
		unsigned count;
	} known[] = { { "va in 0x400000001000..0x400000001fff", 1 }, /* not the CR3 load, which has no address */
		      { "va > 0x400000001000 and cost = 100", 2 },
		      { "cost = 0100", 5 }, /* decimal */
		      { "cost < 100", 0 },
		      { "trip in 2..3 and op = 2", 2 },
		      { " bytes = 8 ", 5 } };

	choose(NULL, NULL, NULL, known[_i].where);
	some_trips();
	ck_assert_uint_eq(tally.all.count, known[_i].count);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_in_words)
{
	static const char *const where[] = { "",
					     "va",
					     "va in 5",
					     "va in 9..5",
					     "va = x",
					     "speed = 5",
					     "va = 5 or",
					     "va = 5 and ",
					     "cost < 0",
					     "va=5 rip=6",
					     "va in 5..",
					     "cost = -1",
					     "va = 99999999999999999999",
					     "va == 5",
					     "5 = va" };

	for (unsigned i = 0; i < sizeof(where) / sizeof(where[0]); i++)
		refused(NULL, NULL, NULL, where[i]);
	refused(NULL, NULL, "", NULL);
	refused(NULL, NULL, "cr3,", NULL);
	refused(NULL, NULL, "nonsense", NULL);
	refused(NULL, NULL, "a_name_that_is_longer_than_any_that_there_is", NULL);
	refused("5x", NULL, NULL, NULL);
	refused("", NULL, NULL, NULL);
	refused("a-region-with-a-long-name", NULL, NULL, NULL);
	refused("5", "4", NULL, NULL);
	refused(NULL, NULL, NULL, "va=1 and va=1 and va=1 and va=1 and va=1 and va=1 and va=1 and va=1 and va=1");
}
END_TEST

/* ---- formats ---- */

static char *shown(const char *format)
{
	json_t *report = ta_report(&tally, 1000000000);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert(ta_show(f, report, format));
	fclose(f);
	json_decref(report);
	return text;
}

START_TEST(every_format_escapes_what_a_guest_may_say)
{
	char *csv, *json, *text;
	json_t *again;

	region_begin("a,\"b\\\x01");
	trip(TRIP_pf_guest, PAGE, 2);
	event(PN_EV_region_end, 0, 0, 0);
	end();
	csv = shown("csv");
	json = shown("json");
	text = shown("text");
	ck_assert_ptr_nonnull(strstr(csv, "\n\"a,\"\"b\\?\","));
	again = json_loads(json, 0, NULL);
	ck_assert_str_eq(json_string_value(json_array_get(row_of(again, "regions", "a,\"b\\?"), 0)), "a,\"b\\?");
	ck_assert_ptr_nonnull(strstr(text, "a,\"b\\?"));
	json_decref(again);
	free(csv);
	free(json);
	free(text);
}
END_TEST

START_TEST(an_empty_trace_has_empty_tables)
{
	char *text;

	end();
	text = shown("text");
	ck_assert_ptr_nonnull(strstr(text, "none"));
	free(text);
}
END_TEST

static struct ta_trip_list listed;

static void list(const struct ta_record *r)
{
	ta_trip_list_note(&listed, r);
}

START_TEST(trips_are_listed_with_what_happened_in_them)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_t *root, *all, *t;

	ck_assert(ta_trip_list_begin(&listed, f, 1000000000, &tally));
	noted = list;
	trip_with(TRIP_pf_fixed, PAGE + 0x1000, PN_EV_pull_through);
	trip(TRIP_emulator, 0, 0);
	some_trips();
	ck_assert(ta_trip_list_end(&listed));
	fclose(f);
	root = json_loads(text, 0, NULL);
	all = json_object_get(root, "trips");
	ck_assert_uint_eq(json_array_size(all), 6);
	t = json_array_get(all, 0);
	ck_assert_str_eq(json_string_value(json_object_get(t, "kind")), "pf_fixed");
	ck_assert_str_eq(json_string_value(json_object_get(t, "va")), "0x400000002000");
	ck_assert_int_eq(json_integer_value(json_object_get(t, "ticks")), 100);
	ck_assert_int_eq(json_integer_value(json_object_get(t, "region")), 0);
	t = json_array_get(json_object_get(t, "events"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(t, "event")), "pull_through");
	ck_assert_str_eq(json_string_value(json_object_get(t, "sl1e")), "0");
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(all, 1), "events")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(all, 2), "region")), 2);
	t = json_object_get(root, "regions");
	ck_assert_uint_eq(json_array_size(t), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(t, 1), "trips")), 3);
	json_decref(root);
	ta_trip_list_free(&listed);
	free(text);
}
END_TEST

START_TEST(perfetto_gets_a_slice_for_each_trip_operation_and_region)
{
	struct ta_perfetto p;
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);
	json_t *root, *e;
	unsigned slices[4] = { 0 };

	ta_perfetto_begin(&p, f, 1000000000, &tally);
	some_trips();
	ta_perfetto_end(&p);
	fclose(f);
	root = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(root);
	json_array_foreach(json_object_get(root, "traceEvents"), i, e)
		if (!strcmp(json_string_value(json_object_get(e, "ph")), "X"))
			slices[json_integer_value(json_object_get(e, "pid"))]++;
	ck_assert_uint_eq(slices[1], 5);
	ck_assert_uint_eq(slices[2], 4);
	ck_assert_uint_eq(slices[3], 2);
	json_decref(root);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace report");
	TCase *t = tcase_create("streams");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, costs_are_counted_summed_and_ranked);
	tcase_add_test(t, root_loads_are_told_apart_by_resyncs);
	tcase_add_test(t, searches_have_hit_rates_by_way);
	tcase_add_test(t, intervals_lose_nothing_as_they_widen);
	tcase_add_test(t, dom0_and_losses_are_told_and_in_no_table);
	tcase_add_test(t, a_region_counts_its_trips_without_the_call_that_ends_it);
	tcase_add_test(t, shapes_group_operations_of_the_same_trips);
	tcase_add_test(t, causes_and_the_timeline_sum_up_to_all_of_it);
	tcase_add_test(t, places_are_ranked_by_what_they_took);
	tcase_add_test(t, trips_know_their_address_space);
	tcase_add_test(t, points_are_evenly_among_the_trips);
	tcase_add_test(t, nothing_chosen_is_everything);
	tcase_add_test(t, a_region_is_a_place);
	tcase_add_loop_test(t, a_region_that_does_not_come_is_missed, 0, 2);
	tcase_add_test(t, ticks_are_a_place);
	tcase_add_loop_test(t, an_event_chooses_kinds_fates_operations_and_what_happened, 0, 6);
	tcase_add_loop_test(t, conditions_hold_together, 0, 6);
	tcase_add_test(t, what_makes_no_sense_is_refused_in_words);
	tcase_add_test(t, every_format_escapes_what_a_guest_may_say);
	tcase_add_test(t, an_empty_trace_has_empty_tables);
	tcase_add_test(t, trips_are_listed_with_what_happened_in_them);
	tcase_add_test(t, perfetto_gets_a_slice_for_each_trip_operation_and_region);
	suite_add_tcase(s, t);
	return suite_run(s);
}
