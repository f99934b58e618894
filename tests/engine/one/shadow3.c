/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe shadow3 promises: level-1 tables out of sync and back, snapshots, pull-through, fixups, prefetching.
 */
#include "recipe.h"
#include "tests/engine/unsync.h"

/* ---- trips ---- */

START_TEST(demand_fault_takes_two_trips)
{
	u32 before;

	expect_done(user(0), U | W, 1, DATA);
	ck_assert_uint_eq(store(USER_L1, 511, 0), 1);
	before = g.faults;
	expect_fault(user(NR_DATA), U | W, U | W);
	ck_assert_uint_eq(store(USER_L1, NR_DATA, at(DATA + 60, ALL)), 0);
	expect_done(user(NR_DATA), U | W, 1, DATA + 60);
	ck_assert_uint_eq(g.faults - before, 2);
	/* Windows: a transition entry first. */
	before = g.faults;
	expect_fault(user(NR_DATA + 1), U | W, U | W);
	store(USER_L1, NR_DATA + 1, 0xdead0);
	store(USER_L1, NR_DATA + 1, at(DATA + 61, ALL));
	expect_done(user(NR_DATA + 1), U | W, 1, DATA + 61);
	ck_assert_uint_eq(g.faults - before, 2);
	ck_assert_uint_eq(count(PN_CNT_pull_through), 2);
	ck_assert_uint_eq(g.emulated, 0);
	ck_assert_uint_eq(count(PN_CNT_unsync), 1);
}
END_TEST

START_TEST(a_batch_takes_one_trip)
{
	u64 before;
	u32 n = 0;

	expect_done(user(0), U | W, 1, DATA);
	for (u32 i = 100; i < 300; i++)
		n += store(USER_L1, i, at(DATA + i % 100, ALL));
	ck_assert_uint_eq(n, 1);
	load_root();
	before = count(PN_CNT_prefetched);
	ck_assert(!unsync(USER_L1));
	/* Nothing of these was in the shadow: there was nothing to derive, and prefetching brings 32 at a time. */
	ck_assert_uint_eq(count(PN_CNT_resync_entries), 0);
	n = 0;
	for (u32 i = 100; i < 300; i++)
		n += trips(user(i), U, 0);
	ck_assert_uint_eq(n, (200 + 31) / 32);
	ck_assert_uint_eq(count(PN_CNT_prefetched) - before, 200 - n);
}
END_TEST

/* ---- out of sync ---- */

START_TEST(an_old_entry_lives_until_the_flush)
{
	bool old = false;

	for (u32 i = 0; i < 30; i++) {
		struct outcome o;

		store(USER_L1, 3, at(DATA + 3, ALL));
		load_root();
		expect_done(user(3), U, 0, DATA + 3);
		store(USER_L1, 3, at(DATA + 9, ALL));
		o = guest_access(&g, user(3), U, 0, 8);
		old |= o.gpa == (DATA + 3) * PAGE_SIZE;
		if (i & 1)
			load_root();
		else
			guest_invlpg(&g.v, user(3));
		expect_done(user(3), U, 0, DATA + 9);
	}
	ck_assert(old);
}
END_TEST

START_TEST(invlpg_follows_one_entry)
{
	expect_done(user(0), U | W, 1, DATA);
	expect_done(user(1), U | W, 1, DATA + 1);
	store(USER_L1, 0, at(DATA + 9, ALL));
	store(USER_L1, 1, at(DATA + 8, ALL));
	guest_invlpg(&g.v, user(0));
	ck_assert_uint_eq(count(PN_CNT_resync_page), 1);
	ck_assert_uint_eq(count(PN_CNT_resync), 0);
	ck_assert(unsync(USER_L1));
	ck_assert_uint_eq(trips(user(0), U | W, 1), 0);
	expect_done(user(0), U, 0, DATA + 9);
	/* Back to the old value: the snapshot of that entry is what was followed, not what was there at first. */
	store(USER_L1, 0, at(DATA, ALL));
	load_root();
	expect_done(user(0), U, 0, DATA);
	expect_done(user(1), U, 0, DATA + 8);
}
END_TEST

START_TEST(pulled_through_and_changed_back)
{
	expect_done(user(2), U, 0, DATA + 2);
	store(USER_L1, 2, 0);
	guest_invlpg(&g.v, user(2));
	store(USER_L1, 2, at(DATA + 7, ALL));
	expect_done(user(2), U, 0, DATA + 7);
	store(USER_L1, 2, at(DATA + 2, ALL));
	load_root();
	expect_done(user(2), U, 0, DATA + 2);
}
END_TEST

