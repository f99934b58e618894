/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Superpage entries, for recipes whose super part makes them: what they save, how they go, and random
 * programs against a walk of the guest's tables that knows nothing of shadows.
 *
 * Memory of 8 MiB in one aligned piece. Tables are in its first 2 MiB:
 *   LINEAR + gpa   every frame, by 4 KiB entries of tables 6 to 9
 *   USER + i*2 MiB what entry i of table USER_L2 says; from 2 MiB on, memory has superpages and data.
 */
#include <stdlib.h>

#include "engine.h"
#include "recipe.h"
#define FRAMES 2048
#include "tests/engine/tables.h"

#define MIB2       (2ull << 20)
#define SUPER(run) at((run)*512ull, ALL | PTE_PS)

static void start_super(void)
{
	guest_init(&g, FRAMES, FRAMES - 8, 8, 0, 42);
	clear_frames();
	guest_table(&g, ROOT)[LINEAR >> 39 & 511] = at(4, KERNEL);
	guest_table(&g, 4)[0] = at(5, KERNEL);
	for (u64 t = 0; t < FRAMES / 512; t++)
		guest_table(&g, 5)[t] = at(6 + t, KERNEL);
	for (u64 f = 0; f < FRAMES; f++)
		guest_table(&g, 6 + f / 512)[f % 512] = at(f, KERNEL);
	guest_table(&g, ROOT)[USER >> 39] = at(USER_L3, ALL);
	guest_table(&g, USER_L3)[0] = at(USER_L2, ALL);
	guest_table(&g, USER_L2)[0] = SUPER(1);
	guest_table(&g, USER_L2)[1] = SUPER(2);
	guest_long_mode(&g, ROOT, EFER_NXE);
}

static gva_t super_at(u32 entry, u32 page)
{
	return USER + entry * MIB2 + page * PAGE_SIZE;
}

START_TEST(a_superpage_is_one_entry)
{
	u32 before = g.faults;

	for (u32 i = 0; i < 512; i++)
		expect_done(super_at(0, i), U | W, i, 512 + i);
	ck_assert_uint_eq(g.faults - before, 1); /* 512 if splintered */
	ck_assert_uint_eq(count(PN_CNT_super_direct), 1);
	ck_assert_uint_eq(count(PN_CNT_splinter), 0);
}
END_TEST

START_TEST(the_first_write_marks_it_dirty)
{
	guest_table(&g, USER_L2)[0] = SUPER(1) & ~(PTE_A | PTE_D);
	expect_done(super_at(0, 3), U, 0, 512 + 3);
	ck_assert_uint_eq(guest_table(&g, USER_L2)[0], SUPER(1) & ~PTE_D);
	guest_audit(&g);
	ck_assert_uint_eq(trips(super_at(0, 4), U, 0), 0);
	expect_done(super_at(0, 5), U | W, 1, 512 + 5);
	ck_assert_uint_eq(guest_table(&g, USER_L2)[0], SUPER(1));
	ck_assert_uint_eq(trips(super_at(0, 6), U | W, 1), 0);
}
END_TEST

START_TEST(a_table_within_shatters_it)
{
	expect_done(super_at(0, 7), U | W, at(1024 + 9, ALL), 512 + 7);
	guest_access(&g, linear(USER_L2, 4), W, at(512 + 7, ALL), 8);
	expect_done(super_at(4, 0), U, 0, 1024 + 9);
	ck_assert_uint_eq(count(PN_CNT_super_shatter), 1);
	guest_audit(&g);
	ck_assert_uint_eq(trips(super_at(0, 7) + 8, U | W, at(1024 + 11, ALL)), 1);
	expect_done(super_at(0, 7) + 8, U | W, at(1024 + 10, ALL), 512 + 7);
	expect_done(super_at(4, 1), U, 0, 1024 + 10);
	expect_done(super_at(0, 8), U | W, 1, 512 + 8);
	ck_assert_uint_eq(count(PN_CNT_splinter), 1);
}
END_TEST

