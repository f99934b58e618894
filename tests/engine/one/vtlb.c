/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recipe vtlb promises: tables written freely, everything dumped at a root load, old leaves under no new
 * rights. */
#include <stdlib.h>

#include "engine.h"
#include "tests/engine/tables.h"

START_TEST(tables_are_written_freely)
{
	u64 scans = count(PN_CNT_wrmap_scan);

	expect_done(user(0), U | W, 1, DATA);
	for (u32 i = 0; i < 100; i++)
		guest_access(&g, linear(USER_L1, 100 + i), W, at(DATA + i, ALL), 8);
	ck_assert_uint_eq(g.emulated, 0);
	ck_assert_uint_eq(count(PN_CNT_promote), 0);
	ck_assert_uint_eq(count(PN_CNT_wrmap_scan), scans);
	expect_done(user(140), U, 0, DATA + 40);
}
END_TEST

START_TEST(a_root_load_dumps_everything)
{
	for (u32 round = 0; round < 5; round++) {
		u64 dumps = count(PN_CNT_dump);

		guest_load_cr3(&g, (round & 1 ? ROOT : ROOT2) * PAGE_SIZE);
		ck_assert_uint_eq(count(PN_CNT_dump), dumps + 1);
		ck_assert_uint_eq(count(PN_CNT_shadow_used), 1);
		u32 before = g.faults;
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(i), U | W, 1, DATA + i);
		ck_assert_uint_eq(g.faults - before, NR_DATA);
	}
	ck_assert_uint_eq(count(PN_CNT_root_hit), 0);
}
END_TEST

START_TEST(invlpg_drops_one_page)
{
	expect_done(user(0), U, 0, DATA);
	expect_done(user(1), U, 0, DATA + 1);
	guest_access(&g, linear(USER_L1, 0), W, at(DATA + 9, ALL), 8);
	guest_invlpg(&g.v, user(0));
	expect_done(user(0), U, 0, DATA + 9);
	ck_assert_uint_eq(trips(user(1), U, 0), 0);
}
END_TEST

START_TEST(new_rights_never_cover_old_leaves)
{
	/* Upper entry read-only; leaf filled; then the guest moves the leaf and opens the upper entry, flushing
	 * nothing. */
	guest_access(&g, linear(USER_L2, 0), W, at(USER_L1, ALL & ~PTE_RW), 8);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
	expect_done(user(1), U, 0, DATA + 1);
	guest_access(&g, linear(USER_L1, 0), W, at(DATA + 9, ALL), 8);
	guest_access(&g, linear(USER_L2, 0), W, at(USER_L1, ALL), 8);
	expect_done(user(1), U | W, 1, DATA + 1);
	/* Writing to the old page was never allowed. */
	expect_done(user(0), U | W, 1, DATA + 9);
}
END_TEST

START_TEST(audit_counts_here_too)
{
	char text[1024];
	struct sh_page *root;

	expect_done(user(0), U | W, 1, DATA);
	root = sh_root(&g.v);
	root->refs++;
	ck_assert_uint_eq(paging_audit(&g.d, text, sizeof(text)), 1);
	root->refs--;
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vtlb");
	TCase *t = tcase_create("promises");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, tables_are_written_freely);
	tcase_add_test(t, a_root_load_dumps_everything);
	tcase_add_test(t, invlpg_drops_one_page);
	tcase_add_test(t, new_rights_never_cover_old_leaves);
	tcase_add_test(t, audit_counts_here_too);
	suite_add_tcase(s, t);
	return run_suite(s);
}