START_TEST(a_resync_derives_what_changed_only)
{
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(i), U | W, 1, DATA + i);
	store(USER_L1, 5, at(DATA + 50, ALL));
	store(USER_L1, 6, 0);
	load_root();
	ck_assert_uint_eq(count(PN_CNT_resync_entries), 2);
	expect_done(user(5), U, 0, DATA + 50);
	expect_fault(user(6), U, U);
	ck_assert_uint_eq(trips(user(7), U | W, 1), 0);
}
END_TEST

START_TEST(upper_levels_are_emulated)
{
	u32 emulated = g.emulated;

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L2, 9, 0);
	store(USER_L3, 9, 0);
	store(ROOT, 9, 0);
	ck_assert_uint_eq(g.emulated, emulated + 3);
	ck_assert_uint_eq(count(PN_CNT_unsync), 0);
}
END_TEST

START_TEST(a_table_in_two_roles_stays_in_sync)
{
	store(USER_L2, 9, at(USER_L2, ALL));
	expect_done(USER + (9ull << 21) + (9ull << 12), 0, 0, USER_L2);
	u32 emulated = g.emulated;
	store(USER_L2, 10, 0);
	ck_assert_uint_eq(g.emulated, emulated + 1);
	ck_assert(!unsync(USER_L2));
}
END_TEST

START_TEST(promotion_in_another_role_brings_back)
{
	expect_done(user(0), U | W, 1, DATA);
	guest_table(&g, 60)[0] = at(DATA + 3, ALL);
	store(USER_L1, 100, at(60, ALL));
	ck_assert(unsync(USER_L1));
	/* The level-1 table becomes a level-2 table as well. */
	store(USER_L3, 7, at(USER_L1, ALL));
	expect_done(USER + (7ull << 30) + (100ull << 21), U, 0, DATA + 3);
	ck_assert(!unsync(USER_L1));
	ck_assert_uint_eq(frame(USER_L1)->writable, 0);
	guest_audit(&g);
}
END_TEST

START_TEST(a_new_link_shows_no_old_entry)
{
	/* user(0) moves; nothing is flushed; then its table is linked at a second place, where nothing can be cached.
	 */
	for (u32 level = 2; level < 4; level++) {
		store(USER_L1, 0, at(DATA, ALL));
		load_root();
		expect_done(user(0), U, 0, DATA);
		store(USER_L1, 0, at(DATA + 20, ALL));
		ck_assert(unsync(USER_L1));
		store(level == 2 ? USER_L2 : USER_L3, 30, at(level == 2 ? USER_L1 : USER_L2, ALL));
		expect_done(USER + (30ull << (12 + 9 * (level - 1))), U, 0, DATA + 20);
	}
}
END_TEST

START_TEST(three_at_a_time)
{
	for (u32 i = 0; i < 4; i++)
		another_l1(70 + i, 20 + i);
	for (u32 i = 0; i < 3; i++)
		ck_assert_uint_eq(store(70 + i, 5, at(DATA + i, ALL)), 1);
	ck_assert(unsync(70) && unsync(71) && unsync(72));
	ck_assert_uint_eq(store(73, 5, at(DATA + 3, ALL)), 1);
	ck_assert(!unsync(70) && unsync(71) && unsync(73));
	ck_assert_uint_eq(frame(70)->writable, 0);
	ck_assert_uint_eq(store(70, 6, 0), 1);
	ck_assert(!unsync(71) && unsync(70));
}
END_TEST

START_TEST(a_table_that_goes_while_out_of_sync)
{
	another_l1(70, 20);
	store(70, 5, at(DATA + 5, ALL));
	ck_assert(unsync(70));
	store(USER_L2, 20, 0);
	ck_assert_ptr_null(frame(70)->shadows);
	ck_assert_uint_eq(g.d.shadow->unsync_frames, 0);
	ck_assert_uint_eq(store(70, 6, 1), 0);
	load_root();
	ck_assert_uint_eq(count(PN_CNT_resync), 0);
}
END_TEST

