/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pair of guest and shadow levels: that each works, and what only some modes have. */
#include "engine_modes.h"

#include "engine.h"

static const struct pair *pair;

static void begin(int i, u64 pool)
{
	pair = &pairs[i];
	modes_start(pair->shadow, pool);
}

static void enter(const struct space *s)
{
	ck_assert(space_enter(s, CR0_WP, CR4_PSE, EFER_NXE));
	ck_assert_uint_eq(g.v.guest_levels, s->levels);
}

/* ---- all pairs ---- */

START_TEST(maps_and_follows)
{
	struct space s;

	begin(_i, 0);
	s = space_new(pair->guest);
	enter(&s);
	ck_assert_uint_eq(g.v.shadow_levels, pair->shadow);
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(s.levels, i) + 8 * i, U | W, i, DATA + i);
	store(s.levels, entry_for(&s, user(s.levels, NR_DATA), 1), at(DATA + 3, ALL & ~PTE_RW));
	expect_done(user(s.levels, NR_DATA) + 24, U, 0, DATA + 3);
	ck_assert_uint_eq(guest_access(&g, user(s.levels, NR_DATA) + 24, U, 0, 4).value, 3);
	expect_fault(user(s.levels, NR_DATA), U | W, U | W | PFEC_P);
	store(s.levels, entry_for(&s, user(s.levels, NR_DATA), 1), 0);
	paging_invlpg(&g.v, user(s.levels, NR_DATA));
	expect_fault(user(s.levels, NR_DATA), U, U);
	modes_finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("modes");
	TCase *t = tcase_create("all pairs");

	tcase_add_loop_test(t, maps_and_follows, 0, NR_PAIRS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
