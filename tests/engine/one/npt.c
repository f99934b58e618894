/* SPDX-License-Identifier: BSD-2-Clause */
/* Nested paging: the table built from the p2m, and the contract's answers. */
#include "tests/engine/npt_domain.h"
#include "tests/suite.h"

/* An independent walk of the nested table. */
static hpa_t nested(gpa_t gpa, u32 *level)
{
	hpa_t t = v.hw_nested_cr3;

	for (*level = 4;; --*level) {
		u64 e = ((u64 *)plat_map(hpa_to_mfn(t)))[gpa >> (12 + 9 * (*level - 1)) & 511];

		if ((e & (PTE_P | PTE_RW | PTE_US)) != (PTE_P | PTE_RW | PTE_US))
			return 0;
		t = e & PTE_ADDR;
		if (*level == 1 || e & PTE_PS)
			return t + (gpa & ((4096ull << 9 * (*level - 1)) - 1));
	}
}

START_TEST(every_frame_is_mapped_as_the_p2m_says)
{
	u32 level;

	for (u64 f = 0; f < FRAMES + 100; f++) {
		mfn_t m = p2m_lookup(&d, GFN(f));
		hpa_t got = nested(f * PAGE_SIZE + 5, &level);

		ck_assert_uint_eq(got, mfn_valid(m) ? mfn_to_hpa(m) + 5 : 0);
		if (mfn_valid(m))
			ck_assert_uint_eq(level, f < 512 || (f >= 1024 && f < 1536) ? 2 : 1);
	}
	ck_assert_uint_eq(paging_audit(&d, NULL, 0), 0);
}
END_TEST

START_TEST(what_is_not_memory_is_a_device)
{
	ck_assert_int_eq(paging_nested_fault(&v, 0xfee00010, 0), SH_MMIO);
	ck_assert_uint_eq(v.fault.gpa, 0xfee00010);
	ck_assert_int_eq(paging_nested_fault(&v, 700 * PAGE_SIZE, 0), SH_MMIO);
	ck_assert_int_eq(paging_nested_fault(&v, 599 * PAGE_SIZE, 0), SH_FIXED);
}
END_TEST

/* The guest's own tables are walked in each mode that hardware has. */
START_TEST(guest_memory_in_every_mode)
{
	static const struct {
		u64 cr0, cr4, efer;
		u32 levels;
	} modes[] = {
		{ CR0_PE, 0, 0, 0 },
		{ CR0_PE | CR0_PG, CR4_PSE, 0, 2 },
		{ CR0_PE | CR0_PG, CR4_PAE, 0, 3 },
		{ CR0_PE | CR0_PG, CR4_PAE, EFER_LME, 4 },
		{ CR0_PE | CR0_PG, CR4_PAE | CR4_LA57, EFER_LME, 5 },
	};
	u64 x = 0x1122334455667788 + _i, y = 0;
	gva_t va = _i ? 0x40201000 : 0x5000;

	memset(at(0), 0, 16 * PAGE_SIZE);
	v.cr3 = _i == 2 ? 0x1020 : 0x1000;
	if (_i == 1) {
		((u32 *)at(0x1000))[0x40201000 >> 22] = 0x2000 | 0x7;
		((u32 *)at(0x2000))[0x201] = 0x5000 | 0x7;
	} else if (_i > 1) {
		((u64 *)at(_i == 2 ? 0x1020 : 0x1000))[_i == 2 ? 1 : 0] = (_i == 2 ? 0x3000 : 0x2000) | (_i == 2 ? 1 : 7);
		((u64 *)at(0x2000))[1] = 0x3000 | 7;
		((u64 *)at(0x3000))[1] = 0x4000 | 7;
		((u64 *)at(0x4000))[1] = 0x5000 | 7;
	}
	if (_i == 4) {
		v.cr3 = 0x6000;
		((u64 *)at(0x6000))[0] = 0x1000 | 7;
	}
	v.cr0 = modes[_i].cr0;
	v.cr4 = modes[_i].cr4;
	v.efer = modes[_i].efer;
	paging_update_modes(&v);
	ck_assert_uint_eq(v.guest_levels, modes[_i].levels);
	ck_assert_uint_eq(v.shadow_levels, 0);
	ck_assert_uint_eq(v.hw_cr0, v.cr0);
	ck_assert_uint_eq(v.hw_efer, _i >= 3 ? EFER_LME | EFER_LMA : modes[_i].efer);
	ck_assert_int_eq(paging_write(&v, va, &x, 8, 0), SH_FIXED);
	ck_assert_uint_eq(*(u64 *)at(0x5000), x);
	ck_assert_int_eq(paging_read(&v, va, &y, 8, 0), SH_FIXED);
	ck_assert_uint_eq(y, x);
	if (!_i)
		return;
	ck_assert_int_eq(paging_read(&v, va + 0x1000, &y, 8, PFEC_U), SH_GUEST_FAULT);
	ck_assert_uint_eq(v.fault.pfec, PFEC_U);
	ck_assert_uint_eq(_i == 1 ? ((u32 *)at(0x2000))[0x201] : ((u64 *)at(0x4000))[1], 0x5000 | 7 | PTE_A | PTE_D);
}
END_TEST

