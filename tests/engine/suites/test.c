/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds of the engine under every shadow recipe: walks, rights, A/D bits, modes, devices, hostile tables. */
#include <stdlib.h>

#include "tests/engine/tables.h"

/* ---- p2m ---- */

START_TEST(p2m_ranges)
{
	struct domain d = { .first_mfn = MFN(100), .nr_pages = 50 };

	host_init(64);
	ck_assert(p2m_init(&d, 80));
	ck_assert(!mfn_valid(p2m_lookup(&d, GFN(0))));
	ck_assert(p2m_map(&d, GFN(10), MFN(100), 20));
	ck_assert(p2m_map(&d, GFN(60), MFN(130), 20));
	ck_assert(!p2m_map(&d, GFN(0), MFN(99), 1));
	ck_assert(!p2m_map(&d, GFN(0), MFN(149), 2));
	ck_assert(!p2m_map(&d, GFN(79), MFN(100), 2));
	ck_assert(!p2m_map(&d, GFN(1), MFN(100), ~0ull));
	ck_assert_uint_eq(p2m_lookup(&d, GFN(29)).n, 119);
	ck_assert_uint_eq(p2m_lookup(&d, GFN(79)).n, 149);
	ck_assert(!mfn_valid(p2m_lookup(&d, GFN(30))));
	ck_assert(!mfn_valid(p2m_lookup(&d, GFN(80))));
	ck_assert(!mfn_valid(p2m_lookup(&d, INVALID_GFN)));
	p2m_destroy(&d);
	ck_assert_uint_eq(host_free_frames(), 63);
}
END_TEST

START_TEST(foreign_frames_are_refused)
{
	struct domain d = { .nr_vcpus = 1, .nr_pages = 8 };

	host_init(64);
	d.first_mfn = plat_virt_to_mfn(plat_alloc_pages(8));
	ck_assert(p2m_init(&d, 16));
	d.p2m[3] = (u32)d.first_mfn.n + 8;
	ck_assert(!paging_domain_init(&d, 16));
	d.p2m[3] = (u32)d.first_mfn.n - 1;
	ck_assert(!paging_domain_init(&d, 16));
}
END_TEST

START_TEST(no_memory_for_a_pool)
{
	struct domain d = { .nr_vcpus = 1, .nr_pages = 8 };

	host_init(64);
	d.first_mfn = plat_virt_to_mfn(plat_alloc_pages(8));
	ck_assert(p2m_init(&d, 16));
	u64 before = host_free_frames();
	ck_assert(!paging_domain_init(&d, 1000));
	ck_assert_uint_eq(host_free_frames(), before);
}
END_TEST

/* Whichever piece of memory is missing, none of the others is kept. The free pages are one piece, and each time one more. */
START_TEST(no_memory_for_a_domain)
{
	struct domain begun = { .nr_vcpus = 1, .nr_pages = 520 };
	bool made = false;
	u8 *held;
	u64 n;

	host_init(1200);
	plat_cr3_unseen = _i;
	begun.first_mfn = plat_virt_to_mfn(plat_alloc_pages(begun.nr_pages));
	ck_assert(p2m_init(&begun, begun.nr_pages) && p2m_map(&begun, GFN(0), begun.first_mfn, begun.nr_pages));
	n = host_free_frames();
	held = plat_alloc_pages(n);
	ck_assert(held);
	for (u64 pages = 0; !made; pages++) {
		struct domain d = begun;

		made = paging_domain_init(&d, 16);
		if (made)
			paging_domain_destroy(&d);
		ck_assert_uint_eq(host_free_frames(), pages);
		ck_assert_uint_lt(pages, 600);
		plat_free_pages(held + --n * PAGE_SIZE, 1);
	}
	plat_cr3_unseen = false;
	host_exit();
}
END_TEST

/* ---- walks and rights ---- */

/*
 * Every mix of the rights of two levels and of the access, against what the manual
 * says, worked out here by hand.
 */
