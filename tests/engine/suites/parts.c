/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each part of a variant promises: that it does its work, and that it saves what it
 * is there to save, in trips, bytes and counters. Built once a variant; the recipe's name
 * says which of the cases apply. The figures of shadow2, the base, stand beside them.
 */
#include <stdlib.h>

#include "engine.h"
#include "tests/engine/tables.h"

static bool has(const char *part)
{
	const char *plus = strchr(paging_recipe_name, '+');

	return plus && !strcmp(plus + 1, part);
}

static struct frame_info *frame(u64 gfn)
{
	return frame_of(&g.d, p2m_lookup(&g.d, GFN(gfn)));
}

/* Frame 60 is mapped at `n` user addresses and written through each, then becomes a level-1 table. */
static void map_and_promote(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		guest_access(&g, linear(USER_L1, 40 + i), W, at(60, ALL), 8);
		expect_done(user(40 + i), U | W, at(DATA, ALL), 60);
	}
	ck_assert_uint_eq(frame(60)->writable, n);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	expect_done(USER + (5ull << 21), U, 0, DATA);
	ck_assert_uint_eq(frame(60)->writable, 0);
	guest_audit(&g);
}

/* ---- wrmap: last_writer ---- */

START_TEST(the_last_writer_is_found_at_once)
{
	expect_done(user(0), U, 0, DATA);
	u64 misses = count(PN_CNT_wrmap_last_miss), revokes = count(PN_CNT_wrmap_revoke);

	map_and_promote(1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_revoke), revokes + 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_single), count(PN_CNT_wrmap_revoke));
	ck_assert_uint_eq(count(PN_CNT_wrmap_last_hit), 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_last_miss), misses);
	ck_assert_uint_eq(count(PN_CNT_wrmap_guess_miss), 0);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), 0);
}
END_TEST

START_TEST(a_second_writer_is_left_to_the_chain)
{
	expect_done(user(0), U, 0, DATA);
	map_and_promote(2);
	ck_assert_uint_eq(count(PN_CNT_wrmap_last_hit), 1);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), 1);
}
END_TEST

START_TEST(a_stale_hint_is_not_believed)
{
	/* The first mapping goes, and its entry maps another frame by the time of the search. */
	guest_access(&g, linear(USER_L1, 40), W, at(60, ALL), 8);
	guest_access(&g, linear(USER_L1, 41), W, at(60, ALL), 8);
	expect_done(user(40), U | W, 1, 60);
	expect_done(user(41), U | W, at(DATA, ALL), 60);
	guest_access(&g, linear(USER_L1, 40), W, at(61, ALL), 8);
	expect_done(user(40), U | W, 7, 61);
	u64 hits = count(PN_CNT_wrmap_last_hit), misses = count(PN_CNT_wrmap_last_miss);
	guest_access(&g, linear(USER_L2, 5), W, at(60, ALL), 8);
	guest_table(&g, 60)[0] = at(DATA, ALL);
	expect_done(USER + (5ull << 21), U, 0, DATA);
	ck_assert_uint_eq(count(PN_CNT_wrmap_last_hit), hits);
	ck_assert_uint_eq(count(PN_CNT_wrmap_last_miss), misses + 1);
	ck_assert_uint_eq(frame(60)->writable, 0);
	ck_assert_uint_eq(frame(61)->writable, 1);
}
END_TEST

/* ---- wrmap: rmap ---- */

START_TEST(a_reverse_map_finds_all_and_searches_nothing)
{
	expect_done(user(0), U, 0, DATA);
	u64 hits = count(PN_CNT_wrmap_rmap_hit);

	map_and_promote(3);
	ck_assert_uint_eq(count(PN_CNT_wrmap_rmap_hit), hits + 3);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), 0);
	ck_assert_uint_eq(count(PN_CNT_wrmap_guess_miss), 0);
}
END_TEST

