/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory as devices reach it, under every recipe: tables that they write to, and what is no memory. */
#include "tests/engine/tables.h"
#include "dma.h"

/* Entries of a table change places, by a whole page of a device's. */
START_TEST(a_device_writes_to_a_table)
{
	u64 page[512];

	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(i), U | W, i, DATA + i);
	ck_assert(dma_read(&g.d, USER_L1 * PAGE_SIZE, page, PAGE_SIZE));
	for (u32 i = 0; i < NR_DATA; i++)
		ck_assert_uint_eq(page[i] & (PTE_A | PTE_D), PTE_A | PTE_D); /* as the guest would read them */
	page[3] = page[1];
	page[1] = page[2];
	page[2] = 0;
	ck_assert(dma_write(&g.d, USER_L1 * PAGE_SIZE, page, PAGE_SIZE));
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	guest_audit(&g);
	expect_done(user(1), U | W, 77, DATA + 2);
	expect_done(user(3), U, 0, DATA + 1);
	expect_fault(user(2), U, U);
	page[0] = at(USER_L1, ALL); /* a table of the next level, by a part of a page */
	ck_assert(dma_write(&g.d, USER_L2 * PAGE_SIZE + 8, page, 8));
	expect_done(user(512 + 1), U, 0, DATA + 2);
}
END_TEST

START_TEST(a_device_is_kept_out)
{
	static const struct {
		gpa_t gpa;
		u64 bytes;
	} nowhere[] = { { HOLE_AT * PAGE_SIZE - 4, 8 },
			{ (HOLE_AT - 2) * PAGE_SIZE, 4 * PAGE_SIZE },
			{ FRAMES * PAGE_SIZE - 4, 8 },
			{ ~0ull - 3, 8 },
			{ ~0ull << 12, PAGE_SIZE },
			{ 1ull << 44, 1 },
			{ 0, 0 },
			{ 0, DMA_MOST + 1 } };
	static u8 buf[DMA_MOST + 1];
	u64 bits[FRAMES / 64];

	memset(buf, 0xa5, sizeof(buf));
	ck_assert(paging_log_dirty(&g.d, true));
	for (u32 i = 0; i < ARRAY_SIZE(nowhere); i++)
		ck_assert(!dma_write(&g.d, nowhere[i].gpa, buf, nowhere[i].bytes));
	ck_assert(!dma_read(&g.d, HOLE_AT * PAGE_SIZE - 4, buf, 8));
	ck_assert_uint_eq(buf[0], 0xa5);
	ck_assert_uint_eq(paging_log_dirty_peek(&g.d, 0, FRAMES, bits), 0);
	ck_assert(dma_write(&g.d, (DATA + 4) * PAGE_SIZE - 1, buf, PAGE_SIZE + 2));
	ck_assert(dma_write(&g.d, (HOLE_AT - 1) * PAGE_SIZE + 4094, buf, 2));
	ck_assert_uint_eq(paging_log_dirty_peek(&g.d, 0, FRAMES, bits), 4);
	ck_assert(paging_log_dirty(&g.d, false));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("device");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, a_device_writes_to_a_table);
	tcase_add_test(t, a_device_is_kept_out);
	suite_add_tcase(s, t);
	return suite_run(s);
}
