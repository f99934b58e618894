/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe adaptive promises: each decision, table by table, from what the table's writers and readers did lately. */
#include "recipe.h"
#include "tests/engine/unsync.h"

/* What is worth a resync of a table with so many times 64 entries in use (sync_adaptive.h). */
#define WORTH(times) (2 + (times))

/* INVLPGs for nothing that bring a table back. */
#define IDLE 16

/* Such a table that is in sync. */
static void known_l1(u64 gfn, u32 slot)
{
	another_l1(gfn, slot);
	load_root();
}

/* One write between two root loads, with nothing else in the table used. */
static void one_write(u64 gfn, u64 value)
{
	store(gfn, 0, at(DATA + value, ALL));
	load_root();
}

/* ---- emulate or unsync ---- */

START_TEST(the_first_write_lets_a_table_go)
{
	expect_done(user(0), U | W, 1, DATA);
	ck_assert_uint_eq(store(USER_L1, 5, at(DATA + 50, ALL)), 1);
	ck_assert(unsync(USER_L1));
	for (u32 i = 100; i < 200; i++)
		ck_assert_uint_eq(store(USER_L1, i, at(DATA, ALL)), 0);
}
END_TEST

START_TEST(a_new_table_is_out_of_sync)
{
	u32 emulated;

	another_l1(70, 20);
	ck_assert(unsync(70));
	emulated = g.emulated;
	store(70, 5, at(DATA + 5, ALL)); /* a trip for the way there, and none after it */
	ck_assert_uint_eq(store(70, 6, at(DATA + 6, ALL)), 0);
	ck_assert_uint_eq(g.emulated, emulated);
	load_root();
	ck_assert(!unsync(70));
	/* That says nothing of its writers yet. */
	store(70, 0, at(DATA + 1, ALL));
	ck_assert(unsync(70));
}
END_TEST

START_TEST(a_table_that_is_flushed_for_nothing_comes_back)
{
	gva_t va = USER + (20ull << 21);

	another_l1(70, 20);
	for (u32 i = 1; i < IDLE; i++)
		guest_invlpg(&g.v, va);
	ck_assert(unsync(70));
	/* One that is there for a change is none of them. */
	store(70, 0, at(DATA + 1, ALL));
	guest_invlpg(&g.v, va);
	ck_assert(unsync(70));
	expect_done(va, U, 0, DATA + 1);
	guest_invlpg(&g.v, va);
	ck_assert(!unsync(70));
	expect_done(va, U, 0, DATA + 1);
}
END_TEST

START_TEST(a_single_write_is_emulated_the_next_time)
{
	u64 before;
	u32 emulated;

	known_l1(70, 20);
	one_write(70, 1);
	before = count(PN_CNT_unsync);
	emulated = g.emulated;
	for (u32 i = 2; i < 40; i++) {
		one_write(70, i);
		ck_assert(!unsync(70));
		/* It reached the shadow: no fault asks for it, no flush is waited for. */
		ck_assert_uint_eq(trips(USER + (20ull << 21), U, 0), 0);
		expect_done(USER + (20ull << 21), U, 0, DATA + i);
	}
	ck_assert_uint_eq(count(PN_CNT_unsync), before);
	ck_assert_uint_eq(g.emulated, emulated + 38);
}
END_TEST

START_TEST(each_table_has_its_own_history)
{
	known_l1(70, 20);
	known_l1(71, 21);
	one_write(70, 1);
	store(70, 0, at(DATA + 2, ALL));
	store(71, 0, at(DATA + 2, ALL));
	ck_assert(!unsync(70) && unsync(71));
}
END_TEST

START_TEST(a_batch_lets_a_single_table_go_again)
{
	known_l1(70, 20);
	one_write(70, 1);
	for (u32 i = 0; i < WORTH(1) - 1; i++) {
		store(70, 8 + i, at(DATA + i, ALL));
		ck_assert(!unsync(70));
	}
	ck_assert_uint_eq(store(70, 20, at(DATA, ALL)), 1);
	ck_assert(unsync(70));
	ck_assert_uint_eq(store(70, 21, at(DATA, ALL)), 0);
}
END_TEST

START_TEST(writes_of_other_intervals_do_not_count)
{
	known_l1(70, 20);
	one_write(70, 1);
	for (u32 round = 0; round < 20; round++) {
		for (u32 i = 0; i < WORTH(1) - 1; i++)
			store(70, 8 + i, at(DATA + i, ALL));
		ck_assert(!unsync(70));
		load_root();
	}
}
END_TEST

