/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no emulation knows still gets on, under every recipe and in every pair of levels: pages lent to one
 * instruction. The guest is clumsy: none of its instructions can be emulated.
 */
#include "tests/engine/modes.h"

static struct space s;

static void begin(u32 pair)
{
	plat_cr3_unseen = pairs[pair].fenced;
	modes_start(pairs[pair].shadow, 0);
	s = space_new(pairs[pair].guest);
	ck_assert(space_enter(&s, CR0_WP, 0, pairs[pair].guest > 2 ? EFER_NXE : 0));
	ck_assert_uint_eq(g.v.shadow_levels, pairs[pair].shadow);
	g.clumsy = 64;
}

static gpa_t entry_of(u32 page, u32 level)
{
	return entry_for(&s, user(s.levels, page), level);
}

static void put(gpa_t entry, u64 value)
{
	ck_assert_int_eq(guest_access(&g, linear(s.levels, entry), W, value, entry_bytes(s.levels)).kind, ACCESS_DONE);
	ck_assert_uint_eq(get_entry(s.levels, entry) & ~(u64)(PTE_A | PTE_D), value & ~(u64)(PTE_A | PTE_D));
}

static void wp(bool on)
{
	guest_set_modes(&g, on ? g.v.cr0 | CR0_WP : g.v.cr0 & ~(u64)CR0_WP, g.v.cr4, g.v.efer);
}

/* The highest level whose table is memory: a PAE guest's root is four values. */
static u32 top(void)
{
	return s.levels == 3 ? 2 : s.levels;
}

/* Tables of every level, the loaded root among them, written many times; what they say holds at once after the flush. */
START_TEST(tables_are_written)
{
	begin((u32)_i);
	for (u32 level = 1; level <= top(); level++) {
		const u32 unused = level == 1 ? NR_DATA + 1 : 3; /* another entry of the same table */
		const gpa_t entry = entry_of(0, level);
		const u64 was = get_entry(s.levels, entry);

		expect_done(user(s.levels, 1), U | W, 1, DATA + 1);
		for (u32 i = 0; i < 3; i++) {
			put(entry, 0);
			guest_invlpg(&g.v, user(s.levels, 0));
			expect_fault(user(s.levels, 0), U, U);
			put(entry, was);
			expect_done(user(s.levels, 0), U | W, i, DATA);
			put((entry & PAGE_MASK) + unused * entry_bytes(s.levels), 0);
			expect_done(user(s.levels, 2), U | W, i, DATA + 2);
			guest_audit(&g);
		}
	}
	finish();
}
END_TEST

/* More often than any limit of repetition. */
START_TEST(a_table_written_without_end)
{
	begin((u32)_i);
	for (u32 i = 0; i < 6000; i++) {
		struct outcome o;

		if (i % 8 == 0) /* the table is one again */
			expect_done(user(s.levels, 3), U | W, i, DATA + 3);
		o = guest_access(&g, linear(s.levels, entry_of(0, 2) ^ 64), W, 0, entry_bytes(s.levels));
		ck_assert_int_eq(o.kind, ACCESS_DONE);
	}
	finish();
}
END_TEST