START_TEST(a_reverse_map_takes_memory_and_gives_it_back)
{
	u64 heads = count(PN_CNT_rmap_pages), used;

	ck_assert_uint_eq(heads, (FRAMES * 4 + PAGE_SIZE - 1) / PAGE_SIZE);
	expect_done(linear(60, 0), W, 0, 60);
	used = count(PN_CNT_shadow_used);
	guest_access(&g, linear(USER_L1, 40), W, at(60, ALL), 8);
	expect_done(user(40), U | W, 1, 60);
	ck_assert_uint_eq(count(PN_CNT_rmap_pages), heads + 2);
	/* Shadows of USER's three tables, and pages of links for both entries on the chain. */
	ck_assert_uint_eq(count(PN_CNT_shadow_used), used + 5);
	guest_audit(&g);
	guest_access(&g, linear(ROOT, USER >> 39), W, 0, 8);
	ck_assert_uint_eq(count(PN_CNT_rmap_pages), heads + 1); /* the linear map's stays with its leaf */
	ck_assert_uint_eq(count(PN_CNT_rmap_pages_peak), heads + 2);
	ck_assert_uint_eq(frame(60)->writable, 1);
}
END_TEST

START_TEST(without_room_for_a_link_nothing_is_lost)
{
	/* Every page of the pool is in use when an emulated write wants to chain a mapping. */
	struct sh_page *taken[512];
	u32 n = 0;

	expect_done(linear(60, 0), W, 0, 60);
	expect_done(user(0), U, 0, DATA);
	while (n < ARRAY_SIZE(taken) && g.d.shadow->free)
		taken[n++] = sh_take_page(&g.d, NULL);
	guest_access(&g, linear(USER_L1, 40), W, at(60, ALL), 8);
	ck_assert_uint_eq(frame(60)->writable, 1);
	while (n)
		sh_give_page(&g.d, taken[--n]);
	expect_done(user(40), U | W, 1, 60);
	ck_assert_uint_eq(frame(60)->writable, 2);
}
END_TEST

/* ---- spare: guest_flags, guest_flags_mmio ---- */

/* No test of a remembered answer may pass because the guest's tables were read after all. */
static void expect_remembered(gva_t va, u32 access, u32 pfec)
{
	u64 hits = count(PN_CNT_spare_hit);

	expect_fault(va, access, pfec);
	ck_assert_uint_eq(count(PN_CNT_spare_hit), hits + 1);
	ck_assert_uint_le(g.last_bytes, 4 * 8); /* the way down, if it is not kept, and the entry */
}

START_TEST(an_absent_entry_is_remembered_until_the_guest_writes_it)
{
	expect_done(user(0), U | W, 1, DATA);
	expect_fault(user(NR_DATA), U | W, U | W);
	ck_assert_uint_eq(count(PN_CNT_spare_hit), 0);
	for (u32 i = 0; i < 3; i++) {
		expect_remembered(user(NR_DATA), U | W, U | W);
		expect_remembered(user(NR_DATA), U | X, U | X);
		expect_remembered(user(NR_DATA), 0, 0);
	}
	guest_audit(&g);
	guest_access(&g, linear(USER_L1, NR_DATA), W, at(DATA + 60, ALL), 8);
	ck_assert_uint_eq(trips(user(NR_DATA), U | W, 1), 0);
	guest_access(&g, linear(USER_L1, NR_DATA), W, 0xdead0, 8);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_remembered(user(NR_DATA), U, U);
	/* Emulation is told the same, by the guest's tables. */
	ck_assert_int_eq(guest_emulated(&g, user(NR_DATA), U, 0, 8).kind, ACCESS_FAULT);
}
END_TEST

START_TEST(a_read_only_entry_is_remembered)
{
	expect_done(user(0), U | W, 1, DATA);
	guest_access(&g, linear(USER_L1, 3), W, at(DATA + 3, ALL & ~PTE_RW), 8);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_done(user(3), U, 0, DATA + 3);
	expect_remembered(user(3), U | W, PFEC_P | U | W);
	expect_remembered(user(3), W, PFEC_P | W);
	/* Without CR0.WP a supervisor may write, a user still may not. */
	guest_set_modes(&g, CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_NXE);
	expect_done(user(3), W, 7, DATA + 3);
	expect_done(user(3), U, 0, DATA + 3);
	expect_remembered(user(3), U | W, PFEC_P | U | W);
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PAE, EFER_LME | EFER_NXE);
	guest_access(&g, linear(USER_L1, 3), W, at(DATA + 3, ALL), 8);
	expect_done(user(3), U | W, 9, DATA + 3);
}
END_TEST