START_TEST(what_is_worth_it_grows_with_the_table)
{
	for (u32 i = 0; i < 512; i++)
		guest_table(&g, 70)[i] = at(DATA, ALL);
	store(USER_L2, 20, at(70, ALL));
	for (u32 i = 0; i < 512; i += 8)
		expect_done(USER + (20ull << 21) + i * PAGE_SIZE, U, 0, DATA);
	load_root();
	one_write(70, 1);
	for (u32 i = 0; i < WORTH(8) - 1; i++) {
		store(70, i, at(DATA, ALL));
		ck_assert(!unsync(70));
	}
	store(70, 0, at(DATA, ALL));
	ck_assert(unsync(70));
}
END_TEST

START_TEST(changes_that_a_resync_finds_are_worth_it)
{
	u64 pulled;

	for (u32 i = 0; i < WORTH(1); i++)
		guest_table(&g, 70)[i] = at(DATA + i, ALL);
	known_l1(70, 20);
	pulled = count(PN_CNT_pull_through);
	for (u32 i = 1; i < WORTH(1); i++)
		expect_done(USER + (20ull << 21) + i * PAGE_SIZE, U, 0, DATA + i);
	for (u32 i = 0; i < WORTH(1); i++)
		store(70, i, at(DATA + 20 + i, ALL));
	ck_assert_uint_eq(count(PN_CNT_pull_through), pulled);
	load_root();
	ck_assert_uint_eq(count(PN_CNT_resync_entries), WORTH(1));
	store(70, 0, at(DATA + 9, ALL));
	ck_assert(unsync(70));
}
END_TEST

START_TEST(so_are_entries_pulled_through)
{
	u64 pulled;

	known_l1(70, 20);
	pulled = count(PN_CNT_pull_through);
	for (u32 i = 1; i <= WORTH(1); i++) {
		store(70, i, at(DATA + i, ALL));
		expect_done(USER + (20ull << 21) + i * PAGE_SIZE, U | W, 1, DATA + i);
	}
	ck_assert_uint_eq(count(PN_CNT_pull_through), pulled + WORTH(1));
	load_root();
	ck_assert_uint_eq(count(PN_CNT_resync_entries), 0);
	store(70, 0, at(DATA + 9, ALL));
	ck_assert(unsync(70));
	/* They count for one interval. */
	load_root();
	store(70, 0, at(DATA + 10, ALL));
	ck_assert(!unsync(70));
}
END_TEST

START_TEST(a_new_shadow_has_no_history)
{
	known_l1(70, 20);
	one_write(70, 1);
	ck_assert(history_page(frame(70)->shadows)->kind == HISTORY_SINGLE);
	store(USER_L2, 20, 0);
	ck_assert_ptr_null(frame(70)->shadows);
	known_l1(70, 20);
	store(70, 0, at(DATA + 2, ALL));
	ck_assert(unsync(70));
}
END_TEST

START_TEST(more_than_three_at_a_time)
{
	for (u32 i = 0; i < 8; i++)
		known_l1(70 + i, 20 + i);
	for (u32 i = 0; i < 8; i++)
		store(70 + i, 5, at(DATA + i, ALL));
	for (u32 i = 0; i < 8; i++)
		ck_assert(unsync(70 + i));
	load_root();
	for (u32 i = 0; i < 8; i++)
		ck_assert(!unsync(70 + i));
}
END_TEST

/* ---- unshadow ---- */

/* A second level-2 table in frame 80, linked from USER_L3, with one page in use. */
static gva_t another_l2(void)
{
	guest_table(&g, 81)[0] = at(DATA, ALL);
	guest_table(&g, 80)[0] = at(81, ALL);
	store(USER_L3, 3, at(80, ALL));
	expect_done(USER + (3ull << 30), U, 0, DATA);
	return USER + (3ull << 30);
}

START_TEST(two_cleared_entries_unshadow)
{
	another_l2();
	store(80, 9, 0);
	ck_assert_ptr_nonnull(frame(80)->shadows);
	store(80, 10, 0);
	ck_assert_ptr_null(frame(80)->shadows);
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 1);
	ck_assert_uint_eq(store(80, 11, 0), 1); /* the trip that gives the write access */
	ck_assert_uint_eq(store(80, 12, 0), 0);
}
END_TEST

START_TEST(a_flood_unshadows)
{
	gva_t va = another_l2();

	for (u32 i = 0; i < 3; i++) {
		ck_assert_ptr_nonnull(frame(80)->shadows);
		store(80, 9 + i, 0xdead000 + i);
	}
	ck_assert_ptr_null(frame(80)->shadows);
	ck_assert_uint_eq(count(PN_CNT_batch_unshadow), 1);
	/* A guess: the table comes back when it is used. */
	expect_done(va, U, 0, DATA);
	ck_assert_ptr_nonnull(frame(80)->shadows);
}
END_TEST