START_TEST(rights_at_two_levels)
{
	static const u32 accesses[] = { 0, W, X, U, U | W, U | X };
	u64 upper = (_i & 7), lower = (_i >> 3 & 7);
	u64 rw = upper & lower & 1, us = upper & lower & 2, nx = (upper | lower) & 4;
	bool wp = _i & 64, smep = _i & 128;

	guest_table(&g, USER_L2)[0] =
		at(USER_L1, PTE_P | PTE_A | (upper & 1 ? PTE_RW : 0) | (upper & 2 ? PTE_US : 0) | (upper & 4 ? PTE_NX : 0));
	guest_table(&g, USER_L1)[3] =
		at(DATA + 3, PTE_P | (lower & 1 ? PTE_RW : 0) | (lower & 2 ? PTE_US : 0) | (lower & 4 ? PTE_NX : 0));
	guest_load_cr3(&g, ROOT * PAGE_SIZE); /* the tables changed under the engine's feet: */
	paging_guest_wrote(&g.d, USER_L2 * PAGE_SIZE, 8);
	paging_guest_wrote(&g.d, USER_L1 * PAGE_SIZE + 24, 8);
	guest_set_modes(&g, CR0_PE | CR0_PG | (wp ? CR0_WP : 0), CR4_PAE | (smep ? CR4_SMEP : 0), g.v.efer);
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		u32 a = accesses[i];
		bool ok = (!(a & U) || us) && (!(a & W) || rw || (!(a & U) && !wp)) && (!(a & X) || !nx) &&
			  (!(a & X) || a & U || !us || !smep);

		if (ok)
			expect_done(user(3), a, 7, DATA + 3);
		else
			expect_fault(user(3), a, a | PFEC_P);
	}
}
END_TEST

START_TEST(faults_are_the_guests_own)
{
	expect_fault(user(NR_DATA), U | W, U | W);       /* level 1 */
	expect_fault(USER + (1ull << 21), 0, 0);         /* level 2 */
	expect_fault(USER + (1ull << 30), U | X, U | X); /* level 3 */
	expect_fault(0x1000, W, W);                      /* level 4 */
	guest_access(&g, linear(USER_L1, 0), W, at(DATA, ALL | BIT(45)), 8);
	expect_fault(user(0), U, U | PFEC_P | PFEC_RSVD);
	guest_access(&g, linear(USER_L1, 0), W, at(DATA, ALL | BIT(39)), 8);
	ck_assert_int_eq(guest_access(&g, user(0), U, 0, 8).kind, ACCESS_MMIO);
}
END_TEST

START_TEST(nx_is_reserved_without_nxe)
{
	guest_access(&g, linear(USER_L1, 2), W, at(DATA + 2, ALL | PTE_NX), 8);
	expect_done(user(2), U, 0, DATA + 2);
	expect_fault(user(2), U | X, U | X | PFEC_P);
	guest_set_modes(&g, g.v.cr0, g.v.cr4, EFER_LME);
	expect_fault(user(2), U, U | PFEC_P | PFEC_RSVD);
	guest_set_modes(&g, g.v.cr0, g.v.cr4, EFER_LME | EFER_NXE);
	expect_done(user(2), U, 0, DATA + 2);
}
END_TEST

START_TEST(smap_binds_by_the_callers_word)
{
	guest_set_modes(&g, g.v.cr0, g.v.cr4 | CR4_SMAP, g.v.efer);
	expect_fault(user(1), 0, PFEC_P);
	expect_done(user(1), HOST_AC, 0, DATA + 1);
	expect_done(user(1), U, 0, DATA + 1);
	guest_table(&g, USER_L1)[1] &= ~PTE_D;
	paging_guest_wrote(&g.d, USER_L1 * PAGE_SIZE + 8, 8);
	guest_invlpg(&g.v, user(1));
	expect_fault(user(1), W, W | PFEC_P);
	ck_assert(!(guest_table(&g, USER_L1)[1] & PTE_D));
}
END_TEST

/* ---- accessed and dirty bits ---- */