START_TEST(snapshots_come_from_the_pool_and_go_back)
{
	u64 used = count(PN_CNT_shadow_used);

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 5, at(DATA + 50, ALL));
	ck_assert_uint_eq(g.d.shadow->snapshots, 1);
	load_root();
	ck_assert_uint_eq(g.d.shadow->snapshots, 1);
	/* A pool that runs out takes them back, and tables with them. */
	store(USER_L1, 5, 0);
	ck_assert(unsync(USER_L1));
	ck_assert(sh_make_room(&g.d, g.d.shadow->free + 1));
	ck_assert_uint_eq(g.d.shadow->snapshots, 0);
	ck_assert(!unsync(USER_L1));
	ck_assert_uint_ge(used + 10, count(PN_CNT_shadow_used));
}
END_TEST

START_TEST(no_page_for_a_snapshot)
{
	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 511, 0);
	load_root();
	sh_snapshots_give_back(&g.d);
	struct sh_page *taken[1024];
	u32 n = 0, emulated = g.emulated;
	while (g.d.shadow->free > SH_MOST_PAGES)
		taken[n++] = sh_take_page(&g.d, NULL);
	ck_assert_uint_eq(store(USER_L1, 40, at(DATA + 1, ALL)), 1);
	ck_assert_uint_eq(g.emulated, emulated + 1);
	ck_assert(!unsync(USER_L1));
	while (n)
		sh_give_page(&g.d, taken[--n]);
	expect_done(user(40), U, 0, DATA + 1);
}
END_TEST

/* ---- fixups ---- */

START_TEST(fixups_spare_the_search)
{
	u64 guesses, scans, hits;

	/* A mapping where no guess looks. */
	expect_done(user(0), U, 0, DATA);
	store(USER_L1, 40, at(70, ALL));
	another_l1(70, 20);
	load_root();
	guesses = count(PN_CNT_wrmap_guess_hit) + count(PN_CNT_wrmap_guess_miss);
	scans = count(PN_CNT_wrmap_scan);
	hits = count(PN_CNT_wrmap_fixup_hit);
	expect_done(user(40) + 8 * 7, U | W, at(DATA + 7, ALL), 70);
	ck_assert(unsync(70));
	store(70, 8, at(DATA + 8, ALL));
	ck_assert_uint_eq(frame(70)->writable, 2);
	load_root();
	ck_assert_uint_eq(frame(70)->writable, 0);
	ck_assert_uint_eq(count(PN_CNT_wrmap_fixup_hit), hits + 2);
	ck_assert_uint_eq(count(PN_CNT_wrmap_guess_hit) + count(PN_CNT_wrmap_guess_miss), guesses);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), scans);
	expect_done(USER + (20ull << 21) + 0x7000, U, 0, DATA + 7);
}
END_TEST

START_TEST(a_third_mapping_costs_the_first)
{
	store(USER_L1, 40, at(70, ALL));
	store(USER_L1, 41, at(70, ALL));
	another_l1(70, 20);
	store(70, 8, at(DATA + 8, ALL));
	expect_done(user(40), U | W, at(DATA, ALL), 70);
	expect_done(user(41), U | W, at(DATA, ALL), 70);
	ck_assert_uint_eq(count(PN_CNT_wrmap_fixup_evict), 1);
	ck_assert_uint_eq(frame(70)->writable, 2);
	ck_assert_uint_eq(store(70, 9, at(DATA + 9, ALL)), 1);
	load_root();
	ck_assert_uint_eq(frame(70)->writable, 0);
}
END_TEST

START_TEST(a_remembered_mapping_that_went)
{
	store(USER_L1, 40, at(70, ALL));
	another_l1(70, 20);
	expect_done(user(40), U | W, at(DATA, ALL), 70);
	ck_assert(unsync(70));
	store(USER_L1, 40, 0);
	guest_invlpg(&g.v, user(40));
	ck_assert_uint_eq(frame(70)->writable, 0);
	store(70, 8, at(DATA + 8, ALL));
	load_root();
	ck_assert_uint_eq(frame(70)->writable, 0);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), 0);
}
END_TEST

/* ---- prefetching ---- */

START_TEST(prefetch_stops_where_a_fault_would_come)
{
	store(USER_L1, 10, at(DATA + 10, ALL & ~PTE_A));
	store(USER_L1, 20, at(DATA + 20, ALL & ~PTE_D));
	ck_assert_uint_eq(trips(user(5), U, 0), 1);
	for (u32 i = 6; i < 10; i++)
		ck_assert_uint_eq(trips(user(i), U | W, 1), 0);
	ck_assert(!(guest_table(&g, USER_L1)[10] & PTE_A));
	ck_assert_uint_eq(trips(user(10), U, 0), 1);
	ck_assert(guest_table(&g, USER_L1)[10] & PTE_A);
	ck_assert_uint_eq(trips(user(19), U | W, 1), 0);
	ck_assert_uint_eq(trips(user(20), U, 0), 1);
	ck_assert(!(guest_table(&g, USER_L1)[20] & PTE_D));
}
END_TEST