/* Several tables map it whole, all of which are found; where a book names them all, more of them may not. */
START_TEST(a_table_within_shatters_it_wherever_it_is)
{
	enum { OTHERS = 5 };
	const u32 may = SUPER_FEW_WRITERS ? SH_WRITERS : 1 + OTHERS;

	for (u32 i = 1; i <= OTHERS; i++) {
		guest_table(&g, 199 + i)[0] = SUPER(1);
		guest_table(&g, USER_L3)[i] = at(199 + i, ALL);
	}
	expect_done(super_at(0, 7), U | W, at(1024 + 9, ALL), 512 + 7);
	for (u32 i = 1; i <= OTHERS; i++)
		expect_done(USER + ((gva_t)i << 30) + 9 * PAGE_SIZE, U | W, 9, 512 + 9);
	ck_assert_uint_eq(count(PN_CNT_super_direct), may);
	ck_assert_uint_eq(count(PN_CNT_splinter), may <= OTHERS); /* by one table for all of them */
	guest_audit(&g);
	guest_access(&g, linear(USER_L2, 4), W, at(512 + 7, ALL), 8);
	expect_done(super_at(4, 0), U, 0, 1024 + 9);
	ck_assert_uint_eq(count(PN_CNT_super_shatter), may);
	guest_audit(&g);
	expect_done(super_at(0, 7) + 8, U | W, at(1024 + 10, ALL), 512 + 7);
	expect_done(super_at(4, 1), U, 0, 1024 + 10);
	for (u32 i = 1; i <= OTHERS; i++) {
		expect_done(USER + ((gva_t)i << 30) + 7 * PAGE_SIZE + 16 * i, U | W, at(1024 + 10 + i, ALL), 512 + 7);
		expect_done(super_at(4, 2 * i), U, 0, 1024 + 10 + i);
	}
}
END_TEST

/* Mappings that have gone hold no places. */
START_TEST(new_writers_come_as_old_ones_go)
{
	enum { ROUNDS = 3 * SH_WRITERS };

	for (u32 i = 1; i <= ROUNDS; i++) {
		guest_table(&g, 199 + i)[0] = SUPER(1);
		guest_table(&g, USER_L3)[i] = at(199 + i, ALL);
	}
	for (u32 i = 1; i <= ROUNDS; i++) {
		expect_done(USER + ((gva_t)i << 30) + 9 * PAGE_SIZE, U | W, 9, 512 + 9);
		expect_done(super_at(0, i), U | W, 1, 512 + i); /* this one stays */
		guest_access(&g, linear(199 + i, 0), W, 0, 8);
		guest_invlpg(&g.v, USER + ((gva_t)i << 30));
	}
	ck_assert_uint_eq(count(PN_CNT_super_direct), 1 + ROUNDS);
	ck_assert_uint_eq(count(PN_CNT_splinter), 0);
	guest_audit(&g);
}
END_TEST

START_TEST(memory_with_a_hole_is_splintered)
{
	guest_access(&g, linear(USER_L2, 3), W, SUPER(3), 8);
	expect_done(super_at(3, 3), U | W, 1, 3 * 512 + 3);
	ck_assert_int_eq(guest_access(&g, super_at(3, 511), U, 0, 8).kind, ACCESS_MMIO);
	ck_assert_uint_eq(count(PN_CNT_super_direct), 0);
	ck_assert_uint_eq(count(PN_CNT_splinter), 1);
}
END_TEST

START_TEST(log_dirty_sees_every_page)
{
	u64 bits[FRAMES / 64];

	expect_done(super_at(0, 3), U | W, 1, 512 + 3);
	ck_assert(paging_log_dirty(&g.d, true));
	expect_done(super_at(0, 3), U | W, 1, 512 + 3);
	expect_done(super_at(0, 4), U, 0, 512 + 4);
	expect_done(super_at(0, 300), U | W, 1, 512 + 300);
	guest_audit(&g);
	paging_log_dirty_peek(&g.d, 0, FRAMES, bits);
	for (u64 f = 512; f < 1024; f++)
		ck_assert_uint_eq(bits[f / 64] >> f % 64 & 1, f == 512 + 3 || f == 512 + 300);
	paging_log_dirty(&g.d, false);
}
END_TEST