START_TEST(accessed_and_dirty)
{
	u64 *l2 = guest_table(&g, USER_L2);

	for (u32 i = 0; i < 4; i++)
		guest_access(&g, linear(USER_L1, i), W, at(DATA + i, PTE_P | PTE_RW | PTE_US), 8);
	guest_access(&g, linear(USER_L2, 0), W, at(USER_L1, PTE_P | PTE_RW | PTE_US), 8);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
	ck_assert(l2[0] & PTE_A);
	ck_assert_uint_eq(guest_table(&g, USER_L1)[0] & (PTE_A | PTE_D), PTE_A);
	ck_assert_uint_eq(guest_table(&g, USER_L1)[1] & (PTE_A | PTE_D), 0);
	expect_done(user(0), U | W, 5, DATA);
	ck_assert_uint_eq(guest_table(&g, USER_L1)[0] & (PTE_A | PTE_D), PTE_A | PTE_D);
	expect_done(user(1), U | W, 5, DATA + 1);
	ck_assert_uint_eq(guest_table(&g, USER_L1)[1] & (PTE_A | PTE_D), PTE_A | PTE_D);
	/* Ageing: the guest clears, flushes, and sees the next access again. */
	guest_access(&g, linear(USER_L1, 1), W, at(DATA + 1, PTE_P | PTE_RW | PTE_US), 8);
	guest_invlpg(&g.v, user(1));
	expect_done(user(1), U, 0, DATA + 1);
	ck_assert_uint_eq(guest_table(&g, USER_L1)[1] & (PTE_A | PTE_D), PTE_A);
	ck_assert_uint_eq(count(PN_CNT_set_dirty), 2);
}
END_TEST

START_TEST(superpage_dirty_bit)
{
	u64 *l2 = guest_table(&g, USER_L2);

	guest_access(&g, linear(USER_L2, 1), W, PTE_P | PTE_RW | PTE_US | PTE_PS, 8);
	expect_done(USER + 0x200000 + 5 * PAGE_SIZE, U, 0, 5);
	ck_assert_uint_eq(l2[1] & (PTE_A | PTE_D), PTE_A);
	expect_done(USER + 0x200000 + 300 * PAGE_SIZE, U | W, 1, 300);
	ck_assert_uint_eq(l2[1] & (PTE_A | PTE_D), PTE_A | PTE_D);
	ck_assert_uint_ge(count(PN_CNT_splinter), 1);
}
END_TEST

