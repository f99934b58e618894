/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe shadow2 promises: trips, promotion, writable mappings, kept roots, unshadowing, reclaim. */
#include <stdlib.h>

#include "engine.h"
#include "tests/engine/tables.h"

static struct frame_info *frame(u64 gfn)
{
	return frame_of(&g.d, p2m_lookup(&g.d, GFN(gfn)));
}
static u32 shadows_of(u64 gfn)
{
	u32 n = 0;

	for (struct sh_page *sp = frame(gfn)->shadows; sp; sp = sp->same_frame)
		n++;
	return n;
}

/* ---- a pool in which one fault may not search for all ---- */

#define BIG_FRAMES 12000
#define BIG_TABLES 5000u
#define BIG_FIRST  600 /* frame of the first level-1 table */

/*
 * Many level-1 tables, each mapping frame DATA read-only but the last one, which maps it writable. Shadows stand in the pool in the order in
 * which they were made, so that a search comes to it late.
 */
static void fill_big_pool(void)
{
	guest_init(&g, BIG_FRAMES, HOLE_AT, HOLE, 6000, 42);
	build_tables();
	for (u32 i = 0; i < BIG_TABLES; i++) {
		guest_table(&g, BIG_FIRST + i)[0] = at(DATA, i + 1 < BIG_TABLES ? PTE_P | PTE_US | PTE_A : ALL | PTE_A | PTE_D);
		guest_table(&g, BIG_FIRST + BIG_TABLES + i / 512)[i % 512] = at(BIG_FIRST + i, ALL);
		guest_table(&g, USER_L3)[1 + i / 512] = at(BIG_FIRST + BIG_TABLES + i / 512, ALL);
	}
	guest_long_mode(&g, ROOT, EFER_NXE);
	for (u32 i = 0; i < BIG_TABLES; i++)
		expect_done(USER + BIT(30) + ((u64)i << 21), U, 0, DATA);
	expect_done(USER + BIT(30) + ((BIG_TABLES - 1ull) << 21), U | W, 0, DATA);
	ck_assert_uint_eq(frame(DATA)->writable, 1);
}

/* Frame DATA becomes a table: found in pieces, none of which looks at more than its share, and then it is one. */
START_TEST(search_in_pieces)
{
	const gva_t va = USER + (100ull << 21);
	enum verdict r = SH_RETRY;
	u64 most = 0;
	u32 n = 0;

	fill_big_pool();
	guest_table(&g, DATA)[0] = at(DATA + 1, ALL);
	guest_table(&g, USER_L2)[100] = at(DATA, ALL);
	while (!frame(DATA)->shadows && n++ < 10) {
		g.v.bytes = 0;
		r = paging_fault(&g.v, va, U);
		most = g.v.bytes > most ? g.v.bytes : most;
	}
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(r, SH_FIXED);
	ck_assert_uint_le(most, (sh_search_pages + 1) * PAGE_SIZE + 4096);
	ck_assert_uint_ge(most, sh_search_pages / 2 * PAGE_SIZE);
	ck_assert_uint_eq(frame(DATA)->writable, 0);
	guest_audit(&g);
	guest_exit(&g);
}
END_TEST

/* So is a root that is loaded meanwhile: hardware has a stand-in for it, and each access tries the load again. */
START_TEST(root_search_in_pieces)
{
	u64 most = 0;
	u32 n = 0;

	fill_big_pool();
	memcpy(guest_table(&g, DATA), guest_table(&g, ROOT), PAGE_SIZE);
	g.v.bytes = 0;
	ck_assert(guest_load_cr3(&g, DATA * PAGE_SIZE));
	most = g.v.bytes;
	ck_assert_ptr_eq(frame(DATA)->shadows, NULL);
	guest_audit(&g);
	while (!frame(DATA)->shadows && n++ < 10) {
		g.v.bytes = 0;
		ck_assert_int_eq(paging_fault(&g.v, user(0), U), SH_FIXED);
		most = g.v.bytes > most ? g.v.bytes : most;
	}
	ck_assert_ptr_eq(frame(DATA)->shadows, g.v.root);
	ck_assert_uint_le(most, (sh_search_pages + 1) * PAGE_SIZE + 4096);
	ck_assert_uint_ge(most, sh_search_pages / 2 * PAGE_SIZE);
	ck_assert_uint_eq(frame(DATA)->writable, 0);
	expect_done(user(0), U, 0, DATA);
	guest_audit(&g);
	guest_exit(&g);
}
END_TEST