START_TEST(demand_for_tables_is_no_flood)
{
	gva_t va = another_l2();

	for (u32 i = 1; i < 9; i++) {
		guest_table(&g, 81 + i)[0] = at(DATA + i, ALL);
		store(80, i, at(81 + i, ALL));
		expect_done(va + ((u64)i << 21), U, 0, DATA + i);
	}
	ck_assert_uint_eq(count(PN_CNT_batch_unshadow) + count(PN_CNT_early_unshadow), 0);
	ck_assert_uint_eq(trips(va, U, 0), 0);
}
END_TEST

/* ---- in a pool that is too large for one exit's search ---- */

/* The guest has three mappings of a table out of sync; the parts know one or two. It is no table any more, and is one when it is needed. */
START_TEST(a_table_with_unknown_writers_goes)
{
	const gva_t va = USER + (20ull << 21);

	known_l1(70, 20);
	store(USER_L1, 5, at(70, ALL));
	store(USER_L1, 6, at(70, ALL));
	store(70, 0, at(DATA + 1, ALL));
	expect_done(user(5) + 8, U | W, at(DATA + 2, ALL), 70);
	expect_done(user(6) + 16, U | W, at(DATA + 3, ALL), 70);
	ck_assert_uint_eq(frame(70)->writable, 3);
	ck_assert(unsync(70));
	sh_search_pages = 2;
	load_root();
	ck_assert_ptr_null(frame(70)->shadows);
	ck_assert_uint_ge(frame(70)->writable, 1);
	guest_audit(&g);
	expect_done(va, U, 0, DATA + 1);
	expect_done(va + PAGE_SIZE, U, 0, DATA + 2);
	expect_done(va + 2 * PAGE_SIZE, U, 0, DATA + 3);
	ck_assert_ptr_nonnull(frame(70)->shadows);
	sh_search_pages = 4096;
	load_root();
	ck_assert_uint_eq(frame(70)->writable, 0);
}
END_TEST

/* ---- park ---- */

static bool parked(const struct sh_page *sp)
{
	return sp->parked && sp->pinned && sp->refs == 1;
}

START_TEST(a_kept_root_is_parked_at_its_first_write)
{
	struct sh_page *root;
	u64 hits, misses;

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(linear(DATA, 0), 0, 0, DATA);
	root = frame(ROOT2)->shadows;
	load_root();
	ck_assert_uint_le(store(ROOT2, 7, 0xdead000), 1);
	ck_assert(parked(root));
	ck_assert_ptr_null(frame(ROOT2)->shadows);
	ck_assert_uint_eq(store(ROOT2, 7, 0), 0);
	misses = count(PN_CNT_root_miss);
	hits = count(PN_CNT_root_hit);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert_uint_eq(count(PN_CNT_root_miss), misses);
	ck_assert_uint_eq(count(PN_CNT_root_hit), hits + 1);
	ck_assert(frame(ROOT2)->shadows == root && !root->parked);
	/* The way that it had is there yet. */
	ck_assert_uint_eq(trips(linear(DATA, 0), 0, 0), 0);
	/* And its table is one again. */
	ck_assert_uint_eq(store(ROOT2, 7, 0), 1);
	load_root();
}
END_TEST

/* In a pool that is too large for one exit's search, its writable mappings are looked for in pieces first. */
START_TEST(a_parked_root_waits_for_its_search)
{
	struct sh_page *root;
	u32 faults;

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
	root = frame(ROOT2)->shadows;
	load_root();
	store(USER_L1, 5, at(ROOT2, ALL));
	store(USER_L1, 6, at(ROOT2, ALL));
	expect_done(user(5), U | W, at(4, KERNEL), ROOT2);
	expect_done(user(6), U | W, at(4, KERNEL), ROOT2);
	ck_assert(parked(root));
	sh_search_pages = 1;
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert(parked(root) && g.v.root != root);
	faults = g.faults;
	expect_done(user(0), U, 0, DATA);
	ck_assert_uint_gt(g.faults - faults, 1);
	ck_assert(g.v.root == root && frame(ROOT2)->shadows == root && !root->parked);
	ck_assert_uint_eq(frame(ROOT2)->writable, 0);
	sh_search_pages = 4096;
}
END_TEST

