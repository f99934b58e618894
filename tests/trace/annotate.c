/* SPDX-License-Identifier: BSD-2-Clause */
/* Fates of page faults, and which trips are one operation, on streams made up here. */
#include "tests/trace/stream.h"
#include "tests/suite.h"

/* ---- fates ---- */

START_TEST(what_happened_in_a_mended_fault_is_its_fate)
{
	static const struct {
		enum pn_event event;
		enum ta_fate fate;
	} known[] = { { PN_EV_fill, TA_FATE_filled },
		      { PN_EV_pull_through, TA_FATE_pulled_through },
		      { PN_EV_resync, TA_FATE_resynced },
		      { PN_EV_unsync, TA_FATE_unsynced },
		      { PN_EV_flush, TA_FATE_mended } };

	for (unsigned i = 0; i < 5; i++)
		trip_with(TRIP_pf_fixed, 0x5000 + 0x1000 * i, known[i].event);
	end();
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(nth_trip(i)->fate, known[i].fate);
		ck_assert_uint_eq(nth_trip(i)->within, 1ull << known[i].event);
	}
}
END_TEST

START_TEST(a_kind_of_fault_is_a_fate_by_itself)
{
	static const unsigned known[][2] = { { TRIP_pf_guest, TA_FATE_reflected },
					     { TRIP_pf_emulate, TA_FATE_emulated },
					     { TRIP_pf_unshadow, TA_FATE_unshadowed },
					     { TRIP_pf_mmio, TA_FATE_mmio },
					     { TRIP_pf_retry, TA_FATE_spurious },
					     { TRIP_pf_crash, TA_FATE_crashed },
					     { TRIP_npf, TA_FATE_nested },
					     { TRIP_cr3, TA_FATE_none },
					     { TRIP_io, TA_FATE_none } };

	for (unsigned i = 0; i < 9; i++)
		trip_with(known[i][0], 0, PN_EV_fill);
	end();
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_eq(nth_trip(i)->fate, known[i][1]);
}
END_TEST

START_TEST(an_event_belongs_to_the_trip_of_its_vcpu_that_it_happened_in)
{
	struct ta_record other = { .rec = { .event = PN_EV_fill, .vcpu = 1 } };

	put(trip_of(TRIP_pf_fixed, 0x5000, 2));
	other.rec.tsc = now + 10;
	put(other);
	put((struct ta_record){ .rec = { .tsc = now + 100, .event = PN_EV_flush } });
	put((struct ta_record){ .rec = { .tsc = now + 101, .event = PN_EV_fill } });
	end();
	ck_assert_uint_eq(seen[0].fate, TA_FATE_mended);
	ck_assert_uint_eq(seen[1].trip, 0);
	ck_assert_uint_eq(seen[2].trip, seen[0].trip);
	ck_assert_uint_eq(seen[3].trip, 0);
}
END_TEST

START_TEST(a_trip_waits_for_its_end_and_nothing_overtakes_it)
{
	struct ta_record r = trip_of(TRIP_hlt, 0, 0);

	r.rec.cost = 4000000;
	ck_assert(ta_pairing_push(pairing, &r));
	for (unsigned i = 0; i < 3000; i++) {
		struct ta_record more = { .rec = { .tsc = now + 1000 * (i + 1), .event = PN_EV_irq, .vcpu = 1 } };

		ck_assert(ta_pairing_push(pairing, &more));
		ck_assert(!ta_pairing_pop(pairing, &r, false));
	}
	drain(true);
	ck_assert_uint_eq(nr_seen, 3001);
	ck_assert(ta_is_trip(&seen[0]));
	for (unsigned i = 1; i < nr_seen; i++)
		ck_assert_uint_eq(seen[i].rec.tsc, 1000 + 1000 * i);
}
END_TEST

START_TEST(the_flush_tells_the_address_of_an_invlpg)
{
	put(trip_of(TRIP_invlpg, 0, 0));
	put((struct ta_record){ .rec = { .tsc = now + 50, .event = PN_EV_flush, .payload = { 0, PAGE } } });
	now += 1000;
	put(trip_of(TRIP_invlpg, 0, 0));
	put((struct ta_record){ .rec = { .tsc = now + 50, .event = PN_EV_flush, .payload = { 1, PAGE } } });
	now += 1000;
	trip_with(TRIP_cr3, 0, PN_EV_flush);
	end();
	ck_assert(ta_has_address(nth_trip(0)));
	ck_assert_uint_eq(nth_trip(0)->rec.payload[3], PAGE);
	ck_assert(!ta_has_address(nth_trip(1)));
	ck_assert(!ta_has_address(nth_trip(2)));
}
END_TEST

/* ---- operations ---- */