/* A level-1 table that maps itself: it is a table again as soon as it is reached. */
START_TEST(a_table_that_maps_itself)
{
	gpa_t self;

	begin((u32)_i);
	self = entry_of(20, 1);
	put(self, at(self >> PAGE_SHIFT, ALL));
	guest_invlpg(&g.v, user(s.levels, 20));
	for (u32 i = 0; i < 100; i++) {
		const gva_t window = user(s.levels, 20) + (entry_of(21, 1) & ~PAGE_MASK);

		ck_assert_int_eq(guest_access(&g, window, U | W, at(DATA + i % NR_DATA, ALL), entry_bytes(s.levels)).kind,
				 ACCESS_DONE);
		guest_invlpg(&g.v, user(s.levels, 21));
		expect_done(user(s.levels, 21), U | W, i, DATA + i % NR_DATA);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* CR0.WP clear: a supervisor writes to read-only pages, of its own and of users; nobody else does, and nobody when it is set again. */
START_TEST(read_only_pages_without_wp)
{
	begin((u32)_i);
	for (u32 round = 0; round < 2; round++) {
		for (u32 page = 4; page < 6; page++) {
			const u64 rights = page == 4 ? PTE_P | PTE_US : PTE_P;
			const gva_t va = user(s.levels, page);

			put(entry_of(page, 1), at(DATA + page, rights));
			guest_invlpg(&g.v, va);
			wp(true);
			expect_fault(va, W, W | PFEC_P);
			ck_assert_uint_eq(get_entry(s.levels, entry_of(page, 1)), at(DATA + page, rights));
			wp(false);
			ck_assert_int_eq(guest_access(&g, va, W, 77 + round, 4).kind, ACCESS_DONE);
			ck_assert_uint_eq(*(u32 *)guest_at(&g, (DATA + page) * PAGE_SIZE), 77 + round);
			ck_assert_uint_eq(get_entry(s.levels, entry_of(page, 1)), at(DATA + page, rights | PTE_A | PTE_D));
			expect_fault(va, U | W, U | W | PFEC_P);
			expect_done(va, W, 5, DATA + page);
			if (rights & PTE_US)
				expect_done(va, U, 0, DATA + page);
			else
				expect_fault(va, U, U | PFEC_P);
			expect_done(va, 0, 0, DATA + page);
			expect_done(va, W, 5, DATA + page);
			wp(true);
			expect_fault(va, W, W | PFEC_P);
			expect_done(va, 0, 0, DATA + page);
			guest_audit(&g);
		}
	}
	finish();
}
END_TEST

static bool is_dirty(const u64 *bits, u64 gfn)
{
	return bits[gfn / 64] >> gfn % 64 & 1;
}

/* The same where an upper entry forbids, with page tables in the way, and while writes are recorded. */
START_TEST(read_only_tables_without_wp)
{
	const gva_t gap = BIT(22);
	u64 bits[8];

	begin((u32)_i);
	put(entry_of(0, 2), get_entry(s.levels, entry_of(0, 2)) & ~(u64)PTE_RW);
	put(entry_of(6, 1), at(entry_of(6, 1) >> PAGE_SHIFT, PTE_P | PTE_US)); /* a table, read-only */
	put(entry_of(7, 1), at(s.root, PTE_P));                                /* and the root */
	guest_load_cr3(&g, space_cr3(&s));
	wp(false);
	ck_assert(paging_log_dirty(&g.d, true));
	for (u32 i = 0; i < 20; i++) {
		expect_done(user(s.levels, 0), W, i, DATA);
		expect_done(user(s.levels, 6) + (entry_of(8, 1) & ~PAGE_MASK), W, (u32)at(DATA + i, ALL),
			    entry_of(6, 1) >> PAGE_SHIFT);
		guest_invlpg(&g.v, user(s.levels, 8));
		expect_done(user(s.levels, 8), U, 0, DATA + i);
		expect_fault(user(s.levels, 8), U | W, U | W | PFEC_P);
		/* Slots of the root that lead nowhere. */
		expect_done(user(s.levels, 7) + (s.levels == 3 ? 0x700 : 0x7f0), W, 0, s.root);
		expect_fault(user(s.levels, 8) + 16 * gap, U, U);
		guest_audit(&g);
	}
	paging_log_dirty_clean(&g.d, 0, 512, bits);
	ck_assert(is_dirty(bits, DATA) && is_dirty(bits, s.root) && is_dirty(bits, entry_of(8, 1) >> PAGE_SHIFT));
	ck_assert(!is_dirty(bits, DATA + 1) && !is_dirty(bits, DATA + 20) && !is_dirty(bits, 300));
	ck_assert_uint_eq(paging_log_dirty_peek(&g.d, 0, 512, bits), 0);
	expect_done(user(s.levels, 0), W, 1, DATA);
	ck_assert_uint_ge(paging_log_dirty_peek(&g.d, 0, 512, bits), 1);
	ck_assert(is_dirty(bits, DATA));
	ck_assert(paging_log_dirty(&g.d, false));
	finish();
}
END_TEST

/* While a page is lent, hardware gives what the guest's tables give and no more; what it marks beside is not lost. */
START_TEST(nothing_else_is_given)
{
	struct lend lend;
	hpa_t hpa;
	u32 pfec;

	begin((u32)_i);
	for (u32 i = 0; i < NR_DATA; i++)
		put(entry_of(i, 1), at(DATA + i, PTE_P | PTE_RW | (i == 9 ? 0 : PTE_US)));
	put(entry_of(10, 1), at(DATA + 10, PTE_P | PTE_US));
	guest_load_cr3(&g, space_cr3(&s));
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(s.levels, i), 0, 0, DATA + i);
	wp(false);
	lend = (struct lend){ user(s.levels, 9), W };
	for (u32 i = 0; i < 4; i++) {
		ck_assert_int_eq(paging_lend(&g.v, &lend, 1), SH_FIXED);
		ck_assert(host_access(&g.v, user(s.levels, 9), W, &hpa, &pfec));
		ck_assert(!host_access(&g.v, user(s.levels, 9), U, &hpa, &pfec));
		ck_assert(!host_access(&g.v, user(s.levels, 10), U | W, &hpa, &pfec));
		if (host_access(&g.v, user(s.levels, 12 + i), U | W, &hpa, &pfec))
			*(u32 *)(host_memory + hpa) = i;
		else
			ck_assert(!(pfec & PFEC_RSVD));
		paging_lend_end(&g.v);
		guest_audit(&g);
	}
	lend = (struct lend){ user(s.levels, 10), U | W };
	ck_assert_int_eq(paging_lend(&g.v, &lend, 1), SH_GUEST_FAULT);
	ck_assert_uint_eq(g.v.fault.pfec, U | W | PFEC_P);
	expect_done(user(s.levels, 10), 0, 0, DATA + 10);
	for (u32 i = 0; i < 4; i++)
		if (*(u32 *)guest_at(&g, (DATA + 12 + i) * PAGE_SIZE) == i && i)
			ck_assert(get_entry(s.levels, entry_of(12 + i, 1)) & PTE_D);
	finish();
}
END_TEST

/* Lent to be read: what is there is seen, and not written. */
START_TEST(read_only_loans)
{
	struct lend lend[2];
	hpa_t hpa;
	u32 pfec;

	begin((u32)_i);
	for (u32 i = 0; i < 2; i++)
		expect_done(user(s.levels, i), U | W, 0x77 + i, DATA + i);
	lend[0] = (struct lend){ user(s.levels, 0), U };
	lend[1] = (struct lend){ user(s.levels, 1), U };
	ck_assert_int_eq(paging_lend(&g.v, lend, 2), SH_FIXED);
	for (u32 i = 0; i < 2; i++) {
		ck_assert(host_access(&g.v, user(s.levels, i), U, &hpa, &pfec));
		ck_assert_uint_eq(*(u32 *)(host_memory + hpa), 0x77 + i);
		ck_assert(!host_access(&g.v, user(s.levels, i), U | W, &hpa, &pfec));
	}
	paging_lend_end(&g.v);
	expect_done(user(s.levels, 0), U | W, 1, DATA);
	finish();
}
END_TEST

/* All or nothing: of two pages the first is not lent if the guest's tables refuse the second. */
START_TEST(the_second_is_refused)
{
	struct lend lend[2];
	hpa_t hpa;
	u32 pfec;

	begin((u32)_i);
	put(entry_of(11, 1), at(HOLE_AT, ALL));
	put(entry_of(12, 1), 0);
	guest_load_cr3(&g, space_cr3(&s));
	for (u32 i = 0; i < 2; i++) {
		lend[i] = (struct lend){ user(s.levels, 11), U | W };
		lend[!i] = (struct lend){ user(s.levels, 12), U | W };
		ck_assert_int_eq(paging_lend(&g.v, lend, 2), SH_GUEST_FAULT);
		ck_assert(g.v.fault.va == user(s.levels, 12) && g.v.fault.pfec == (U | W));
		ck_assert(!host_access(&g.v, user(s.levels, 11), U, &hpa, &pfec));
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* The first loan takes memory for its books. Without, the guest can go on in other ways. */
START_TEST(no_memory_for_books)
{
	struct lend lend;

	begin((u32)_i);
	expect_done(user(s.levels, 0), U | W, 1, DATA);
	lend = (struct lend){ user(s.levels, 0), U };
	while (plat_alloc_pages(1))
		;
	ck_assert_int_eq(paging_lend(&g.v, &lend, 1), SH_OOM);
	expect_done(user(s.levels, 0), U | W, 2, DATA);
	guest_audit(&g);
}
END_TEST

/* Where no memory is: ones, whoever reads, and what is written is gone the next time; memory beside it is memory. */
START_TEST(no_memory)
{
	struct lend lend[2];
	hpa_t hpa;
	u32 pfec;

	begin((u32)_i);
	put(entry_of(11, 1), at(HOLE_AT, ALL));
	put(entry_of(12, 1), at(HOLE_AT + 1, ALL & ~PTE_RW));
	guest_load_cr3(&g, space_cr3(&s));
	lend[0] = (struct lend){ user(s.levels, 11), U | W };
	lend[1] = (struct lend){ user(s.levels, 12), U };
	for (u32 i = 0; i < 3; i++) {
		ck_assert_int_eq(paging_lend(&g.v, lend, 2), SH_FIXED);
		for (u32 page = 11; page < 13; page++) {
			ck_assert(host_access(&g.v, user(s.levels, page) + 0xff8, U, &hpa, &pfec));
			ck_assert_uint_eq(*(u64 *)(host_memory + hpa), ~0ull);
		}
		ck_assert(!host_access(&g.v, user(s.levels, 12), U | W, &hpa, &pfec));
		ck_assert(host_access(&g.v, user(s.levels, 11), U | W, &hpa, &pfec));
		*(u64 *)(host_memory + hpa) = 5;
		if (host_access(&g.v, user(s.levels, 13), U, &hpa, &pfec))
			ck_assert_uint_eq(hpa, mfn_to_hpa(p2m_lookup(&g.d, GFN(DATA + 13))));
		paging_lend_end(&g.v);
		ck_assert_int_eq(guest_access(&g, user(s.levels, 11), U, 0, 4).kind, ACCESS_MMIO);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* Without paging, too: the tables of another mode, and what is no memory. */
START_TEST(paging_off)
{
	struct lend lend = { (HOLE_AT + 2) * PAGE_SIZE, W };
	hpa_t hpa;
	u32 pfec;

	begin((u32)_i);
	expect_done(user(s.levels, 0), U | W, 1, DATA);
	ck_assert(guest_set_modes(&g, CR0_PE, g.v.cr4 & ~(u64)CR4_LA57, 0));
	for (u32 i = 0; i < 20; i++)
		expect_done(entry_of(NR_DATA + 1, 1), W, 0, entry_of(0, 1) >> PAGE_SHIFT);
	ck_assert_int_eq(paging_lend(&g.v, &lend, 1), SH_FIXED);
	ck_assert(host_access(&g.v, lend.at, W, &hpa, &pfec));
	ck_assert_uint_eq(*(u32 *)(host_memory + hpa), ~0u);
	paging_lend_end(&g.v);
	ck_assert(space_enter(&s, CR0_WP, 0, pairs[_i].guest > 2 ? EFER_NXE : 0));
	expect_done(user(s.levels, 0), U | W, 1, DATA);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages lent");
	TCase *t = tcase_create("all pairs");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, tables_are_written, 0, NR_PAIRS);
	tcase_add_loop_test(t, a_table_written_without_end, 0, NR_PAIRS);
	tcase_add_loop_test(t, a_table_that_maps_itself, 0, NR_PAIRS);
	tcase_add_loop_test(t, read_only_pages_without_wp, 0, NR_PAIRS);
	tcase_add_loop_test(t, read_only_tables_without_wp, 0, NR_PAIRS);
	tcase_add_loop_test(t, nothing_else_is_given, 0, NR_PAIRS);
	tcase_add_loop_test(t, read_only_loans, 0, NR_PAIRS);
	tcase_add_loop_test(t, the_second_is_refused, 0, NR_PAIRS);
	tcase_add_loop_test(t, no_memory_for_books, 0, NR_PAIRS);
	tcase_add_loop_test(t, no_memory, 0, NR_PAIRS);
	tcase_add_loop_test(t, paging_off, 0, NR_PAIRS);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