/* Set in an entry above level 1: a 1 GiB page, which CPUID hides, and bits 7 and 8 further up. Bit 8 is ignored at level 3. */
START_TEST(reserved_above)
{
	static const struct {
		u32 table, slot;
		u64 bits;
		bool reserved;
	} t[] = {
		{ USER_L3, 0, PTE_PS, true },      { USER_L3, 0, PTE_G, false },  { ROOT, USER >> 39, PTE_PS, true },
		{ ROOT, USER >> 39, PTE_G, true }, { USER_L2, 0, PTE_G, false },  { ROOT, USER >> 39, BIT(40), true },
		{ USER_L2, 0, BIT(39), false },    { USER_L2, 0, BIT(51), true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		u64 good = guest_table(&g, t[i].table)[t[i].slot];

		expect_done(USER, U, 0, DATA);
		guest_access(&g, linear(t[i].table, t[i].slot), W, good | t[i].bits, 8);
		guest_invlpg(&g.v, USER);
		if (t[i].reserved)
			expect_fault(USER, U, U | PFEC_P | PFEC_RSVD);
		else if (t[i].bits != BIT(39))
			expect_done(USER, U, 0, DATA);
		guest_access(&g, linear(t[i].table, t[i].slot), W, good, 8);
		guest_invlpg(&g.v, USER);
	}
}
END_TEST

/* ---- devices, guest memory ---- */

START_TEST(devices)
{
	struct outcome o;
	u64 x = 0;

	guest_access(&g, linear(USER_L1, 9), W, at(HOLE_AT + 1, ALL), 8);
	o = guest_access(&g, user(9) + 0x10, U | W, 1, 4);
	ck_assert_int_eq(o.kind, ACCESS_MMIO);
	ck_assert_uint_eq(o.gpa, (HOLE_AT + 1) * PAGE_SIZE + 0x10);
	ck_assert_int_eq(paging_read(&g.v, user(9), &x, 4, 0), SH_MMIO);
	ck_assert_uint_eq(g.v.fault.gpa, (HOLE_AT + 1) * PAGE_SIZE);
}
END_TEST

START_TEST(memory_across_pages)
{
	u8 out[64], in[64];

	for (u32 i = 0; i < 64; i++)
		in[i] = (u8)(i * 7);
	ck_assert_int_eq(paging_write(&g.v, user(5) - 20, in, 64, U), SH_FIXED);
	ck_assert_int_eq(paging_read(&g.v, user(5) - 20, out, 64, U), SH_FIXED);
	ck_assert_mem_eq(in, out, 64);
	ck_assert_mem_eq((u8 *)guest_table(&g, DATA + 4) + 4076, in, 20);
	ck_assert_mem_eq(guest_table(&g, DATA + 5), in + 20, 44);
	for (u32 n = 1; n <= 32; n++) {
		memset(out, 0, sizeof(out));
		ck_assert_int_eq(paging_read(&g.v, user(5), out, n, U), SH_FIXED);
		ck_assert_mem_eq(out, in + 20, n);
		ck_assert_uint_eq(out[n], 0);
	}
	/* A fault in the second page leaves the first as it was. */
	memset(in, 0xee, 64);
	ck_assert_int_eq(paging_write(&g.v, user(NR_DATA) - 8, in, 16, U), SH_GUEST_FAULT);
	ck_assert_uint_eq(g.v.fault.va, user(NR_DATA));
	ck_assert_uint_eq(g.v.fault.pfec, U | W);
	ck_assert_uint_eq(guest_table(&g, DATA + NR_DATA - 1)[511], 0);
	/* Before a device, the memory part is done. */
	guest_access(&g, linear(USER_L1, 8), W, at(HOLE_AT, ALL), 8);
	ck_assert_int_eq(paging_write(&g.v, user(8) - 8, in, 16, U), SH_MMIO);
	ck_assert_uint_eq(g.v.fault.gpa, HOLE_AT * PAGE_SIZE);
	ck_assert_mem_eq(guest_table(&g, DATA + 7) + 511, in, 8);
	ck_assert_int_eq(paging_read(&g.v, 0x8000000000000000ull, in, 8, 0), SH_GUEST_FAULT);
}
END_TEST

/* Emulation remembers translations, but no longer than a TLB may. */
START_TEST(emulation_forgets_at_flushes)
{
	u64 x = 0;

	for (u32 i = 0; i < 3; i++)
		guest_table(&g, DATA + i)[0] = 1000 + i;
	for (u32 i = 1; i < 3; i++) {
		ck_assert_int_eq(paging_read(&g.v, user(0), &x, 8, U), SH_FIXED);
		ck_assert_uint_eq(x, 1000 + i - 1);
		guest_access(&g, linear(USER_L1, 0), W, at(DATA + i, ALL), 8);
		if (i == 1)
			guest_invlpg(&g.v, user(0));
		else
			guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
		ck_assert_int_eq(paging_read(&g.v, user(0), &x, 8, U), SH_FIXED);
		ck_assert_uint_eq(x, 1000 + i);
	}
	/* What a supervisor may write with CR0.WP clear it may not with it set, at once. */
	guest_access(&g, linear(USER_L1, 3), W, at(DATA + 3, ALL & ~PTE_RW), 8);
	guest_set_modes(&g, CR0_PE | CR0_PG, CR4_PAE, g.v.efer);
	ck_assert_int_eq(paging_write(&g.v, user(3), &x, 8, 0), SH_FIXED);
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PAE, g.v.efer);
	ck_assert_int_eq(paging_write(&g.v, user(3), &x, 8, 0), SH_GUEST_FAULT);
	/* A right for one kind of access says nothing of another. */
	ck_assert_int_eq(paging_read(&g.v, user(3), &x, 8, U), SH_FIXED);
	ck_assert_int_eq(paging_write(&g.v, user(3), &x, 8, U), SH_GUEST_FAULT);
	guest_access(&g, linear(USER_L1, 4), W, at(DATA + 4, KERNEL), 8);
	ck_assert_int_eq(paging_read(&g.v, user(4), &x, 8, 0), SH_FIXED);
	ck_assert_int_eq(paging_read(&g.v, user(4), &x, 8, U), SH_GUEST_FAULT);
}
END_TEST

/* Where code lies is known where hardware has fetched it, and forgotten with the mode. */
START_TEST(pages_of_code)
{
	guest_table(&g, USER_L1)[3] = at(DATA + 3, ALL & ~PTE_A);
	ck_assert(!paging_code_page(&g.v, user(1)));
	expect_done(user(1), U | PFEC_I, 0, DATA + 1);
	ck_assert(paging_code_page(&g.v, user(1) + 0x123));
	ck_assert(g.v.code.va == user(1) && g.v.code.page == guest_at(&g, (DATA + 1) * PAGE_SIZE));
	ck_assert(!paging_code_page(&g.v, user(3)));
	guest_set_modes(&g, CR0_PE, 0, 0);
	expect_done((DATA + 1) * PAGE_SIZE, PFEC_I, 0, DATA + 1);
	ck_assert(g.v.code.va != user(1));
	ck_assert(!paging_code_page(&g.v, (DATA + 1) * PAGE_SIZE)); /* without paging: no entry says so */
	guest_long_mode(&g, ROOT, EFER_NXE);
}
END_TEST