START_TEST(reflect_write_write_and_pull_through_are_one_demand_fault)
{
	trip(TRIP_pf_guest, PAGE + 8, 2);
	trip(TRIP_pf_emulate, TABLE, 3);
	trip(TRIP_pf_emulate, TABLE, 3);
	trip_with(TRIP_pf_fixed, PAGE + 16, PN_EV_pull_through);
	trip_with(TRIP_pf_fixed, PAGE + 16, PN_EV_fill);
	end();
	ck_assert_uint_eq(ops_from(0, 3), 1);
	ck_assert_uint_eq(ops_from(0, 4), 2);
	ck_assert_uint_eq(nth_trip(3)->op_kind, TA_OP_demand_fault);
	ck_assert_uint_eq(nth_trip(4)->op_kind, TA_OP_hidden_fault);
	ck_assert_uint_eq(tally.op[0].trips, 4);
	ck_assert_uint_eq(tally.op[0].cost, 400);
	ck_assert_uint_eq(tally.op[0].address, PAGE + 8);
}
END_TEST

START_TEST(a_present_page_is_a_protection_fault)
{
	trip(TRIP_pf_guest, PAGE, 3);
	end();
	ck_assert_uint_eq(nth_trip(0)->op_kind, TA_OP_protection_fault);
}
END_TEST

START_TEST(the_next_fault_a_root_load_and_a_region_close_an_operation)
{
	trip(TRIP_pf_guest, PAGE, 2);
	trip(TRIP_pf_guest, PAGE + 0x1000, 2);
	trip(TRIP_cr3, 0, 0);
	trip(TRIP_pf_emulate, TABLE, 3);
	region_begin("one");
	trip(TRIP_pf_emulate, TABLE, 3);
	end();
	for (unsigned i = 1; i < 5; i++)
		ck_assert_uint_eq(ops_from(i - 1, i), 2);
	ck_assert_uint_eq(nth_trip(2)->op_kind, TA_OP_root_load);
}
END_TEST

START_TEST(devices_and_interrupts_are_apart_and_close_nothing)
{
	trip(TRIP_pf_guest, PAGE, 2);
	trip(TRIP_interrupt, 0, 0);
	trip(TRIP_pf_mmio, 0xfee00000, 2);
	trip(TRIP_pf_emulate, TABLE, 3);
	end();
	ck_assert_uint_eq(nth_trip(3)->op, nth_trip(0)->op);
	ck_assert_uint_eq(nth_trip(1)->op_kind, TA_OP_interrupt);
	ck_assert_uint_eq(nth_trip(2)->op_kind, TA_OP_device);
	ck_assert_uint_eq(ops_from(0, 2), 3);
}
END_TEST

START_TEST(writes_to_one_table_are_one_operation_with_the_flush_behind_them)
{
	trip(TRIP_pf_emulate, TABLE, 3);
	trip(TRIP_pf_emulate, TABLE + 8, 3);
	trip(TRIP_invlpg, PAGE, 0);
	trip(TRIP_pf_emulate, TABLE + 16, 3);
	trip(TRIP_pf_unshadow, TABLE + 24, 3);
	trip(TRIP_pf_emulate, TABLE + 0x1000, 3);
	trip(TRIP_invlpg, PAGE, 0);
	trip(TRIP_invlpg, PAGE, 0);
	end();
	ck_assert_uint_eq(ops_from(0, 2), 1);
	ck_assert_uint_eq(ops_from(2, 3), 2);
	ck_assert_uint_eq(ops_from(3, 4), 1);
	ck_assert_uint_eq(ops_from(4, 5), 2);
	ck_assert_uint_eq(ops_from(5, 6), 1);
	ck_assert_uint_eq(nth_trip(7)->op_kind, TA_OP_invalidate);
}
END_TEST

START_TEST(vcpus_have_operations_of_their_own)
{
	struct ta_record other = trip_of(TRIP_pf_emulate, TABLE, 3);

	trip(TRIP_pf_guest, PAGE, 2);
	other.rec.vcpu = 1;
	other.rec.tsc = now;
	put(other);
	now += 1000;
	trip_with(TRIP_pf_fixed, PAGE, PN_EV_fill);
	end();
	ck_assert_uint_eq(nth_trip(1)->op_kind, TA_OP_table_write);
	ck_assert_uint_eq(nth_trip(2)->op, nth_trip(0)->op);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace annotations");
	TCase *t = tcase_create("streams");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_happened_in_a_mended_fault_is_its_fate);
	tcase_add_test(t, a_kind_of_fault_is_a_fate_by_itself);
	tcase_add_test(t, an_event_belongs_to_the_trip_of_its_vcpu_that_it_happened_in);
	tcase_add_test(t, a_trip_waits_for_its_end_and_nothing_overtakes_it);
	tcase_add_test(t, the_flush_tells_the_address_of_an_invlpg);
	tcase_add_test(t, reflect_write_write_and_pull_through_are_one_demand_fault);
	tcase_add_test(t, a_present_page_is_a_protection_fault);
	tcase_add_test(t, the_next_fault_a_root_load_and_a_region_close_an_operation);
	tcase_add_test(t, devices_and_interrupts_are_apart_and_close_nothing);
	tcase_add_test(t, writes_to_one_table_are_one_operation_with_the_flush_behind_them);
	tcase_add_test(t, vcpus_have_operations_of_their_own);
	suite_add_tcase(s, t);
	return suite_run(s);
}