/* A hint that it will not be used: nobody looks for who may write to it, and the next load makes it anew. */
START_TEST(a_parked_root_goes_without_a_search)
{
	u64 promoted, misses;

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
	load_root();
	store(USER_L1, 5, at(ROOT2, ALL));
	store(USER_L1, 6, at(ROOT2, ALL));
	expect_done(user(5), U | W, at(4, KERNEL), ROOT2);
	expect_done(user(6), U | W, at(4, KERNEL), ROOT2);
	promoted = count(PN_CNT_promote);
	misses = count(PN_CNT_root_miss);
	ck_assert_int_eq(paging_unpin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_OK);
	ck_assert_uint_eq(count(PN_CNT_promote), promoted);
	ck_assert_uint_eq(frame(ROOT2)->writable, 2);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert_uint_eq(count(PN_CNT_root_miss), misses + 1);
	expect_done(user(0), U, 0, DATA);
}
END_TEST

/* As a kernel ends a process: its last table is taken out of the root, another root is loaded, the page is used anew. */
START_TEST(an_emptied_root_is_parked_when_it_is_left)
{
	struct sh_page *root;

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
	root = frame(ROOT2)->shadows;
	store(ROOT2, USER >> 39, 0);
	ck_assert(frame(ROOT2)->shadows == root);
	load_root();
	ck_assert(parked(root));
	ck_assert_ptr_null(frame(ROOT2)->shadows);
	/* Small pages have rights of their own; write access to one in a superpage would be back without this fault. */
	ck_assert_uint_eq(store(ROOT2, 7, 0), 1);
	ck_assert_uint_eq(store(ROOT2, USER >> 39, at(USER_L3, ALL)), 0);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert(frame(ROOT2)->shadows == root && !root->parked);
	expect_done(user(0), U, 0, DATA);
	/* One that is left with its tables is kept as it is. */
	load_root();
	ck_assert(frame(ROOT2)->shadows == root && !root->parked);
}
END_TEST

START_TEST(a_parked_roots_links_follow_when_it_is_loaded)
{
	const u32 slot = (linear(DATA, 0) >> 39) & 511;
	u64 entry = guest_table(&g, ROOT2)[slot];

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(linear(DATA, 0), 0, 0, DATA);
	load_root();
	store(ROOT2, slot, 0);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert_int_eq(guest_access(&g, linear(DATA, 0), 0, 0, 8).kind, ACCESS_FAULT);
	guest_table(&g, ROOT2)[slot] = entry;
	load_root();
}
END_TEST

START_TEST(an_emptied_table_is_parked)
{
	gva_t va = another_l2();
	struct sh_page *l2 = frame(80)->shadows;

	store(80, 0, 0);
	ck_assert(parked(l2));
	ck_assert_ptr_null(frame(80)->shadows);
	ck_assert_ptr_null(frame(81)->shadows);
	/* It is as if it were not: what it maps is the tables' affair. */
	ck_assert_int_eq(guest_access(&g, va, U, 0, 8).kind, ACCESS_FAULT);
	ck_assert_uint_le(store(80, 0, at(81, ALL)), 1);
	ck_assert_uint_eq(store(80, 1, 0), 0);
	expect_done(va, U, 0, DATA);
	ck_assert(frame(80)->shadows == l2 && !l2->parked && !l2->pinned);
	ck_assert_uint_eq(store(80, 1, 0), 1);
}
END_TEST

/* Frame 90, which the kernel has written to, becomes a level-2 table, and is one no more by the write of `empty`. */
static void table_for_a_while(gva_t empty, bool read_only)
{
	store(90, 1, 0);
	guest_table(&g, 81)[0] = at(DATA, ALL);
	guest_table(&g, 90)[0] = at(81, ALL);
	store(USER_L1, 5, at(90, ALL));
	store(USER_L3, 3, at(90, ALL));
	expect_done(USER + (3ull << 30), U, 0, DATA);
	if (read_only)
		store(6, 90, at(90, KERNEL & ~PTE_RW));
	load_root();
	ck_assert_ptr_nonnull(frame(90)->shadows);
	ck_assert_int_eq(guest_access(&g, empty, W, 0, 8).kind, ACCESS_DONE);
	ck_assert_ptr_null(frame(90)->shadows);
}

/* The mapping that the table took write access from has it again, of small pages, too. */
START_TEST(what_was_protected_is_writable_again)
{
	table_for_a_while(linear(90, 0), false);
	ck_assert_uint_eq(store(90, 2, 0), 0);
}
END_TEST

START_TEST(what_the_guest_protects_stays_so)
{
	table_for_a_while(user(5), true);
	ck_assert_int_eq(guest_access(&g, linear(90, 2), W, 0, 8).kind, ACCESS_FAULT);
}
END_TEST

