/* SPDX-License-Identifier: BSD-2-Clause */
/* What the variant adaptive+invlpg promises: INVLPG exits only while it has something to do. */
#include "tests/engine/unsync.h"

/* INVLPG exits from the write on that lets a table go, until the root load that brings it back; among several vCPUs always. */
START_TEST(a_flush_exits_while_a_table_is_out_of_sync)
{
	another_l1(30, 1);
	load_root();
	ck_assert(host_invlpg(&g.v, user(0)));
	store(30, 1, at(DATA + 1, ALL));
	ck_assert(unsync(30) && !host_invlpg(&g.v, user(0)));
	store(30, 2, at(DATA + 2, ALL));
	ck_assert(!host_invlpg(&g.v, user(0)));
	load_root();
	ck_assert(!unsync(30) && host_invlpg(&g.v, user(0)));
	guest_switch(&g, 1);
	ck_assert(!host_invlpg(&g.v, user(0)) && !host_invlpg(&g.second, user(0)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("adaptive+invlpg");
	TCase *t = tcase_create("adaptive+invlpg");

	tcase_add_checked_fixture(t, start, NULL);
	tcase_add_test(t, a_flush_exits_while_a_table_is_out_of_sync);
	suite_add_tcase(s, t);
	return run_suite(s);
}