/* A PAE guest's top entries are read at each walk; where no memory is, none is present. */
START_TEST(top_entries_outside_memory)
{
	u64 x;

	v.cr0 = CR0_PE | CR0_PG;
	v.cr4 = CR4_PAE;
	v.cr3 = 700 * PAGE_SIZE;
	paging_update_modes(&v);
	ck_assert_int_eq(paging_read(&v, 0x1000, &x, 8, 0), SH_GUEST_FAULT);
	ck_assert(v.fault.va == 0x1000 && !(v.fault.pfec & PFEC_P));
}
END_TEST

/* A list of entries is written as the guest's mode has them, up to the first that has no place. */
START_TEST(entries_by_request)
{
	static const struct pn_mmu_update list[] = {
		{ 0x5008, 0x1111222233334444 }, { 0x5010, 0x5555666677778888 }, { 700 * PAGE_SIZE, 1 }, { 0x5018, 1 }
	};
	const u32 bytes = _i ? 4 : 8;
	u64 got = 0;

	memset(at(0x5000), 0, PAGE_SIZE);
	memcpy(at(0x6000), list, sizeof(list));
	v.cr0 = CR0_PE | CR0_PG;
	v.cr4 = _i ? 0 : CR4_PAE;
	v.efer = _i ? 0 : EFER_LME;
	paging_update_modes(&v);
	ck_assert(paging_log_dirty(&d, true));
	ck_assert_uint_eq(paging_update_entries(&v, 0x6000, 4), 2);
	for (u32 i = 0; i < 2; i++) {
		memcpy(&got, at(list[i].entry), bytes);
		ck_assert_uint_eq(got, bytes == 4 ? (u32)list[i].value : list[i].value);
	}
	ck_assert_uint_eq(*(u32 *)at(0x5008 + bytes), bytes == 4 ? 0 : (u32)list[1].value);
	ck_assert_uint_eq(*(u64 *)at(0x5018), 0);
	ck_assert_uint_eq(d.counter[PN_CNT_pv_update], 2);
	ck_assert_uint_eq(paging_log_dirty_peek(&d, 0, 64, &(u64){ 0 }), 1);
	ck_assert_uint_eq(paging_update_entries(&v, 700 * PAGE_SIZE, 1), 0); /* no list is there */
}
END_TEST

/* ---- log-dirty ---- */

static bool is_dirty(const u8 *bits, u64 frame)
{
	return bits[frame / 8] >> frame % 8 & 1;
}

/* The rights of the entry that maps it, 4 KiB or large. */
static u64 rights(gpa_t gpa, u32 *level)
{
	hpa_t t = v.hw_nested_cr3;
	u64 all = ~0ull;

	for (*level = 4;; --*level) {
		u64 e = ((u64 *)plat_map(hpa_to_mfn(t)))[gpa >> (12 + 9 * (*level - 1)) & 511];

		all &= e;
		if (!(e & PTE_P) || *level == 1 || e & PTE_PS)
			return all & (PTE_P | PTE_RW | PTE_US);
		t = e & PTE_ADDR;
	}
}