START_TEST(a_page_that_is_only_protected_is_not_the_guests_fault)
{
	/* The guest may write; the shadow's entry is read-only because the page is a table. */
	guest_access(&g, linear(USER_L1, 40), W, at(USER_L1, ALL), 8);
	expect_done(user(0), U, 0, DATA);
	expect_done(user(40), U, 0, USER_L1);
	expect_done(user(40) + 41 * 8, U | W, at(DATA + 1, ALL), USER_L1);
	expect_done(user(41), U, 0, DATA + 1);
	ck_assert_uint_eq(count(PN_CNT_spare_hit), 0);
}
END_TEST

static struct outcome reach_device(u32 access)
{
	struct outcome o = guest_access(&g, user(50) + 24, access, 0, 8);

	ck_assert_int_eq(o.kind, ACCESS_MMIO);
	ck_assert_uint_eq(o.gpa, (HOLE_AT + 2) * PAGE_SIZE + 24);
	return o;
}

START_TEST(a_device_is_remembered_with_its_rights)
{
	expect_done(user(0), U, 0, DATA);
	guest_access(&g, linear(USER_L1, 50), W, at(HOLE_AT + 2, PTE_P | PTE_RW | PTE_US), 8);
	reach_device(U); /* sets the accessed bit */
	ck_assert_uint_eq(count(PN_CNT_spare_mmio), 0);
	reach_device(U);
	ck_assert_uint_eq(count(PN_CNT_spare_mmio), 1);
	ck_assert_uint_le(g.last_bytes, 4 * 8); /* the way down, if it is not kept, and the entry */
	reach_device(U | W);                    /* the dirty bit is yet to be set */
	ck_assert_uint_eq(count(PN_CNT_spare_mmio), 1);
	ck_assert(guest_table(&g, USER_L1)[50] & PTE_D);
	reach_device(U | W);
	ck_assert_uint_eq(count(PN_CNT_spare_mmio), 2);
	guest_access(&g, linear(USER_L1, 50), W, at(HOLE_AT + 2, ALL & ~(PTE_RW | PTE_US)), 8);
	reach_device(0);
	expect_fault(user(50), U, PFEC_P | U);
	expect_fault(user(50), W, PFEC_P | W);
	ck_assert_uint_eq(count(PN_CNT_spare_mmio), 3);
	guest_access(&g, linear(USER_L1, 50), W, at(DATA, ALL), 8);
	expect_done(user(50), U | W, 1, DATA);
}
END_TEST

/* ---- reclaim: early, batch ---- */

/* The guest clears a table of 32 pages through its linear map, then uses the page as data. Returns the trips. */
static u32 tear_down_and_recycle(void)
{
	u32 before;

	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(i), U | W, 1, DATA + i);
	guest_access(&g, linear(USER_L1, 511), W, 0, 8);
	before = g.faults;
	for (u32 i = 0; i < NR_DATA; i++)
		guest_access(&g, linear(USER_L1, i), W, 0, 8);
	for (u32 i = 0; i < 64; i++)
		expect_done(linear(USER_L1, i), W, i, USER_L1);
	return g.faults - before;
}

START_TEST(a_table_that_is_cleared_is_given_up)
{
	/* One more for each write of shadow2, 32 + 64; here the second zero (511 was the first) frees the page. */
	ck_assert_uint_le(tear_down_and_recycle(), 2);
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 1);
	ck_assert_ptr_null(frame(USER_L1)->shadows);
	guest_audit(&g);
}
END_TEST

START_TEST(zeros_that_are_not_in_a_row_mean_nothing)
{
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(i), U | W, 1, DATA + i);
	for (u32 i = 0; i < 8; i++) {
		guest_access(&g, linear(USER_L1, 40 + i), W, 0, 8);
		guest_access(&g, linear(USER_L1, 50 + i), W, at(DATA, ALL), 8);
		guest_access(&g, linear(USER_L2, 40 + i), W, 0, 8);
		guest_access(&g, linear(USER_L1, 60 + i), W, 0, 4); /* half an entry */
	}
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 0);
}
END_TEST

/* The same tables for a PAE guest: LINEAR becomes 3 GiB, USER 1 GiB; the four entries lie in frame PAE_ROOT. */
enum { PAE_ROOT = 30 };
#define PAE_LINEAR 0xc0000000ull
#define PAE_USER   0x40000000ull