START_TEST(few_tables_are_parked)
{
	u64 used;

	for (u32 i = 0; i < 3 * SH_PARKED; i++) {
		guest_table(&g, 81)[0] = at(DATA, ALL);
		guest_table(&g, 90 + i)[0] = at(81, ALL);
		store(USER_L3, 3, at(90 + i, ALL));
		expect_done(USER + (3ull << 30), U, 0, DATA);
		store(90 + i, 0, 0);
		if (i == SH_PARKED)
			used = count(PN_CNT_shadow_used);
	}
	ck_assert_uint_eq(count(PN_CNT_shadow_used), used);
	/* They go with the pool's pages, too. */
	ck_assert_int_eq(paging_pool_resize(&g.d, paging_pool_minimum(&g.d)), POOL_OK);
	expect_done(user(0), U, 0, DATA);
}
END_TEST

/* ---- prefetch ---- */

START_TEST(readers_that_go_upwards_deserve_more)
{
	u32 n = 0;

	for (u32 i = 0; i < 512; i++)
		guest_table(&g, USER_L1)[i] = at(DATA + i % 100, ALL);
	for (u32 i = 0; i < 512; i++)
		n += trips(user(i), U, 0);
	/* 32, 64, then 128 at a time. */
	ck_assert_uint_le(n, 6);
	ck_assert_uint_ge(count(PN_CNT_prefetched), 500);
}
END_TEST

START_TEST(readers_here_and_there_get_one_entry)
{
	for (u32 i = 0; i < 512; i++)
		guest_table(&g, USER_L1)[i] = at(DATA + i % 100, ALL);
	for (u32 i = 500; i >= 5; i -= 5)
		ck_assert_uint_eq(trips(user(i), U, 0), 1);
	ck_assert_uint_eq(count(PN_CNT_prefetched), 0);
}
END_TEST

/* ---- devices ---- */

START_TEST(the_way_to_a_device_is_kept)
{
	store(USER_L1, 40, at(HOLE_AT, ALL));
	for (u32 i = 0; i < 2; i++) {
		struct outcome o = guest_access(&g, user(40) + 16, U | W, 1, 8);

		ck_assert_int_eq(o.kind, ACCESS_MMIO);
		ck_assert_uint_eq(o.gpa, HOLE_AT * PAGE_SIZE + 16);
	}
	ck_assert_ptr_nonnull(frame(USER_L1)->shadows);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("adaptive");
	TCase *t = tcase_create("decisions");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, the_first_write_lets_a_table_go);
	tcase_add_test(t, a_new_table_is_out_of_sync);
	tcase_add_test(t, a_table_that_is_flushed_for_nothing_comes_back);
	tcase_add_test(t, a_single_write_is_emulated_the_next_time);
	tcase_add_test(t, each_table_has_its_own_history);
	tcase_add_test(t, a_batch_lets_a_single_table_go_again);
	tcase_add_test(t, writes_of_other_intervals_do_not_count);
	tcase_add_test(t, what_is_worth_it_grows_with_the_table);
	tcase_add_test(t, changes_that_a_resync_finds_are_worth_it);
	tcase_add_test(t, so_are_entries_pulled_through);
	tcase_add_test(t, a_new_shadow_has_no_history);
	tcase_add_test(t, more_than_three_at_a_time);
	tcase_add_test(t, two_cleared_entries_unshadow);
	tcase_add_test(t, a_flood_unshadows);
	tcase_add_test(t, demand_for_tables_is_no_flood);
	tcase_add_test(t, a_table_with_unknown_writers_goes);
	tcase_add_test(t, a_kept_root_is_parked_at_its_first_write);
	tcase_add_test(t, a_parked_root_waits_for_its_search);
	tcase_add_test(t, a_parked_root_goes_without_a_search);
	tcase_add_test(t, an_emptied_root_is_parked_when_it_is_left);
	tcase_add_test(t, a_parked_roots_links_follow_when_it_is_loaded);
	tcase_add_test(t, an_emptied_table_is_parked);
	tcase_add_test(t, what_was_protected_is_writable_again);
	tcase_add_test(t, what_the_guest_protects_stays_so);
	tcase_add_test(t, few_tables_are_parked);
	tcase_add_test(t, readers_that_go_upwards_deserve_more);
	tcase_add_test(t, readers_here_and_there_get_one_entry);
	tcase_add_test(t, the_way_to_a_device_is_kept);
	suite_add_tcase(s, t);
	return run_suite(s);
}