/* The stand-in is no root that is kept: another root is loaded, and it is gone. */
START_TEST(the_stand_in_goes)
{
	u64 used;

	fill_big_pool();
	used = g.d.counter[PN_CNT_shadow_used];
	ck_assert(guest_load_cr3(&g, DATA * PAGE_SIZE));
	ck_assert_uint_eq(g.d.counter[PN_CNT_shadow_used], used + 1);
	ck_assert(!paging_remove_frame(&g.d, GFN(DATA))); /* it is CR3's */
	ck_assert(guest_load_cr3(&g, ROOT * PAGE_SIZE));
	ck_assert_uint_eq(g.d.counter[PN_CNT_shadow_used], used);
	ck_assert_ptr_eq(frame(DATA)->shadows, NULL);
	ck_assert_uint_eq(frame(DATA)->writable, 1);
	expect_done(user(0), U, 0, DATA);
	guest_audit(&g);
	guest_exit(&g);
}
END_TEST

START_TEST(pinning_in_pieces)
{
	fill_big_pool();
	ck_assert_int_eq(paging_pin_root(&g.v, DATA * PAGE_SIZE), PIN_AGAIN);
	ck_assert_int_eq(paging_pin_root(&g.v, DATA * PAGE_SIZE), PIN_OK);
	ck_assert(frame(DATA)->shadows->pinned);
	guest_audit(&g);
	guest_exit(&g);
}
END_TEST

/* A shadow that is linked twice, one time far behind in the pool: it goes, by as many exits as that takes. */
START_TEST(unshadowing_in_pieces)
{
	const u32 last = BIG_FIRST + BIG_TABLES + (BIG_TABLES - 1) / 512;
	const gva_t far = USER + BIT(30) + ((u64)((BIG_TABLES - 1) / 512) << 30) + (511ull << 21);

	fill_big_pool();
	guest_table(&g, last)[511] = at(USER_L1, ALL);
	expect_done(user(0), U, 0, DATA);
	expect_done(far, U, 0, DATA);
	ck_assert_uint_eq(frame(USER_L1)->shadows->refs, 2);
	ck_assert(!paging_unshadow(&g.v, (gpa_t)USER_L1 << PAGE_SHIFT));
	guest_audit(&g);
	ck_assert(paging_unshadow(&g.v, (gpa_t)USER_L1 << PAGE_SHIFT));
	ck_assert_ptr_eq(frame(USER_L1)->shadows, NULL);
	guest_audit(&g);
	expect_done(far, U, 0, DATA);
	guest_exit(&g);
}
END_TEST

/* ---- trips ---- */

START_TEST(demand_fault_takes_two_trips)
{
	u32 before;

	expect_done(user(0), U | W, 1, DATA);
	guest_access(&g, linear(USER_L1, 511), W, 0, 8); /* the kernel has written to this table before */
	before = g.faults;
	expect_fault(user(NR_DATA), U | W, U | W);
	guest_access(&g, linear(USER_L1, NR_DATA), W, at(DATA + 60, ALL), 8);
	expect_done(user(NR_DATA), U | W, 1, DATA + 60);
	ck_assert_uint_eq(g.faults - before, 2);
	/* Windows: a transition entry first. */
	before = g.faults;
	expect_fault(user(NR_DATA + 1), U | W, U | W);
	guest_access(&g, linear(USER_L1, NR_DATA + 1), W, 0xdead0, 8);
	guest_access(&g, linear(USER_L1, NR_DATA + 1), W, at(DATA + 61, ALL), 8);
	expect_done(user(NR_DATA + 1), U | W, 1, DATA + 61);
	ck_assert_uint_eq(g.faults - before, 3);
}
END_TEST

START_TEST(bytes_touched)
{
	expect_done(user(0), U | W, 1, DATA);
	expect_fault(user(NR_DATA), U | W, U | W);
	ck_assert_uint_eq(g.last_bytes, 4 * 8);
}
END_TEST

START_TEST(a_true_fault_touches_nothing)
{
	expect_done(user(0), U, 0, DATA);
	u64 fills = count(PN_CNT_fill), used = count(PN_CNT_shadow_used);

	for (u32 i = 0; i < 50; i++)
		expect_fault(user(NR_DATA + i), U, U);
	ck_assert_uint_eq(count(PN_CNT_fill), fills);
	ck_assert_uint_eq(count(PN_CNT_shadow_used), used);
}
END_TEST

/* ---- promotion ---- */