static void enter_pae(void)
{
	guest_table(&g, PAE_ROOT)[PAE_USER >> 30] = at(USER_L2, PTE_P);
	guest_table(&g, PAE_ROOT)[PAE_LINEAR >> 30] = at(5, PTE_P);
	ck_assert(guest_set_modes(&g, CR0_PE, 0, 0));
	ck_assert(guest_load_cr3(&g, PAE_ROOT * PAGE_SIZE));
	ck_assert(guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PAE, 0));
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(PAE_USER + i * PAGE_SIZE, U | W, 1, DATA + i);
}

/* The half `half` of USER_L1, counted in 4 bytes. */
static void store_half(u32 half, u32 value)
{
	ck_assert_int_eq(guest_access(&g, PAE_LINEAR + USER_L1 * PAGE_SIZE + 4 * half, W, value, 4).kind, ACCESS_DONE);
}

/* REP STOSD: lower halves count, upper ones do not stand between them. */
START_TEST(halves_of_pae_entries_are_cleared_in_a_row)
{
	enter_pae();
	store_half(0, 0);
	store_half(1, 0);
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 0);
	store_half(2, 0);
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 1);
	ck_assert_ptr_null(frame(USER_L1)->shadows);
	guest_audit(&g);
}
END_TEST

START_TEST(a_half_that_is_not_zero_begins_anew)
{
	enter_pae();
	for (u32 i = 0; i < NR_DATA; i += 2) {
		store_half(2 * i, 0);
		store_half(2 * i + 1, 0);
		store_half(2 * i + 3, i & 2 ? 1u << 31 : 1);
	}
	ck_assert_uint_eq(count(PN_CNT_early_unshadow), 0);
	guest_audit(&g);
}
END_TEST

START_TEST(the_loaded_root_is_never_given_up)
{
	expect_done(user(0), U | W, 1, DATA);
	for (u32 i = 0; i < 20; i++)
		guest_access(&g, linear(ROOT, 200 + i), W, 0, 8);
	ck_assert_uint_eq(count(PN_CNT_early_unshadow) + count(PN_CNT_batch_unshadow), 0);
	ck_assert_ptr_nonnull(frame(ROOT)->shadows);
	ck_assert_uint_eq(trips(user(0), U | W, 1), 0);
}
END_TEST

START_TEST(a_root_that_is_only_kept_is_given_up)
{
	u32 before;

	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	expect_done(user(0), U | W, 1, DATA);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_done(user(0), U | W, 1, DATA);
	guest_access(&g, linear(ROOT2, 100), W, 0, 8);
	before = g.faults;
	for (u32 i = 0; i < 255; i++)
		guest_access(&g, linear(ROOT2, i), W, 0, 8);
	ck_assert_uint_le(g.faults - before, 12 + 1); /* 255 under shadow2 */
	ck_assert_ptr_null(frame(ROOT2)->shadows);
	ck_assert_uint_eq(trips(user(0), U | W, 1), 0);
}
END_TEST

START_TEST(a_table_that_is_written_in_bulk_is_given_up)
{
	u32 before;

	expect_done(user(0), U | W, 1, DATA);
	guest_access(&g, linear(USER_L1, 511), W, 0, 8);
	before = g.faults;
	for (u32 i = 0; i < 256; i++)
		guest_access(&g, linear(USER_L1, 128 + i), W, at(DATA + i % 64, ALL), 8);
	ck_assert_uint_eq(count(PN_CNT_batch_unshadow), 1);
	ck_assert_uint_le(g.faults - before, 12 + 1); /* 256 under shadow2 */
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	for (u32 i = 0; i < 256; i++)
		expect_done(user(128 + i), U | W, 1, DATA + i % 64);
}
END_TEST

START_TEST(population_at_faults_is_no_bulk)
{
	expect_done(user(0), U | W, 1, DATA);
	for (u32 i = 0; i < 64; i++) {
		expect_fault(user(64 + i), U | W, U | W);
		guest_access(&g, linear(USER_L1, 64 + i), W, at(DATA + i, ALL), 8);
		expect_done(user(64 + i), U | W, 1, DATA + i);
	}
	ck_assert_uint_eq(count(PN_CNT_batch_unshadow) + count(PN_CNT_batch_fork), 0);
}
END_TEST

