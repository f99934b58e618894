/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe kvm promises: any number of level-1 tables out of sync, without snapshots; blocks of eight. */
#include "recipe.h"
#include "tests/engine/unsync.h"

START_TEST(any_number_at_a_time)
{
	for (u32 i = 0; i < 20; i++) {
		guest_table(&g, 70 + i)[0] = at(DATA, ALL);
		store(USER_L2, 20 + i, at(70 + i, ALL));
		expect_done(USER + ((20ull + i) << 21), U, 0, DATA);
	}
	for (u32 i = 0; i < 20; i++)
		ck_assert_uint_eq(store(70 + i, 0, at(DATA + i, ALL)), 1);
	for (u32 i = 0; i < 20; i++)
		ck_assert(unsync(70 + i));
	ck_assert_uint_eq(g.d.shadow->snapshots, 0);
	guest_audit(&g);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	ck_assert_uint_eq(count(PN_CNT_resync), 20);
	/* The value that the first had did not change. */
	ck_assert_uint_eq(count(PN_CNT_resync_entries), 19);
	for (u32 i = 0; i < 20; i++)
		expect_done(USER + ((20ull + i) << 21), U, 0, DATA + i);
}
END_TEST

START_TEST(demand_fault_takes_two_trips)
{
	u32 before;

	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 511, 0);
	before = g.faults;
	expect_fault(user(NR_DATA), U | W, U | W);
	store(USER_L1, NR_DATA, 0xdead0);
	store(USER_L1, NR_DATA, at(DATA + 60, ALL));
	expect_done(user(NR_DATA), U | W, 1, DATA + 60);
	ck_assert_uint_eq(g.faults - before, 2);
	ck_assert_uint_eq(count(PN_CNT_pull_through), 1);
}
END_TEST

START_TEST(blocks_of_eight)
{
	u32 n = 0;

	/* The one in the middle brings its block, both ways. */
	ck_assert_uint_eq(trips(user(12), U, 0), 1);
	for (u32 i = 8; i < 16; i++)
		ck_assert_uint_eq(trips(user(i), U, 0), 0);
	ck_assert_uint_eq(trips(user(7), U, 0), 1);
	for (u32 i = 0; i < NR_DATA; i++)
		n += trips(user(i), U, 0);
	ck_assert_uint_eq(n, NR_DATA / 8 - 2);
}
END_TEST

START_TEST(a_frame_in_two_modes)
{
	/* The same tables with and without NX: two roles a frame, and one write reaches both. */
	for (u32 nx = 0; nx < 2; nx++) {
		guest_set_modes(&g, g.v.cr0, g.v.cr4, nx ? g.v.efer | EFER_NXE : g.v.efer & ~(u64)EFER_NXE);
		expect_done(user(0), U | W, 1, DATA);
	}
	ck_assert_ptr_nonnull(sh_frame(&g.d, GFN(USER_L1))->shadows->same_frame);
	store(USER_L1, 0, at(DATA + 9, ALL));
	ck_assert(unsync(USER_L1));
	guest_audit(&g);
	for (u32 nx = 0; nx < 2; nx++) {
		guest_set_modes(&g, g.v.cr0, g.v.cr4, nx ? g.v.efer | EFER_NXE : g.v.efer & ~(u64)EFER_NXE);
		expect_done(user(0), U, 0, DATA + 9);
	}
}
END_TEST

#define MANY_TABLES 16

/* Tables of 512 entries that all map one frame; nothing is shadowed yet. */
static void build_many_tables(void)
{
	for (u32 i = 0; i < MANY_TABLES; i++) {
		guest_table(&g, USER_L2)[20 + i] = at(70 + i, ALL);
		for (u32 n = 0; n < 512; n++)
			guest_table(&g, 70 + i)[n] = at(DATA, ALL) | PTE_A | PTE_D;
	}
}

/* The frame is mapped writable by so many of them. */
static void map_again_and_again(u32 tables)
{
	for (u32 i = 0; i < tables; i++)
		for (u32 n = 0; n < 512; n++)
			expect_done(USER + ((20ull + i) << 21) + n * PAGE_SIZE, U | W, 1, DATA);
	ck_assert_uint_ge(sh_frame(&g.d, GFN(DATA))->writable, tables * 512);
}

static struct paging_audited audit_in_pieces(u64 entries, unsigned *pieces)
{
	struct paging_audited sum;
	char text[256];
	u64 before = 0;

	*pieces = 0;
	paging_audit_begin(&g.d);
	for (bool over = false; !over; before = sum.looked) {
		over = paging_audit_some(&g.d, entries, text, sizeof(text), &sum);
		ck_assert_msg(!sum.faults, "%s", text);
		ck_assert_uint_le(sum.looked - before, entries + SH_MAX_ENTRIES + 1 + g.d.shadow->pages);
		++*pieces;
	}
	return sum;
}

/* What an audit looks at grows with the mappings, whether they are of one frame or not: no chain is walked once an entry. */
START_TEST(audit_is_linear)
{
	unsigned pieces;
	u64 looked[3];

	build_many_tables();
	looked[0] = audit_in_pieces(BIT(40), &pieces).looked;
	ck_assert_uint_eq(pieces, 1);
	map_again_and_again(MANY_TABLES / 2);
	looked[1] = audit_in_pieces(BIT(40), &pieces).looked;
	map_again_and_again(MANY_TABLES);
	looked[2] = audit_in_pieces(BIT(40), &pieces).looked;
	ck_assert_uint_lt(looked[2] - looked[1], (looked[1] - looked[0]) * 5 / 4);
	ck_assert_uint_lt(looked[1] - looked[0], MANY_TABLES / 2 * 512 * 6);
	ck_assert_uint_eq(audit_in_pieces(1000, &pieces).looked, looked[2]);
	ck_assert_uint_gt(pieces, 10);
}
END_TEST

/* A list that lacks a mapping, has one that is none, or leads back to itself: reported, and the audit ends. */
START_TEST(audit_finds_wrong_lists)
{
	u32 *head, good;
	struct rmap_pair *pair, was;

	build_many_tables();
	map_again_and_again(1);
	head = &rmap_domain(&g.d)->heads[p2m_lookup(&g.d, GFN(DATA)).n];
	good = *head;
	pair = rmap_pair(good);
	was = *pair;
	const u32 wrong[] = { 0, was.older, good ^ 512, good ^ SH_MAX_ENTRIES, 1 };
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		*head = wrong[i];
		ck_assert_uint_ge(paging_audit(&g.d, NULL, 0), 1);
	}
	*head = good;
	pair->older = good;
	ck_assert_uint_ge(paging_audit(&g.d, NULL, 0), 1);
	*pair = was;
	guest_audit(&g);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kvm");
	TCase *t = tcase_create("promises");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, any_number_at_a_time);
	tcase_add_test(t, demand_fault_takes_two_trips);
	tcase_add_test(t, blocks_of_eight);
	tcase_add_test(t, a_frame_in_two_modes);
	tcase_add_test(t, audit_is_linear);
	tcase_add_test(t, audit_finds_wrong_lists);
	suite_add_tcase(s, t);
	return run_suite(s);
}
