/* SPDX-License-Identifier: BSD-2-Clause */
/* Nested tables of 4 KiB entries alone: whatever is done to them, no entry is a large one. What the two forms share, npt.c tests. */
#include "tests/engine/npt_domain.h"
#include "tests/suite.h"

#define MAPPED (600 + 1024)

/* An independent walk: the frame behind the entry of level 1, and (*write) may it be written. A large entry on the way ends the test. */
static bool nested(u64 frame, mfn_t *m, bool *write)
{
	hpa_t t = v.hw_nested_cr3;

	*write = true;
	for (u32 level = 4; level; level--) {
		u64 e = ((u64 *)plat_map(hpa_to_mfn(t)))[frame >> 9 * (level - 1) & 511];

		if (!(e & PTE_P))
			return false;
		ck_assert_msg(level == 1 || !(e & PTE_PS), "frame %lu has a large entry at level %u", frame, level);
		*write = *write && e & PTE_RW;
		t = e & PTE_ADDR;
	}
	*m = hpa_to_mfn(t);
	return true;
}

/* Every frame is where the p2m has it, by an entry of its own. Returns how many may be written. */
static u64 check_all(void)
{
	u64 writable = 0;

	for (u64 f = 0; f < FRAMES; f++) {
		mfn_t want = p2m_lookup(&d, GFN(f)), got;
		bool write;

		ck_assert_int_eq(nested(f, &got, &write), mfn_valid(want));
		if (!mfn_valid(want))
			continue;
		ck_assert_uint_eq(got.n, want.n);
		writable += write;
	}
	ck_assert_uint_eq(paging_audit(&d, NULL, 0), 0);
	return writable;
}

START_TEST(small_entries_alone)
{
	ck_assert_str_eq(paging_recipe_name, "npt-4k");
	ck_assert_uint_eq(check_all(), MAPPED);
}
END_TEST

/* Nothing is split for it, and nothing is large behind it; but for the bitmap it takes no memory. */
START_TEST(log_dirty)
{
	const u64 there = host_free_frames();
	u64 bitmap;

	ck_assert(paging_log_dirty(&d, true));
	ck_assert_uint_eq(check_all(), 0);
	ck_assert_int_eq(paging_nested_fault(&v, 5 * PAGE_SIZE, PFEC_W), SH_FIXED);
	ck_assert_uint_eq(check_all(), 1);
	bitmap = there - host_free_frames();
	ck_assert_uint_le(bitmap, 2);
	ck_assert(paging_log_dirty(&d, false));
	ck_assert_uint_eq(check_all(), MAPPED);
	ck_assert_uint_eq(host_free_frames(), there);
}
END_TEST

/* A frame of what could be a large entry goes and comes without memory. */
START_TEST(frames_come_and_go)
{
	while (plat_alloc_pages(1))
		;
	ck_assert(paging_remove_frame(&d, GFN(1024)) && paging_remove_frame(&d, GFN(5)));
	ck_assert_uint_eq(check_all(), MAPPED - 2);
	ck_assert(paging_add_frame(&d, GFN(1024), MFN(d.first_mfn.n + 1024)));
	ck_assert(paging_add_frame(&d, GFN(5), MFN(d.first_mfn.n + 5)));
	ck_assert_uint_eq(check_all(), MAPPED);
	ck_assert(!paging_log_dirty(&d, true) && !d.log_dirty); /* no bitmap */
	ck_assert_uint_eq(check_all(), MAPPED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nested paging by 4 KiB");
	TCase *t = tcase_create("table");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, small_entries_alone);
	tcase_add_test(t, log_dirty);
	suite_add_tcase(s, t);
	t = tcase_create("no memory"); /* what is used up is never given back */
	tcase_add_checked_fixture(t, start, NULL);
	tcase_add_test(t, frames_come_and_go);
	suite_add_tcase(s, t);
	return suite_run(s);
}