START_TEST(a_fork_takes_the_user_half_at_once)
{
	u32 before;

	/* A second level-1 table, so that more than one would have to be found out. */
	for (u32 i = 0; i < NR_DATA; i++)
		guest_table(&g, 60)[i] = at(DATA + i, ALL);
	guest_access(&g, linear(USER_L2, 1), W, at(60, ALL), 8);
	for (u32 i = 0; i < NR_DATA; i++) {
		expect_done(user(i), U | W, 1, DATA + i);
		expect_done(user(512 + i), U | W, 1, DATA + i);
	}
	guest_access(&g, linear(USER_L1, 511), W, 0, 8);
	before = g.faults;
	for (u32 i = 0; i < NR_DATA; i++)
		guest_access(&g, linear(USER_L1, i), W, at(DATA + i, ALL & ~PTE_RW), 8);
	for (u32 i = 0; i < NR_DATA; i++)
		guest_access(&g, linear(60, i), W, at(DATA + i, ALL & ~PTE_RW), 8);
	ck_assert_uint_eq(count(PN_CNT_batch_fork), 1);
	ck_assert_uint_le(g.faults - before, 4 + 2); /* 64 under shadow2 */
	ck_assert_ptr_null(frame(USER_L3)->shadows);
	ck_assert_ptr_nonnull(frame(6)->shadows); /* the kernel's half stays */
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_fault(user(3), U | W, PFEC_P | U | W);
	expect_done(user(3), U, 0, DATA + 3);
}
END_TEST

/* ---- ad: read_protect ---- */

/* The guest ages its pages: it reads every entry, and clears the accessed and dirty bits that it finds. */
static void age(u32 pages)
{
	for (u32 i = 0; i < pages; i++)
		ck_assert_int_eq(guest_access(&g, linear(USER_L1, i), 0, 0, 8).kind, ACCESS_DONE);
	for (u32 i = 0; i < pages; i++)
		guest_access(&g, linear(USER_L1, i), W, at(DATA + i, ALL & ~(PTE_A | PTE_D)), 8);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
}

START_TEST(bits_cost_no_faults_while_the_table_is_hidden)
{
	u32 before, cost[2];

	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(i), U | W, 1, DATA + i);
	for (u32 round = 0; round < 4; round++) {
		age(NR_DATA);
		before = g.faults;
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(i), U, 1, DATA + i);
		cost[0] = g.faults - before;
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(i), U | W, 2, DATA + i);
		cost[1] = g.faults - before - cost[0];
		ck_assert_uint_le(cost[0], 4); /* 32 under shadow2, */
		ck_assert_uint_eq(cost[1], 0); /* and 32 more */
		guest_audit(&g);
	}
	/* The guest looks, and finds them all. */
	for (u32 i = 0; i < NR_DATA; i++)
		ck_assert_uint_eq(guest_access(&g, linear(USER_L1, i), 0, 0, 8).value, at(DATA + i, ALL));
	ck_assert_uint_ge(count(PN_CNT_ad_synced), 4 * NR_DATA);
	ck_assert_uint_ge(count(PN_CNT_ad_hide), 4);
}
END_TEST

/* The bits as they are in memory, nobody having asked for them. */
static u64 unsettled(u64 gfn, u32 slot)
{
	return ((const u64 *)plat_map(p2m_lookup(&g.d, GFN(gfn))))[slot];
}

static void hide_user_table(void)
{
	for (u32 i = 0; i < NR_DATA; i++)
		guest_table(&g, USER_L1)[i] = at(DATA + i, ALL & ~(PTE_A | PTE_D));
	for (u32 i = 0; i < 8; i++)
		expect_done(user(i), U, 0, DATA + i);
	ck_assert(frame(USER_L1)->shadows->hidden);
}