static u64 nr_writable(u32 want_level)
{
	u64 n = 0;

	for (u64 f = 0; f < FRAMES; f++) {
		u32 level;

		n += !!(rights(f * PAGE_SIZE, &level) & PTE_RW);
		if (want_level && mfn_valid(p2m_lookup(&d, GFN(f))))
			ck_assert_uint_eq(level, want_level);
	}
	return n;
}

/* Who writes is noted and may write on; what is cleaned may not, and nothing else changes. Off: all is as at first. */
START_TEST(log_dirty)
{
	u8 bits[FRAMES / 8];
	u64 free_before = host_free_frames(), x = 1;

	ck_assert(paging_log_dirty(&d, true));
	ck_assert_uint_eq(nr_writable(1), 0);
	for (u64 f = 0; f < 600; f += 100)
		ck_assert_int_eq(paging_nested_fault(&v, f * PAGE_SIZE + 8, PFEC_W), SH_FIXED);
	ck_assert_uint_eq(nr_writable(1), 6);
	ck_assert_int_eq(paging_write(&v, 7 * PAGE_SIZE - 4, &x, 8, 0), SH_FIXED); /* two pages, by us */
	paging_guest_wrote(&d, 50 * PAGE_SIZE - 1, 2);
	ck_assert_uint_eq(paging_log_dirty_peek(&d, 0, 640, bits), 10);
	ck_assert(is_dirty(bits, 100) && is_dirty(bits, 6) && is_dirty(bits, 7) && is_dirty(bits, 49) && is_dirty(bits, 50));
	ck_assert(!is_dirty(bits, 101) && !is_dirty(bits, 8) && !is_dirty(bits, 51));
	ck_assert_uint_eq(paging_log_dirty_clean(&d, 64, 64, bits), 1); /* frame 100 */
	ck_assert_uint_eq(nr_writable(1), 5);
	ck_assert_uint_eq(paging_log_dirty_clean(&d, 640, 64, bits), 0);
	ck_assert_uint_eq(paging_log_dirty_peek(&d, 0, 640, bits), 9);
	ck_assert(paging_log_dirty(&d, true)); /* anew */
	ck_assert_uint_eq(nr_writable(1), 0);
	ck_assert_uint_eq(paging_log_dirty_peek(&d, 0, 640, bits), 0);
	ck_assert(paging_log_dirty(&d, false));
	ck_assert_uint_eq(nr_writable(0), 600 + 1024);
	ck_assert_uint_eq(host_free_frames(), free_before);
	ck_assert_uint_eq(paging_audit(&d, (char *)bits, sizeof(bits)), 0);
}
END_TEST

static u64 use_up(void)
{
	u64 n = 0;

	while (plat_alloc_pages(1))
		n++;
	return n;
}

/* Splitting takes memory: without it nothing is logged, and large entries are whole again. */
START_TEST(log_dirty_without_memory)
{
	u32 level;

	use_up();
	ck_assert(!paging_log_dirty(&d, true));
	ck_assert(!d.log_dirty);
	ck_assert_uint_eq(rights(0, &level), PTE_P | PTE_RW | PTE_US);
	ck_assert_uint_eq(level, 2);
	ck_assert_uint_eq(nr_writable(0), 600 + 1024);
	ck_assert(!paging_remove_frame(&d, GFN(5)));
	ck_assert_uint_eq(nested(5 * PAGE_SIZE, &level), mfn_to_hpa(MFN(d.first_mfn.n + 5)));
	ck_assert_int_eq(paging_lend(&v, &(struct lend){ 700 * PAGE_SIZE, PFEC_W }, 1), SH_OOM);
}
END_TEST

/* Enough to split, and not for the bitmap. */
START_TEST(log_dirty_without_a_bitmap)
{
	void *split[2] = { plat_alloc_pages(1), plat_alloc_pages(1) };
	u32 level;

	use_up();
	for (u32 i = 0; i < 2; i++)
		plat_free_pages(split[i], 1);
	ck_assert(!paging_log_dirty(&d, true));
	ck_assert(!d.log_dirty);
	ck_assert_uint_eq(rights(0, &level), PTE_P | PTE_RW | PTE_US);
	ck_assert_uint_eq(level, 2);
	ck_assert_uint_eq(nr_writable(0), 600 + 1024);
	ck_assert_uint_eq(host_free_frames(), 2);
}
END_TEST

