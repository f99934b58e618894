/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the variant shadow2+invlpg promises: no INVLPG exits, with one vCPU or two, and nothing that is remembered of a translation
 * outlives it all the same.
 */
#include "engine.h"
#include "tests/engine/tables.h"

/* The guest's own write, through its linear map; returns the trips that it took. */
static u32 store(u64 gfn, u32 slot, u64 value)
{
	return trips(linear(gfn, slot), W, value);
}

static void load_root(void)
{
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
}

/* The guest flushes it by itself. */
static void flush(struct vcpu *v, gva_t va)
{
	ck_assert(host_invlpg(v, va));
}

static void *data(u64 i)
{
	return guest_at(&g, (DATA + i) * PAGE_SIZE);
}

START_TEST(hardware_drops_the_page)
{
	for (u32 round = 0; round < 100; round++) {
		const u64 frame = DATA + round % NR_DATA;

		store(USER_L1, 0, at(frame, ALL));
		flush(&g.v, user(0));
		expect_done(user(0), U, 0, frame);
	}
	/* A table that has no shadow any more is written unseen. */
	ck_assert(paging_unshadow(&g.v, USER_L1 * PAGE_SIZE));
	ck_assert_uint_eq(store(USER_L1, 0, 0), 1);
	ck_assert_uint_eq(store(USER_L1, 0, at(DATA + 7, ALL)), 0);
	flush(&g.v, user(0));
	expect_done(user(0), U, 0, DATA + 7);
}
END_TEST

/* Of tables, too, that have no shadow: the address was never reached but by emulation. */
START_TEST(emulation_remembers_nothing)
{
	for (u32 i = 1; i < NR_DATA; i++) {
		*(u64 *)data(i) = i;
		guest_table(&g, USER_L1)[0] = at(DATA + i, ALL);
		flush(&g.v, user(0));
		ck_assert_uint_eq(guest_emulated(&g, user(0), 0, 0, 8).value, i);
	}
}
END_TEST

static void expect_code(struct vcpu *v, const void *page)
{
	if (v->code.va != user(0))
		ck_assert(paging_code_page(v, user(0)));
	ck_assert_ptr_eq(v->code.page, page);
}

START_TEST(code_goes_with_its_entry)
{
	expect_done(user(0), U | PFEC_I, 0, DATA);
	expect_code(&g.v, data(0));
	/* Another entry's change leaves it alone. */
	store(USER_L1, 1, 0);
	ck_assert_uint_eq(g.v.code.va, user(0));
	store(USER_L1, 0, at(DATA + 3, ALL));
	flush(&g.v, user(0));
	expect_done(user(0), U | PFEC_I, 0, DATA + 3);
	expect_code(&g.v, data(3));
	/* And with a link on its way. */
	store(USER_L2, 0, 0);
	flush(&g.v, user(0));
	ck_assert_uint_eq(g.v.code.va, NO_CODE_PAGE);
}
END_TEST

/* The second vCPU's, too, that has no part in the change. */
START_TEST(code_of_every_vcpu_goes)
{
	guest_switch(&g, 1);
	guest_long_mode(&g, ROOT, EFER_NXE);
	expect_done(user(0), U | PFEC_I, 0, DATA);
	expect_code(&g.second, data(0));
	guest_switch(&g, 0);
	store(USER_L1, 0, at(DATA + 3, ALL));
	flush(&g.v, user(0));
	flush(&g.second, user(0));
	guest_switch(&g, 1);
	expect_done(user(0), U | PFEC_I, 0, DATA + 3);
	expect_code(&g.second, data(3));
	guest_switch(&g, 0);
	guest_audit(&g);
}
END_TEST

/* A global translation of one root goes by an INVLPG under another, which maps the address otherwise. */
START_TEST(global_code_goes_with_its_root)
{
	enum { OTHER_L3 = 21, OTHER_L2, OTHER_L1 };

	guest_set_modes(&g, g.v.cr0, g.v.cr4 | CR4_PGE, g.v.efer);
	guest_table(&g, USER_L1)[0] = at(DATA, ALL | PTE_G);
	guest_table(&g, ROOT2)[USER >> 39] = at(OTHER_L3, ALL);
	guest_table(&g, OTHER_L3)[0] = at(OTHER_L2, ALL);
	guest_table(&g, OTHER_L2)[0] = at(OTHER_L1, ALL);
	guest_table(&g, OTHER_L1)[0] = at(DATA + 5, ALL | PTE_G);
	for (u32 round = 0; round < 2; round++) {
		expect_done(user(0), U | PFEC_I, 0, DATA);
		expect_code(&g.v, data(0));
		ck_assert(g.v.code.global);
		load_root(); /* the same one: nothing has changed */
		ck_assert_uint_eq(g.v.code.va, user(0));
		guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
		flush(&g.v, user(0));
		expect_done(user(0), U | PFEC_I, 0, DATA + 5);
		expect_code(&g.v, data(5));
		load_root();
		flush(&g.v, user(0));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shadow2+invlpg");
	TCase *t = tcase_create("shadow2+invlpg");

	tcase_add_checked_fixture(t, start, NULL);
	tcase_add_test(t, hardware_drops_the_page);
	tcase_add_test(t, emulation_remembers_nothing);
	tcase_add_test(t, code_goes_with_its_entry);
	tcase_add_test(t, code_of_every_vcpu_goes);
	tcase_add_test(t, global_code_goes_with_its_root);
	suite_add_tcase(s, t);
	return run_suite(s);
}