START_TEST(four_megabytes_for_a_32_bit_guest)
{
	u32 *root = (void *)guest_table(&g, 60), before;

	memset(root, 0, PAGE_SIZE);
	root[0] = 4u << 20 | (u32)(ALL | PTE_PS); /* gfns 1024 to 2047: a hole at its end */
	root[1] = (u32)(ALL | PTE_PS) | 2u << 20; /* its frame number's bit 21 is reserved */
	g.v.cr3 = 60 * PAGE_SIZE;
	guest_set_modes(&g, CR0_PE, 0, 0);
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PSE, 0);
	ck_assert_int_eq(guest_access(&g, 1 << 22, 0, 0, 4).kind, ACCESS_FAULT);
	before = g.faults;
	for (u32 i = 0; i < 512; i++)
		ck_assert_uint_eq(guest_access(&g, i * PAGE_SIZE, U | W, i, 4).gpa, (1024ull + i) * PAGE_SIZE);
	/* The hole splinters 4 MiB of 32-bit tables; 8-byte tables have a half without it. */
	ck_assert_uint_le(g.faults - before, g.v.shadow_levels == 2 ? 512 : 1);
}
END_TEST

/* What the audit is for: a superpage that is none of the domain's, one that the guest's entry does not give, and wrong books. */
START_TEST(audit_finds_damage)
{
	static const struct {
		u64 change;
		const char *finding;
	} cases[] = {
		{ PAGE_SIZE * 8, "no superpage of the domain" },
		{ 1ull << 45, "no superpage of the domain" },
		{ -512ull * PAGE_SIZE * 2, "no superpage of the domain" },
		{ MIB2 * 2, "not what the guest's superpage gives" }, /* the domain's last 2 MiB are not whole */
		{ MIB2, "not what the guest's superpage gives" },
	};
	static char text[4096];
	u64 *e;

	expect_done(super_at(0, 3), U | W, 1, 512 + 3);
	e = sh_frame(&g.d, GFN(USER_L2))->shadows->table;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_audit(&g);
		e[0] += cases[i].change;
		ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
		ck_assert_msg(strstr(text, cases[i].finding), "audit said: %s", text);
		e[0] -= cases[i].change;
	}
	for (u32 i = 0; i < 2; i++) {
		u32 *book = i ? &direct_lpage_info(&g.d, 0)->tables : &direct_lpage_info(&g.d, 0)->maps;

		++*book;
		ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
		ck_assert_msg(strstr(text, "its book says"), "audit said: %s", text);
		--*book;
	}
}
END_TEST

/* ---- random programs ---- */

static u64 rng;

static u64 rnd(u64 n)
{
	return host_random(&rng) % n;
}

/* A walk by hand. Returns the leaf entry's place and level; NULL: absent. */
static u64 *leaf_of(gva_t va, u32 *level, u64 *rights)
{
	u64 gfn = ROOT, *e = NULL;

	*rights = ~0ull;
	for (*level = 4; *level; --*level) {
		e = &guest_table(&g, gfn)[va >> (12 + 9 * (*level - 1)) & 511];
		if (!(*e & PTE_P))
			return NULL;
		*rights &= *e;
		if (*level == 1 || (*level == 2 && *e & PTE_PS))
			return e;
		gfn = *e << 12 >> 24;
	}
	return e;
}