/* What devices write counts for every page that it touches, and is nothing where no memory is. */
START_TEST(writes_of_devices)
{
	u8 bits[FRAMES / 8];

	ck_assert(paging_log_dirty(&g.d, true));
	paging_guest_wrote(&g.d, (DATA + 4) * PAGE_SIZE - 1, PAGE_SIZE + 2);
	paging_guest_wrote(&g.d, HOLE_AT * PAGE_SIZE - 4, 8);
	paging_guest_wrote(&g.d, FRAMES * PAGE_SIZE, 8);
	ck_assert_uint_eq(paging_log_dirty_peek(&g.d, 0, FRAMES, bits), 4);
	for (u64 f = DATA + 3; f < DATA + 6; f++)
		ck_assert(bits[f / 8] & BIT(f % 8));
	ck_assert(bits[(HOLE_AT - 1) / 8] & BIT((HOLE_AT - 1) % 8));
	ck_assert(paging_log_dirty(&g.d, false));
}
END_TEST

START_TEST(compare_and_exchange)
{
	u64 *p = guest_table(&g, DATA);
	u64 old[2] __attribute__((aligned(16))) = { 0, 0 }, new_[2] __attribute__((aligned(16))) = { 0x1122334455667788, 9 };
	bool done;

	for (u32 bytes = 1; bytes <= 16; bytes *= 2) {
		p[0] = p[1] = old[0] = old[1] = 0;
		ck_assert_int_eq(paging_cmpxchg(&g.v, user(0), old, new_, bytes, U, &done), SH_FIXED);
		ck_assert(done);
		ck_assert_mem_eq(p, new_, bytes);
		ck_assert_uint_eq(((u8 *)p)[bytes], 0);
		ck_assert_int_eq(paging_cmpxchg(&g.v, user(0), old, new_, bytes, U, &done), SH_FIXED);
		ck_assert(!done);
		ck_assert_mem_eq(old, new_, bytes);
	}
	guest_table(&g, DATA)[511] = 0xaaaaaaaa00000000;
	guest_table(&g, DATA + 1)[0] = 0xbbbbbbbb;
	old[0] = 0xbbbbbbbbaaaaaaaa;
	new_[0] = 0x4444333322221111;
	ck_assert_int_eq(paging_cmpxchg(&g.v, user(1) - 4, old, new_, 8, U, &done), SH_FIXED);
	ck_assert(done);
	ck_assert_uint_eq(guest_table(&g, DATA)[511], 0x2222111100000000);
	ck_assert_uint_eq(guest_table(&g, DATA + 1)[0], 0x44443333);
	guest_table(&g, USER_L1)[0] &= ~PTE_RW;
	paging_guest_wrote(&g.d, USER_L1 * PAGE_SIZE, 8);
	guest_invlpg(&g.v, user(0));
	ck_assert_int_eq(paging_cmpxchg(&g.v, user(0), old, new_, 8, U, &done), SH_GUEST_FAULT);
	ck_assert_uint_eq(g.v.fault.pfec, U | W | PFEC_P);
}
END_TEST

/* ---- modes ---- */