START_TEST(bits_survive_whatever_takes_the_entry)
{
	u32 taken = 0;

	hide_user_table();
	for (u32 i = 10; i < 26; i++) {
		guest_access(&g, linear(USER_L1, i), W, at(DATA + i, ALL & ~(PTE_A | PTE_D)), 8);
		expect_done(user(i), U | W, 1, DATA + i);
		taken += !(unsettled(USER_L1, i) & PTE_D);
		switch (i % 4) {
		case 0: /* its frame becomes a table */
			guest_access(&g, linear(USER_L2, 5), W, at(DATA + i, ALL), 8);
			expect_fault(USER + (5ull << 21) + 0x8000, U, U);
			break;
		case 1: paging_unshadow(&g.v, USER_L1 * PAGE_SIZE); break;
		case 2: /* by an instruction that changes a part of it */
			guest_access(&g, linear(USER_L1, i) + 7, W, 0, 1);
			break;
		default:
			paging_guest_wrote(&g.d, (USER_L2 * 512ull) * 8, 8);
			guest_access(&g, linear(USER_L2, 0), W, 0, 8);
			guest_access(&g, linear(USER_L2, 0), W, at(USER_L1, ALL), 8);
		}
		ck_assert_uint_eq(guest_access(&g, linear(USER_L1, i), 0, 0, 8).value, at(DATA + i, ALL));
		guest_audit(&g);
	}
	ck_assert_uint_ge(taken, 1); /* they were elsewhere meanwhile */
}
END_TEST

START_TEST(emulated_reads_find_the_bits)
{
	hide_user_table();
	expect_done(user(20), U | W, 1, DATA + 20);
	ck_assert_uint_eq(guest_emulated(&g, linear(USER_L1, 20), 0, 0, 8).value, at(DATA + 20, ALL));
	ck_assert(frame(USER_L1)->shadows->hidden);
}
END_TEST

START_TEST(a_guest_that_keeps_looking_is_left_alone)
{
	u64 hidden;

	for (u32 i = 0; i < 400; i++) {
		guest_access(&g, linear(USER_L1, i), W, at(DATA + i % 32, ALL & ~(PTE_A | PTE_D)), 8);
		expect_done(user(i), U | W, 1, DATA + i % 32);
		ck_assert_uint_eq(guest_access(&g, linear(USER_L1, i), 0, 0, 8).value, at(DATA + i % 32, ALL));
	}
	hidden = count(PN_CNT_ad_hide);
	ck_assert_uint_le(hidden, 10);
}
END_TEST

static void add(Suite *s, const char *name, const TTest *const *tests, u32 n)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, start, finish);
	for (u32 i = 0; i < n; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
}

#define PART(name, ...)                                                                                                          \
	do {                                                                                                                     \
		const TTest *const tests[] = { __VA_ARGS__ };                                                                    \
		if (has(name))                                                                                                   \
			add(s, name, tests, ARRAY_SIZE(tests));                                                                  \
	} while (0)

int main(void)
{
	Suite *s = suite_create(paging_recipe_name);

	PART("last_writer", the_last_writer_is_found_at_once, a_second_writer_is_left_to_the_chain, a_stale_hint_is_not_believed);
	PART("rmap", a_reverse_map_finds_all_and_searches_nothing, a_reverse_map_takes_memory_and_gives_it_back,
	     without_room_for_a_link_nothing_is_lost);
	PART("guest_flags", an_absent_entry_is_remembered_until_the_guest_writes_it, a_read_only_entry_is_remembered,
	     a_page_that_is_only_protected_is_not_the_guests_fault);
	PART("guest_flags_mmio", an_absent_entry_is_remembered_until_the_guest_writes_it, a_read_only_entry_is_remembered,
	     a_page_that_is_only_protected_is_not_the_guests_fault, a_device_is_remembered_with_its_rights);
	PART("early", a_table_that_is_cleared_is_given_up, zeros_that_are_not_in_a_row_mean_nothing,
	     halves_of_pae_entries_are_cleared_in_a_row, a_half_that_is_not_zero_begins_anew, the_loaded_root_is_never_given_up,
	     a_root_that_is_only_kept_is_given_up);
	PART("batch", a_table_that_is_written_in_bulk_is_given_up, population_at_faults_is_no_bulk,
	     a_fork_takes_the_user_half_at_once, a_root_that_is_only_kept_is_given_up, the_loaded_root_is_never_given_up);
	PART("read_protect", bits_cost_no_faults_while_the_table_is_hidden, bits_survive_whatever_takes_the_entry,
	     emulated_reads_find_the_bits, a_guest_that_keeps_looking_is_left_alone);
	return run_suite(s);
}