START_TEST(what_was_prefetched_for_nothing)
{
	expect_done(user(0), U, 0, DATA);
	ck_assert_uint_eq(count(PN_CNT_prefetched), NR_DATA - 1);
	for (u32 i = 0; i < 10; i++)
		for (u32 again = 0; again < 20; again++)
			expect_done(user(i), U, 0, DATA + i);
	store(USER_L2, 0, 0);
	ck_assert_uint_eq(count(PN_CNT_prefetch_used), 9);
	ck_assert_uint_eq(count(PN_CNT_prefetch_wasted), NR_DATA - 10);
}
END_TEST

START_TEST(no_table_is_prefetched_writable)
{
	store(USER_L1, 1, at(USER_L1, ALL));
	load_root();
	expect_done(user(0), U, 0, DATA);
	ck_assert_uint_eq(frame(USER_L1)->writable, 0);
	guest_audit(&g);
}
END_TEST

/* ---- the audit ---- */

/* It must see each damage; all is well again when it is undone. */
START_TEST(audit_sees_damage)
{
	char text[2048];
	struct sh_page *l1;

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 5, at(DATA + 50, ALL));
	l1 = frame(USER_L1)->shadows;
	guest_audit(&g);
	u64 *snapshot = l1->snapshot->table;
	snapshot[0] ^= PTE_ADDR & 0x7000;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	snapshot[0] ^= PTE_ADDR & 0x7000;
	g.d.shadow->unsync_frames++;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	g.d.shadow->unsync_frames--;
	g.d.shadow->snapshots++;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	g.d.shadow->snapshots--;
	struct fixup *row = fixup_row(&g.d, l1), was = row[0];
	row[0].slot ^= 1;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	row[0] = was;
	l1->unsync = false;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	l1->unsync = true;
	guest_audit(&g);
}
END_TEST

/* The same of lists: what is in two, and what has no end. */
START_TEST(audit_sees_damaged_lists)
{
	struct sh_domain *s = g.d.shadow;
	struct sh_page *l1, *idle;
	char text[2048];

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 5, at(DATA + 50, ALL));
	l1 = frame(USER_L1)->shadows;
	idle = s->snapshots_idle;
	guest_audit(&g);
	s->snapshots_idle = l1->snapshot;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	ck_assert_ptr_nonnull(strstr(text, "idle, and the snapshot of a frame"));
	s->snapshots_idle = idle;
	g.d.unsync = false;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	g.d.unsync = true;
	ck_assert_uint_eq(l1->unsync_next, 0);
	l1->unsync_next = l1->mfn;
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	l1->unsync_next = 0;
	guest_audit(&g);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shadow3");
	TCase *t = tcase_create("promises");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, demand_fault_takes_two_trips);
	tcase_add_test(t, a_batch_takes_one_trip);
	tcase_add_test(t, an_old_entry_lives_until_the_flush);
	tcase_add_test(t, invlpg_follows_one_entry);
	tcase_add_test(t, pulled_through_and_changed_back);
	tcase_add_test(t, a_resync_derives_what_changed_only);
	tcase_add_test(t, upper_levels_are_emulated);
	tcase_add_test(t, a_table_in_two_roles_stays_in_sync);
	tcase_add_test(t, promotion_in_another_role_brings_back);
	tcase_add_test(t, a_new_link_shows_no_old_entry);
	tcase_add_test(t, three_at_a_time);
	tcase_add_test(t, a_table_that_goes_while_out_of_sync);
	tcase_add_test(t, snapshots_come_from_the_pool_and_go_back);
	tcase_add_test(t, no_page_for_a_snapshot);
	tcase_add_test(t, fixups_spare_the_search);
	tcase_add_test(t, a_third_mapping_costs_the_first);
	tcase_add_test(t, a_remembered_mapping_that_went);
	tcase_add_test(t, prefetch_stops_where_a_fault_would_come);
	tcase_add_test(t, what_was_prefetched_for_nothing);
	tcase_add_test(t, no_table_is_prefetched_writable);
	tcase_add_test(t, audit_sees_damage);
	tcase_add_test(t, audit_sees_damaged_lists);
	suite_add_tcase(s, t);
	return run_suite(s);
}