/* A loan takes memory each time. */
START_TEST(no_memory_for_a_loan)
{
	const struct lend what = { 700 * PAGE_SIZE, PFEC_W };
	const hpa_t own = v.hw_nested_cr3;

	ck_assert_int_eq(paging_lend(&v, &what, 1), SH_FIXED);
	paging_lend_end(&v);
	use_up();
	ck_assert_int_eq(paging_lend(&v, &what, 1), SH_OOM);
	ck_assert_uint_eq(v.hw_nested_cr3, own);
}
END_TEST

/* ---- frames that come and go ---- */

START_TEST(one_frame)
{
	char text[100];
	u32 level;

	ck_assert(paging_remove_frame(&d, GFN(5)));
	ck_assert_uint_eq(nested(5 * PAGE_SIZE, &level), 0);
	ck_assert_uint_eq(nested(6 * PAGE_SIZE, &level), mfn_to_hpa(MFN(d.first_mfn.n + 6)));
	ck_assert_int_eq(paging_nested_fault(&v, 5 * PAGE_SIZE, 0), SH_MMIO);
	ck_assert(!paging_remove_frame(&d, GFN(5)) && !paging_remove_frame(&d, GFN(FRAMES)));
	ck_assert(!paging_add_frame(&d, GFN(5), MFN(d.first_mfn.n - 1)) && !mfn_valid(p2m_lookup(&d, GFN(5)))); /* another's */
	ck_assert(!paging_add_frame(&d, GFN(6), MFN(d.first_mfn.n + 700)) && !paging_add_frame(&d, GFN(FRAMES), d.first_mfn));
	ck_assert(paging_add_frame(&d, GFN(5), MFN(d.first_mfn.n + 700)));
	ck_assert_uint_eq(nested(5 * PAGE_SIZE, &level), mfn_to_hpa(MFN(d.first_mfn.n + 700)));
	ck_assert_uint_eq(paging_audit(&d, text, sizeof(text)), 0);
	ck_assert(paging_log_dirty(&d, true));
	ck_assert(paging_remove_frame(&d, GFN(5)) && paging_add_frame(&d, GFN(5), MFN(d.first_mfn.n + 5)));
	ck_assert_uint_eq(rights(5 * PAGE_SIZE, &level), PTE_P | PTE_US); /* not written yet */
	/* What the audit is for. */
	d.p2m[6] = P2M_NONE;
	ck_assert_uint_eq(paging_audit(&d, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "gfn 6: nested table and p2m disagree\n");
	d.p2m[9] = P2M_NONE; /* the first is told of */
	ck_assert_uint_eq(paging_audit(&d, text, sizeof(text)), 2);
	ck_assert_str_eq(text, "gfn 6: nested table and p2m disagree\n");
	d.p2m[9] = d.first_mfn.n + 9;
	struct paging_audited sum;
	paging_audit_begin(&d);
	ck_assert(paging_audit_some(&d, 1, text, sizeof(text), &sum));
	ck_assert(sum.faults == 1 && sum.looked == FRAMES);
	d.p2m[6] = d.first_mfn.n + 6;
}
END_TEST

/* ---- pages lent to a step ---- */

START_TEST(pages_lent)
{
	static const struct lend what[] = { { 700 * PAGE_SIZE, PFEC_W }, { 5 * PAGE_SIZE, PFEC_W }, { 0x80000000000ull, 0 } };
	const hpa_t own = v.hw_nested_cr3;
	hpa_t ones;
	u32 level;

	for (unsigned again = 0; again < 2; again++) {
		ck_assert_int_eq(paging_lend(&v, what, 3), SH_FIXED);
		ck_assert(v.hw_nested_cr3 != own && v.hw_dirty & HW_NESTED);
		for (u32 i = 0; i < 3; i += 2) { /* no memory is there: ones */
			ones = nested(what[i].at, &level);
			ck_assert(ones && level == 1);
			ck_assert_uint_eq(*(u64 *)plat_map(hpa_to_mfn(ones)), ~0ull);
		}
		for (u64 f = 0; f < 600; f += 7) /* what is memory stays */
			ck_assert_uint_eq(nested(f * PAGE_SIZE, &level), mfn_to_hpa(MFN(d.first_mfn.n + f)));
		ck_assert_uint_eq(nested(701 * PAGE_SIZE, &level), 0);
		paging_lend_end(&v);
		ck_assert(v.hw_nested_cr3 == own);
		ck_assert_uint_eq(nested(what[0].at, &level), 0);
	}
}
END_TEST

/* What the contract asks that hardware does by itself. */
START_TEST(the_rest_of_the_contract)
{
	u64 flushed = d.counter[PN_CNT_tlb_flush_page];

	ck_assert_int_eq(paging_fault(&v, 0x1234, PFEC_W | PFEC_U), SH_GUEST_FAULT);
	ck_assert(v.fault.va == 0x1234 && v.fault.pfec == (PFEC_W | PFEC_U));
	ck_assert(!paging_code_page(&v, 0) && !paging_unshadow(&v, 0));
	ck_assert(paging_load_pdptes(&v, v.cr0, v.cr3, v.cr4, v.efer));
	ck_assert(paging_pin_root(&v, 0) == PIN_NONE && paging_unpin_root(&v, 0) == PIN_NONE);
	ck_assert(paging_pool_resize(&d, 64) == POOL_NONE && paging_pool_minimum(&d) == 0);
	paging_invlpg(&v, 0x5000);
	ck_assert_uint_eq(d.counter[PN_CNT_tlb_flush_page], flushed + 1);
	paging_recheck(&v, 0);
	paging_settle(&d, 0);
}
END_TEST

/* A domain for some of whose tables there is no memory: none is kept. Its last 2 MiB are not whole, those before are not there. */
START_TEST(no_room_for_the_table)
{
	void *pages[8];
	u32 n = 0, level;

	paging_domain_destroy(&d);
	d.p2m_frames = 1900;
	for (u64 f = 1024; f < 1536; f++)
		d.p2m[f] = P2M_NONE;
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = plat_alloc_pages(1);
	use_up();
	while (!paging_domain_init(&d, 0)) {
		ck_assert_uint_eq(host_free_frames(), n);
		ck_assert(!mfn_valid(d.npt_root) || !d.npt_root.n);
		plat_free_pages(pages[n++], 1);
	}
	ck_assert_uint_eq(n, 5); /* tables of four levels, and of level 1 two */
	ck_assert_uint_eq(paging_audit(&d, NULL, 0), 0);
	v.hw_nested_cr3 = mfn_to_hpa(d.npt_root);
	ck_assert_uint_eq(nested(1899 * PAGE_SIZE, &level), mfn_to_hpa(MFN(d.p2m[1899])));
	/* Nor is there memory for a table of the missing 2 MiB. */
	ck_assert(!paging_add_frame(&d, GFN(1030), d.first_mfn));
	ck_assert(!mfn_valid(p2m_lookup(&d, GFN(1030))) && !nested(1030 * PAGE_SIZE, &level));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nested paging");
	TCase *t = tcase_create("table");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, every_frame_is_mapped_as_the_p2m_says);
	tcase_add_test(t, what_is_not_memory_is_a_device);
	tcase_add_loop_test(t, guest_memory_in_every_mode, 0, 5);
	tcase_add_test(t, top_entries_outside_memory);
	tcase_add_loop_test(t, entries_by_request, 0, 2);
	tcase_add_test(t, log_dirty);
	tcase_add_test(t, one_frame);
	tcase_add_test(t, pages_lent);
	tcase_add_test(t, the_rest_of_the_contract);
	suite_add_tcase(s, t);
	t = tcase_create("no memory"); /* what is used up is never given back */
	tcase_add_checked_fixture(t, start, NULL);
	tcase_add_test(t, log_dirty_without_memory);
	tcase_add_test(t, log_dirty_without_a_bitmap);
	tcase_add_test(t, no_memory_for_a_loan);
	tcase_add_test(t, no_room_for_the_table);
	suite_add_tcase(s, t);
	return suite_run(s);
}