START_TEST(a_kernel_starts)
{
	struct vcpu *v = &g.v;

	/* As PVH begins: protected mode, paging off, then PAE, then long mode, all on the same memory. */
	guest_set_modes(&g, CR0_PE, 0, 0);
	ck_assert_uint_eq(v->guest_levels, 0);
	ck_assert_uint_eq(v->shadow_levels, 2);
	ck_assert_uint_eq(v->hw_cr0 & (CR0_PG | CR0_WP | CR0_PE), CR0_PG | CR0_WP | CR0_PE);
	ck_assert_uint_eq(v->hw_cr3 >> 32, 0);
	expect_done(DATA * PAGE_SIZE + 8, W, 77, DATA);
	ck_assert_int_eq(guest_access(&g, HOLE_AT * PAGE_SIZE, W, 0, 8).kind, ACCESS_MMIO);
	ck_assert_int_eq(guest_access(&g, 0xfee00000, 0, 0, 8).kind, ACCESS_MMIO);
	guest_set_modes(&g, CR0_PE, CR4_PAE, EFER_LME);
	ck_assert_uint_eq(v->shadow_levels, 3);
	ck_assert_uint_eq(v->hw_efer & (EFER_LME | EFER_LMA), 0);
	ck_assert_uint_eq(v->hw_cr3 & 31, 0);
	expect_done(DATA * PAGE_SIZE + 8, 0, 0, DATA);
	ck_assert_int_eq(guest_access(&g, 0xfee00000, 0, 0, 8).kind, ACCESS_MMIO);
	guest_set_modes(&g, CR0_PE | CR0_PG, CR4_PAE, EFER_LME);
	ck_assert_uint_eq(v->guest_levels, 4);
	ck_assert_uint_eq(v->hw_efer & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	expect_done(user(0) + 8, 0, 0, DATA);
	ck_assert_uint_eq(guest_access(&g, user(0) + 8, 0, 0, 8).value, 77);
	/* Real mode: PE=0 runs with paging on, too; SMEP means nothing there. */
	guest_set_modes(&g, 0, CR4_SMEP | CR4_SMAP, 0);
	ck_assert_uint_eq(v->hw_cr0 & (CR0_PG | CR0_PE), CR0_PG);
	ck_assert_uint_eq(v->hw_cr4 & (CR4_SMEP | CR4_SMAP | CR4_PAE), 0);
	expect_done(0x7c00, X, 0, 7);
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_CD | CR0_NW, CR4_PAE, EFER_LME);
	ck_assert_uint_eq(v->hw_cr0 & (CR0_CD | CR0_NW), 0);
	expect_done(user(1), U, 0, DATA + 1);
}
END_TEST

START_TEST(two_level_guest)
{
	u32 *root = (u32 *)guest_table(&g, 30), *l1 = (u32 *)guest_table(&g, 31);

	memset(root, 0, PAGE_SIZE);
	memset(l1, 0, PAGE_SIZE);
	root[1] = (u32)at(31, ALL);
	root[2] = (u32)(ALL | PTE_PS);
	l1[1023] = (u32)at(DATA, PTE_P | PTE_US);
	g.v.cr3 = 30 * PAGE_SIZE;
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PSE, 0);
	ck_assert_uint_eq(g.v.guest_levels, 2);
	expect_done((1u << 22) + 1023 * PAGE_SIZE, U, 0, DATA);
	ck_assert(l1[1023] & PTE_A);
	expect_fault((1u << 22) + 1023 * PAGE_SIZE, U | W, U | W | PFEC_P);
	expect_done((2u << 22) + 33 * PAGE_SIZE, U | W, 0, 33);
	root[2] |= BIT(21);
	paging_guest_wrote(&g.d, 30 * PAGE_SIZE + 8, 4);
	guest_invlpg(&g.v, 2u << 22);
	expect_fault((2u << 22) + 33 * PAGE_SIZE, U, U | PFEC_P | PFEC_RSVD);
}
END_TEST

/* ---- hostile tables ---- */

START_TEST(a_table_that_maps_itself)
{
	/* The classic recursive slot: every table is reachable, at every level at once. */
	const u64 slot = 300, self = 0xffff000000000000ull | slot << 39;
	gva_t root_va = self | slot << 30 | slot << 21 | slot << 12;
	gva_t l1_va = self | USER >> 39 << 30;

	guest_access(&g, linear(ROOT, slot), W, at(ROOT, KERNEL), 8);
	expect_done(root_va, 0, 0, ROOT);
	expect_done(root_va + 8 * slot, W, at(ROOT, KERNEL), ROOT);
	expect_done(l1_va, 0, 0, USER_L1);
	expect_done(l1_va + 8 * 40, W, at(DATA + 40, ALL), USER_L1);
	expect_done(user(40), U | W, 3, DATA + 40);
	guest_audit(&g);
	expect_done(l1_va + 8 * 40, W, 0, USER_L1);
	guest_invlpg(&g.v, user(40));
	expect_fault(user(40), U, U);
}
END_TEST