static void random_access(void)
{
	u32 access = (rnd(2) ? U : 0) | (rnd(2) ? W : 0), level;
	gva_t va = super_at((u32)rnd(6), (u32)rnd(12)) + rnd(512) * 8;
	u64 rights, *e = leaf_of(va, &level, &rights), gpa = 0, value = rnd(2) ? 0 : at(1024 + rnd(64), ALL);
	bool allowed = e && (!(access & U) || rights & PTE_US) && (!(access & W) || rights & PTE_RW);
	struct outcome o;

	if (allowed)
		gpa = (level == 2 ? *e & ~(MIB2 - 1) & PTE_ADDR : *e & PTE_ADDR) + va % (level == 2 ? MIB2 : PAGE_SIZE);
	o = guest_access(&g, va, access, value, 8);
	if (!allowed) {
		ck_assert_int_eq(o.kind, ACCESS_FAULT);
		ck_assert_uint_eq(o.pfec, access | (e ? PFEC_P : 0));
		return;
	}
	ck_assert_int_eq(o.kind, guest_at(&g, gpa) ? ACCESS_DONE : ACCESS_MMIO);
	ck_assert_uint_eq(o.gpa, gpa);
	/* The write may have been to the very tables. */
	if (leaf_of(va, &level, &rights) == e && e != guest_at(&g, gpa))
		ck_assert_uint_eq(*e & (PTE_A | (access & W ? PTE_D : 0)), PTE_A | (access & W ? PTE_D : 0));
	if (access & W)
		guest_load_cr3(&g, ROOT * PAGE_SIZE);
}

/* An entry of USER_L2: a superpage, a level-1 table that lies in one, or nothing. */
static u64 random_entry(void)
{
	static const u64 tables[] = { 512 + 3, 512 + 4, 1024 + 5 };
	u64 rights = PTE_P | (rnd(4) ? PTE_RW : 0) | (rnd(4) ? PTE_US : 0) | (rnd(2) ? PTE_A : 0) | (rnd(2) ? PTE_D : 0);

	switch (rnd(6)) {
	case 0: return 0;
	case 1: return at(tables[rnd(3)], rights);
	default: return at((1 + rnd(3)) * 512, rights | PTE_PS);
	}
}

static void random_step(void)
{
	u32 entry = (u32)rnd(6);

	switch (rnd(12)) {
	case 0:
	case 1:
		guest_access(&g, linear(USER_L2, entry), W, random_entry(), 8);
		if (rnd(2))
			guest_load_cr3(&g, ROOT * PAGE_SIZE);
		else
			for (u32 i = 0; i < 6; i++)
				guest_invlpg(&g.v, super_at(i, (u32)rnd(512)));
		guest_load_cr3(&g, ROOT * PAGE_SIZE);
		break;
	case 2:
		guest_access(&g, linear(512 + 3 + rnd(2), (u32)rnd(12)), W, rnd(3) ? at(512 + rnd(16), ALL) : 0, 8);
		guest_load_cr3(&g, ROOT * PAGE_SIZE);
		break;
	case 3:
		if (!rnd(8))
			paging_log_dirty(&g.d, rnd(2));
		break;
	case 4:
		if (!rnd(8))
			paging_unshadow(&g.v, (512 + 3 + rnd(2)) * PAGE_SIZE);
		break;
	default: random_access();
	}
}

START_TEST(random_programs)
{
	rng = (u64)_i;
	for (u32 i = 0; i < 1500; i++) {
		random_step();
		if (i % 16 == 0)
			guest_audit(&g);
	}
	ck_assert_uint_ge(count(PN_CNT_super_direct), 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("super");
	TCase *t = tcase_create(paging_recipe_name);

	tcase_add_checked_fixture(t, start_super, finish);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_superpage_is_one_entry);
	tcase_add_test(t, the_first_write_marks_it_dirty);
	tcase_add_test(t, a_table_within_shatters_it);
	tcase_add_test(t, a_table_within_shatters_it_wherever_it_is);
	tcase_add_test(t, new_writers_come_as_old_ones_go);
	tcase_add_test(t, memory_with_a_hole_is_splintered);
	tcase_add_test(t, log_dirty_sees_every_page);
	tcase_add_test(t, four_megabytes_for_a_32_bit_guest);
	tcase_add_test(t, audit_finds_damage);
	tcase_add_loop_test(t, random_programs, 1, 40);
	suite_add_tcase(s, t);
	return run_suite(s);
}