START_TEST(promotion_takes_write_access_away)
{
	/* The guest fills a new table through its linear map, then uses it. */
	for (u32 i = 0; i < 512; i++)
		expect_done(linear(60, i), W, i < 8 ? at(DATA + i, ALL) : 0, 60);
	ck_assert_uint_eq(frame(60)->writable, 1);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	ck_assert_uint_eq(shadows_of(60), 0);
	expect_done(USER + (5ull << 21), U | W, 1, DATA);
	ck_assert_uint_eq(shadows_of(60), 1);
	ck_assert_uint_eq(frame(60)->writable, 0);
	guest_audit(&g);
	u32 emulated = g.emulated;
	expect_done(linear(60, 9), W, at(DATA + 9, ALL), 60);
	ck_assert_uint_eq(g.emulated, emulated + 1);
	ck_assert_uint_eq(trips(USER + (5ull << 21) + 0x9000, U | W, 1), 0);
	/* It goes, and is data again. */
	guest_access(&g, linear(USER_L2, 5), W, 0, 8);
	ck_assert_uint_eq(shadows_of(60), 0);
	expect_done(linear(60, 9), W, 1, 60);
	ck_assert_uint_eq(g.emulated, emulated + 2);
	ck_assert_uint_eq(count(PN_CNT_demote), 1);
}
END_TEST

START_TEST(the_linear_map_is_guessed)
{
	u64 hits, scans;

	expect_done(user(0), U, 0, DATA);
	expect_done(linear(60, 0), W, at(DATA, ALL), 60);
	hits = count(PN_CNT_wrmap_guess_hit);
	scans = count(PN_CNT_wrmap_scan);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	expect_done(USER + (5ull << 21), U, 0, DATA);
	ck_assert_uint_eq(count(PN_CNT_wrmap_guess_hit), hits + 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), scans);
}
END_TEST

START_TEST(other_mappings_are_scanned_for)
{
	u64 hits, scans;

	/* Two user mappings of the table to be, where no guess looks, and the linear one. */
	guest_access(&g, linear(USER_L1, 40), W, at(60, ALL), 8);
	guest_access(&g, linear(USER_L1, 41), W, at(60, ALL), 8);
	expect_done(user(40), U | W, at(DATA, ALL), 60);
	expect_done(user(41), U | W, at(DATA, ALL), 60);
	expect_done(linear(60, 1), W, at(DATA + 1, ALL), 60);
	ck_assert_uint_eq(frame(60)->writable, 3);
	hits = count(PN_CNT_wrmap_guess_hit);
	scans = count(PN_CNT_wrmap_scan);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	expect_done(USER + (5ull << 21) + 0x1000, U, 0, DATA + 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_guess_hit), hits + 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), scans + 1);
	ck_assert_uint_eq(frame(60)->writable, 0);
	u32 emulated = g.emulated;
	expect_done(user(41), U | W, at(DATA + 7, ALL), 60);
	ck_assert_uint_eq(g.emulated, emulated + 1);
	ck_assert_uint_eq(guest_access(&g, USER + (5ull << 21), U, 0, 8).gpa, (DATA + 7) * PAGE_SIZE);
}
END_TEST

START_TEST(a_stale_translation_does_not_outlive_promotion)
{
	/* The mapping is gone from the tables, but the guest has not flushed: hardware may still write. */
	for (u32 i = 0; i < 50; i++) {
		expect_done(linear(60, 0), W, at(DATA, ALL), 60);
		guest_access(&g, linear(6, 60), W, 0, 8);
		guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
		expect_done(USER + (5ull << 21), U, 0, DATA);
		expect_fault(linear(60, 0), W, W);
		guest_access(&g, linear(USER_L2, 5), W, 0, 8);
		guest_access(&g, linear(6, 60), W, at(60, KERNEL), 8);
		guest_load_cr3(&g, ROOT * PAGE_SIZE);
	}
}
END_TEST

START_TEST(one_frame_in_two_roles)
{
	/* A level-2 table that is also linked as a level-1 table. */
	guest_access(&g, linear(USER_L2, 9), W, at(USER_L2, ALL), 8);
	expect_done(USER + (9ull << 21) + (9ull << 12), 0, 0, USER_L2);
	expect_done(user(1), U, 0, DATA + 1);
	ck_assert_uint_eq(shadows_of(USER_L2), 2);
	/* One write, both shadows: as a table it leads to 60, as a page it is 60. */
	guest_table(&g, 60)[4] = at(DATA + 4, ALL);
	expect_done(linear(USER_L2, 10), W, at(60, ALL), USER_L2);
	expect_done(USER + (10ull << 21) + 0x4000, U, 0, DATA + 4);
	expect_done(USER + (9ull << 21) + (10ull << 12) + 32, 0, 0, 60);
}
END_TEST