START_TEST(nothing_but_one_page)
{
	/* One frame is root, table and data. */
	u64 *t = guest_table(&g, 50);

	t[0] = at(50, ALL);
	t[1] = at(DATA, ALL);
	guest_load_cr3(&g, 50 * PAGE_SIZE);
	expect_done(0, U | W, at(50, ALL), 50);
	expect_done(0x1000, U | W, at(7, ALL), DATA);
	expect_done(16, W, at(DATA + 1, ALL), 50);
	expect_done(0x2000, U, 0, DATA + 1);
	expect_done(0x200000, U, 0, 7);
	guest_audit(&g);
}
END_TEST

START_TEST(tables_outside_memory)
{
	static const struct {
		u64 gfn;
		u32 slot;
		gva_t va;
	} t[] = { { USER_L2, 7, USER + (7ull << 21) }, { USER_L3, 7, USER + (7ull << 30) }, { ROOT, 7, 7ull << 39 } };

	guest_access(&g, linear(t[_i % 3].gfn, t[_i % 3].slot), W, at(_i < 3 ? FRAMES + 5 : HOLE_AT, ALL), 8);
	expect_crash(t[_i % 3].va, "outside its memory");
}
END_TEST

START_TEST(root_outside_memory)
{
	guest_load_cr3(&g, (FRAMES + 1) * PAGE_SIZE);
	ck_assert_int_eq(g.d.state, PN_CRASHED);
	ck_assert(strstr(g.d.reason, "CR3"));
}
END_TEST

START_TEST(the_smallest_pool)
{
	/* More tables than pages, used over and over. */
	for (u64 i = 0; i < 36; i++) {
		guest_access(&g, linear(USER_L2, 8 + (u32)i), W, at(200 + i, ALL), 8);
		guest_access(&g, linear(200 + i, 3), W, at(DATA + i, ALL), 8);
	}
	for (u32 round = 0; round < 5; round++)
		for (u64 i = 0; i < 36; i++) {
			expect_done(USER + ((8 + i) << 21) + 0x3000, U | W, i, DATA + i);
			guest_load_cr3(&g, (i & 1 ? ROOT : ROOT2) * PAGE_SIZE);
			guest_audit(&g);
		}
	ck_assert_uint_le(count(PN_CNT_shadow_peak), paging_pool_minimum(&g.d));
	guest_set_modes(&g, CR0_PE, CR4_PAE, 0);
	expect_done(0x5000, W, 0, 5);
}
END_TEST

static TCase *tables(const char *name, void (*begin)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, begin, finish);
	return t;
}

static void start_small(void)
{
	start_with(1);
}
static void stop(void)
{
	guest_exit(&g);
}

int main(void)
{
	Suite *s = suite_create("engine");
	TCase *t;

	t = tcase_create("memory");
	tcase_add_test(t, p2m_ranges);
	tcase_add_test(t, foreign_frames_are_refused);
	tcase_add_test(t, no_memory_for_a_pool);
	tcase_add_loop_test(t, no_memory_for_a_domain, 0, 2);
	suite_add_tcase(s, t);

	t = tables("walks", start);
	tcase_add_loop_test(t, rights_at_two_levels, 0, 256);
	tcase_add_test(t, faults_are_the_guests_own);
	tcase_add_test(t, nx_is_reserved_without_nxe);
	tcase_add_test(t, smap_binds_by_the_callers_word);
	tcase_add_test(t, accessed_and_dirty);
	tcase_add_test(t, superpage_dirty_bit);
	tcase_add_test(t, reserved_above);
	tcase_add_test(t, devices);
	tcase_add_test(t, memory_across_pages);
	tcase_add_test(t, emulation_forgets_at_flushes);
	tcase_add_test(t, pages_of_code);
	tcase_add_test(t, writes_of_devices);
	tcase_add_test(t, compare_and_exchange);
	tcase_add_test(t, a_kernel_starts);
	tcase_add_test(t, two_level_guest);
	tcase_add_test(t, a_table_that_maps_itself);
	tcase_add_test(t, nothing_but_one_page);
	suite_add_tcase(s, t);

	t = tcase_create("crashes");
	tcase_add_checked_fixture(t, start, stop);
	tcase_add_loop_test(t, tables_outside_memory, 0, 6);
	tcase_add_test(t, root_outside_memory);
	suite_add_tcase(s, t);

	t = tables("smallest pool", start_small);
	tcase_add_test(t, the_smallest_pool);
	suite_add_tcase(s, t);
	return run_suite(s);
}
