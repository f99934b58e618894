/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe shadow1 promises: three trips a demand fault, tables of every level copied and resynced, in whole. */
#include "tests/engine/unsync.h"

START_TEST(demand_fault_takes_three_trips)
{
	u32 before;

	expect_done(user(0), U | W, 1, DATA);
	for (u32 i = 0; i < 8; i++) {
		before = g.faults;
		expect_fault(user(NR_DATA + i), U | W, U | W);
		store(USER_L1, NR_DATA + i, at(DATA + 60 + i, ALL));
		expect_done(user(NR_DATA + i), U | W, 1, DATA + 60 + i);
		ck_assert_uint_eq(g.faults - before, 3);
		/* Windows: the transition entry costs nothing besides. */
		before = g.faults;
		expect_fault(user(NR_DATA + 8 + i), U | W, U | W);
		store(USER_L1, NR_DATA + 8 + i, 0xdead0);
		store(USER_L1, NR_DATA + 8 + i, at(DATA + 61 + i, ALL));
		expect_done(user(NR_DATA + 8 + i), U | W, 1, DATA + 61 + i);
		ck_assert_uint_eq(g.faults - before, 3);
	}
	ck_assert_uint_eq(count(PN_CNT_unsync), 16);
	ck_assert_uint_eq(count(PN_CNT_resync), 16);
	ck_assert_uint_eq(g.emulated, 0);
}
END_TEST

START_TEST(twelve_kilobytes_twice)
{
	/* Its walk, its way, the entry: what any fault touches. */
	const u32 little = 128;

	expect_done(user(0), U | W, 1, DATA);
	expect_fault(user(NR_DATA), U | W, U | W);
	ck_assert_uint_le(g.last_bytes, little);
	ck_assert_uint_eq(store(USER_L1, NR_DATA, at(DATA + 60, ALL)), 1);
	ck_assert_uint_ge(g.last_bytes, 3 * PAGE_SIZE);
	ck_assert_uint_le(g.last_bytes, 3 * PAGE_SIZE + little);
	expect_done(user(NR_DATA), U | W, 1, DATA + 60);
	ck_assert_uint_ge(g.last_bytes, 3 * PAGE_SIZE);
	ck_assert_uint_le(g.last_bytes, 3 * PAGE_SIZE + little);
}
END_TEST

START_TEST(every_level_goes)
{
	expect_done(user(0), U | W, 1, DATA);
	ck_assert_uint_eq(store(ROOT, 9, 0), 1);
	ck_assert(unsync(ROOT));
	ck_assert_uint_eq(g.emulated, 0);
	ck_assert_uint_eq(store(USER_L3, 9, 0), 1); /* the way there begins at the root: a resync, and emulation */
	ck_assert(!unsync(ROOT) && !unsync(USER_L3));
	ck_assert_uint_eq(g.emulated, 1);
	for (u32 t = USER_L3; t <= USER_L1; t++)
		ck_assert_uint_eq(store(t, 90, 0), 1);
	ck_assert(unsync(USER_L3) && unsync(USER_L2) && unsync(USER_L1));
	ck_assert_uint_eq(g.emulated, 1);
	guest_audit(&g);
	/* One fault that needs one of them brings all back. */
	expect_fault(user(91), U, U);
	ck_assert(!unsync(USER_L3) && !unsync(USER_L2) && !unsync(USER_L1));
}
END_TEST

START_TEST(faults_elsewhere_leave_it_out)
{
	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 90, 0);
	expect_done(linear(DATA + 77, 0), 0, 0, DATA + 77);
	ck_assert(unsync(USER_L1));
	for (u32 i = 91; i < 200; i++)
		ck_assert_uint_eq(store(USER_L1, i, at(DATA, ALL)), 0);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	ck_assert(!unsync(USER_L1));
	/* A resync completes the shadow. */
	for (u32 i = 91; i < 200; i++)
		ck_assert_uint_eq(trips(user(i), U | W, 1), 0);
}
END_TEST

START_TEST(a_moved_subtree)
{
	/* Its level-2 entry moves to another table, unflushed but never cached there. */
	expect_done(user(0), U, 0, DATA);
	guest_table(&g, 70)[0] = at(DATA + 40, ALL);
	store(USER_L2, 0, at(70, ALL));
	guest_invlpg(&g.v, user(0));
	ck_assert(!unsync(USER_L2));
	expect_done(user(0), U, 0, DATA + 40);
	store(70, 0, at(DATA + 41, ALL));
	store(USER_L3, 30, at(USER_L2, ALL));
	expect_done(USER + (30ull << 30), U, 0, DATA + 41);
}
END_TEST

START_TEST(a_hypervisor_write_meets_tables_out_of_sync)
{
	expect_done(user(0), U, 0, DATA);
	store(USER_L1, 0, at(DATA + 5, ALL));
	ck_assert(unsync(USER_L1));
	guest_table(&g, USER_L2)[40] = at(USER_L1, ALL);
	paging_guest_wrote(&g.d, USER_L2 * PAGE_SIZE + 40 * 8, 8);
	expect_done(USER + (40ull << 21), U, 0, DATA + 5);
}
END_TEST

START_TEST(write_access_is_remembered)
{
	expect_done(user(0), U | W, 1, DATA);
	u64 scans = count(PN_CNT_wrmap_scan);
	store(USER_L1, 90, 0);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	ck_assert_uint_eq(count(PN_CNT_wrmap_fixup_hit), 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), scans);
	ck_assert_uint_eq(sh_frame(&g.d, GFN(USER_L1))->writable, 0);
}
END_TEST

/* It must come to an end: the second fault finds that the first page translates it and is out of sync. */
START_TEST(a_write_across_two_tables_that_need_each_other)
{
	struct outcome o;

	store(USER_L1, 0, at(USER_L1, ALL));
	store(USER_L1, 1, at(USER_L2, ALL));
	for (u32 i = 0; i < 4; i++) {
		expect_done(user(0) + 8 * 100, U | W, 0, USER_L1);
		o = guest_access(&g, user(1) + 8 * 100, U | W, 0, 8);
		ck_assert_int_eq(o.kind, ACCESS_DONE);
		ck_assert(!unsync(USER_L1) || !unsync(USER_L2));
	}
	ck_assert_uint_gt(g.emulated, 0);
}
END_TEST

START_TEST(audit_sees_damage)
{
	char text[2048];

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L2, 9, 0);
	struct sh_page *l2 = sh_frame(&g.d, GFN(USER_L2))->shadows;
	u64 *snapshot = l2->snapshot->table;
	snapshot[0] ^= 0x1000;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	snapshot[0] ^= 0x1000;
	guest_audit(&g);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shadow1");
	TCase *t = tcase_create("promises");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, demand_fault_takes_three_trips);
	tcase_add_test(t, twelve_kilobytes_twice);
	tcase_add_test(t, every_level_goes);
	tcase_add_test(t, faults_elsewhere_leave_it_out);
	tcase_add_test(t, a_moved_subtree);
	tcase_add_test(t, a_hypervisor_write_meets_tables_out_of_sync);
	tcase_add_test(t, write_access_is_remembered);
	tcase_add_test(t, a_write_across_two_tables_that_need_each_other);
	tcase_add_test(t, audit_sees_damage);
	suite_add_tcase(s, t);
	return run_suite(s);
}