START_TEST(a_table_under_two_roots)
{
	expect_done(user(0), U | W, 1, DATA);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U | W, 1, DATA);
	ck_assert_uint_eq(shadows_of(USER_L1), 1);
	ck_assert_uint_eq(shadows_of(USER_L3), 1);
	ck_assert_uint_eq(frame(USER_L3)->shadows->refs, 2);
	guest_access(&g, linear(ROOT2, USER >> 39), W, 0, 8);
	ck_assert_uint_eq(frame(USER_L3)->shadows->refs, 1);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	ck_assert_uint_eq(trips(user(0), U | W, 1), 0);
}
END_TEST

/* ---- roots and flushes ---- */

START_TEST(kept_roots_need_no_refill)
{
	u32 before;

	for (u32 r = 0; r < 2; r++) {
		guest_load_cr3(&g, (r ? ROOT : ROOT2) * PAGE_SIZE);
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(i), U | W, 1, DATA + i);
	}
	before = g.faults;
	for (u32 r = 0; r < 10; r++) {
		guest_load_cr3(&g, (r & 1 ? ROOT : ROOT2) * PAGE_SIZE);
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(i), U | W, 1, DATA + i);
	}
	ck_assert_uint_eq(g.faults, before);
	ck_assert_uint_ge(count(PN_CNT_root_hit), 10);
}
END_TEST

START_TEST(invlpg_of_part_of_a_superpage)
{
	const gva_t base = USER + 0x200000;

	for (u32 round = 0; round < 20; round++) {
		guest_access(&g, linear(USER_L2, 1), W, ALL | PTE_PS, 8);
		guest_invlpg(&g.v, base);
		for (u32 i = 50; i < 60; i++)
			expect_done(base + i * PAGE_SIZE, U, 0, i);
		/* Accessed bits cleared above it: one INVLPG covers every fragment that hardware holds. */
		guest_access(&g, linear(USER_L3, 0), W, at(USER_L2, ALL & ~PTE_A), 8);
		guest_invlpg(&g.v, base + 55 * PAGE_SIZE);
		expect_done(base + 58 * PAGE_SIZE, U, 0, 58);
		ck_assert(guest_table(&g, USER_L3)[0] & PTE_A);
		guest_access(&g, linear(USER_L2, 1), W, 0, 8);
		guest_invlpg(&g.v, base + 55 * PAGE_SIZE);
		expect_fault(base + 51 * PAGE_SIZE, U, U);
	}
}
END_TEST

/* ---- writes that supervisors may make to read-only pages ---- */

START_TEST(write_protect_off)
{
	guest_access(&g, linear(USER_L1, 3), W, at(DATA + 3, ALL & ~PTE_RW), 8);
	expect_fault(user(3), W, W | PFEC_P);
	guest_set_modes(&g, CR0_PE | CR0_PG, CR4_PAE, g.v.efer);
	expect_done(user(3), W, 99, DATA + 3);
	ck_assert_uint_eq(guest_table(&g, DATA + 3)[0], 99);
	expect_fault(user(3), U | W, U | W | PFEC_P);
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PAE, g.v.efer);
	expect_fault(user(3), W, W | PFEC_P);
}
END_TEST

/* ---- unshadowing ---- */

START_TEST(unknown_instructions_unshadow)
{
	expect_done(user(0), U | W, 1, DATA);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U | W, 1, DATA);
	for (u32 t = USER_L3; t <= USER_L1; t++) {
		ck_assert_uint_eq(shadows_of(t), 1);
		paging_unshadow(&g.v, t * PAGE_SIZE);
		ck_assert_uint_eq(shadows_of(t), 0);
		guest_audit(&g);
		expect_done(linear(t, 300), W, 0, t);
		ck_assert_uint_eq(shadows_of(t), 0);
		expect_done(user(0), U | W, 1, DATA);
	}
	/* A kept root that is not loaded may go as well. */
	paging_unshadow(&g.v, ROOT * PAGE_SIZE);
	ck_assert_uint_eq(shadows_of(ROOT), 0);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_done(user(0), U | W, 1, DATA);
	/* The loaded one may not. */
	ck_assert(!paging_unshadow(&g.v, ROOT * PAGE_SIZE));
	ck_assert_uint_eq(shadows_of(ROOT), 1);
	ck_assert_int_eq(g.d.state, PN_RUNNING);
}
END_TEST

/* ---- reclaim ---- */

START_TEST(old_roots_go_first)
{
	/* Many roots in a small pool: the youngest stay. */
	for (u64 r = 200; r < 300; r++) {
		memcpy(guest_table(&g, r), guest_table(&g, ROOT), PAGE_SIZE);
		guest_load_cr3(&g, r * PAGE_SIZE);
		expect_done(user(0), U, 0, DATA);
	}
	ck_assert_uint_ge(count(PN_CNT_reclaim), 10);
	ck_assert_uint_eq(shadows_of(200), 0);
	ck_assert_uint_eq(shadows_of(299), 1);
	ck_assert_uint_eq(shadows_of(298), 1);
	guest_load_cr3(&g, 200 * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
}
END_TEST

START_TEST(events_are_traced)
{
	trace_mask = BIT(PN_EV_promote) | BIT(PN_EV_emulate) | BIT(PN_EV_fill) | BIT(PN_EV_revoke) | BIT(PN_EV_root_load);
	expect_done(linear(60, 0), W, at(DATA, ALL), 60);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	expect_done(USER + (5ull << 21), U, 0, DATA);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	trace_mask = 0;
	ck_assert_uint_eq(host_traced[PN_EV_emulate], count(PN_CNT_emulate_ok));
	ck_assert_uint_eq(host_traced[PN_EV_fill], count(PN_CNT_fill));
	ck_assert_uint_eq(host_traced[PN_EV_revoke], count(PN_CNT_wrmap_revoke));
	ck_assert_uint_ge(host_traced[PN_EV_promote], 4);
	ck_assert_uint_eq(host_traced[PN_EV_root_load], 1);
}
END_TEST

static void start_small(void)
{
	start_with(24);
}
/* A pool that can grow, and for a larger hash of which nothing is left: it is as large as was asked, and works. */
START_TEST(no_memory_for_a_hash)
{
	u64 least = 1, most = 1400, before;
	void *room;

	while (least < most) { /* frames that the growth takes */
		const u64 frames = (least + most) / 2;

		start_small();
		before = count(PN_CNT_pool_pages);
		room = plat_alloc_pages(frames);
		while (plat_alloc_pages(1))
			;
		plat_free_pages(room, frames);
		if (paging_pool_resize(&g.d, 600) == POOL_OK)
			most = frames;
		else
			least = frames + 1;
		ck_assert(count(PN_CNT_pool_pages) == (most == frames ? 600 : before));
		expect_done(user(0), U | W, 1, DATA);
		guest_audit(&g);
	}
}
END_TEST

static void stop(void)
{
	guest_exit(&g);
}

int main(void)
{
	Suite *s = suite_create("shadow2");
	TCase *t = tcase_create("promises"), *big = tcase_create("a big pool");

	tcase_add_test(big, search_in_pieces);
	tcase_add_test(big, root_search_in_pieces);
	tcase_add_test(big, the_stand_in_goes);
	tcase_add_test(big, pinning_in_pieces);
	tcase_add_test(big, unshadowing_in_pieces);
	tcase_set_timeout(big, 120);
	suite_add_tcase(s, big);
	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, demand_fault_takes_two_trips);
	tcase_add_test(t, bytes_touched);
	tcase_add_test(t, a_true_fault_touches_nothing);
	tcase_add_test(t, promotion_takes_write_access_away);
	tcase_add_test(t, the_linear_map_is_guessed);
	tcase_add_test(t, other_mappings_are_scanned_for);
	tcase_add_test(t, a_stale_translation_does_not_outlive_promotion);
	tcase_add_test(t, one_frame_in_two_roles);
	tcase_add_test(t, a_table_under_two_roots);
	tcase_add_test(t, kept_roots_need_no_refill);
	tcase_add_test(t, invlpg_of_part_of_a_superpage);
	tcase_add_test(t, write_protect_off);
	tcase_add_test(t, unknown_instructions_unshadow);
	tcase_add_test(t, events_are_traced);
	suite_add_tcase(s, t);

	t = tcase_create("small pool");
	tcase_add_checked_fixture(t, start_small, finish);
	tcase_add_test(t, old_roots_go_first);
	suite_add_tcase(s, t);

	t = tcase_create("little memory");
	tcase_add_test(t, no_memory_for_a_hash);
	suite_add_tcase(s, t);

	t = tcase_create("crashes");
	tcase_add_checked_fixture(t, start, stop);
	suite_add_tcase(s, t);
	return run_suite(s);
}
