/* SPDX-License-Identifier: BSD-2-Clause */
/* What dom0 may ask of a running guest's paging, under every recipe: log-dirty, another pool size, frames that go and come. */
#include <stdlib.h>

#include "tests/engine/tables.h"
#include "logdirty.h"

#define WORDS (FRAMES / 64)

static u8 before[FRAMES][PAGE_SIZE];
static u64 unique = 0x1000000000000000ull;

static void take_snapshot(void)
{
	for (u64 f = 0; f < FRAMES; f++)
		if (guest_table(&g, f))
			memcpy(before[f], guest_table(&g, f), PAGE_SIZE);
}

static bool bit_of(const u64 *bits, u64 n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* Page by page: what changed since the snapshot is dirty, and nothing else is. Returns how many. */
static u32 compare(const u64 *bits)
{
	u32 dirty = 0;

	for (u64 f = 0; f < FRAMES; f++) {
		bool changed = guest_table(&g, f) && memcmp(before[f], guest_table(&g, f), PAGE_SIZE);

		ck_assert_msg(bit_of(bits, f) == changed, "frame %llu: %s, and its dirty bit is %d", (unsigned long long)f,
			      changed ? "written" : "not written", bit_of(bits, f));
		dirty += changed;
	}
	return dirty;
}

static void peek(u64 *bits)
{
	log_dirty_read(&g.d, 0, FRAMES, bits, false);
}

/* Cleaned in two parts, as for a domain larger than a buffer. */
static u64 clean(u64 *bits)
{
	return paging_log_dirty_clean(&g.d, 0, 256, bits) + paging_log_dirty_clean(&g.d, 256, FRAMES - 256, bits + 4);
}

static void write_user(u32 page)
{
	expect_done(user(page) + 8 * (unique % 512), U | W, unique, DATA + page);
	unique++;
}

static void map_all(void)
{
	for (u32 i = 0; i < NR_DATA; i++)
		write_user(i);
}

/* A batch of everything that writes: the guest, its tables, emulation, the hypervisor, accessed and dirty bits. */
static void write_in_all_ways(u32 round)
{
	u64 old, new_ = unique++;
	bool done;

	for (u32 i = round; i < NR_DATA; i += 5)
		write_user(i);
	for (u32 i = 0; i < NR_DATA; i += 3)
		expect_done(user(i), U, 0, DATA + i);
	expect_done(linear(200 + round, 7), W, unique++, 200 + round);
	guest_access(&g, linear(USER_L1, 300 + round), W, at(DATA + round, PTE_P | PTE_RW | PTE_US), 8);
	expect_done(user(300 + round), U, 0, DATA + round);
	ck_assert_int_eq(paging_write(&g.v, linear(210 + round, 3), &unique, 8, 0), SH_FIXED);
	unique++;
	ck_assert_int_eq(paging_write(&g.v, linear(221 + 2 * round, 0) - 3, &unique, 8, 0), SH_FIXED);
	unique++;
	old = *(u64 *)guest_table(&g, 240 + round);
	ck_assert_int_eq(paging_cmpxchg(&g.v, linear(240 + round, 0), &old, &new_, 8, 0, &done), SH_FIXED);
	ck_assert(done);
	guest_table(&g, 250 + round)[5] = unique++;
	paging_guest_wrote(&g.d, (250 + round) * PAGE_SIZE + 40, 8);
}

/* ---- log-dirty ---- */

START_TEST(every_written_page_is_found)
{
	u64 bits[WORDS];

	map_all();
	take_snapshot();
	ck_assert(paging_log_dirty(&g.d, true));
	guest_audit(&g);
	peek(bits);
	ck_assert_uint_eq(compare(bits), 0);
	for (u32 round = 0; round < 8; round++) {
		write_in_all_ways(round);
		guest_audit(&g);
		peek(bits);
		u32 dirty = compare(bits);
		ck_assert_uint_ge(dirty, 12);
		if (round % 3 == 0) /* pages stay dirty until they are cleaned */
			continue;
		memset(bits, 0, sizeof(bits));
		ck_assert_uint_eq(clean(bits), dirty);
		ck_assert_uint_eq(compare(bits), dirty);
		guest_audit(&g);
		take_snapshot();
		peek(bits);
		ck_assert_uint_eq(compare(bits), 0);
	}
	ck_assert(paging_log_dirty(&g.d, false));
	map_all();
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	map_all();
}
END_TEST

START_TEST(tables_and_roots_change_under_it)
{
	u64 bits[WORDS];

	map_all();
	take_snapshot();
	ck_assert(paging_log_dirty(&g.d, true));
	for (u32 round = 0; round < 6; round++) {
		/* A new table is filled, used, and becomes data again. */
		for (u32 i = 0; i < 8; i++)
			guest_access(&g, linear(60 + round, i), W, at(DATA + 40 + i, ALL), 8);
		guest_access(&g, linear(USER_L2, 5), W, at(60 + round, ALL), 8);
		guest_load_cr3(&g, (round & 1 ? ROOT : ROOT2) * PAGE_SIZE);
		for (u32 i = 0; i < 8; i += 1 + round % 2) {
			expect_done(USER + (5ull << 21) + i * PAGE_SIZE + 8 * round, U | W, unique, DATA + 40 + i);
			unique++;
		}
		guest_access(&g, linear(USER_L2, 5), W, unique++ << 1, 8); /* not present */
		guest_invlpg(&g.v, USER + (5ull << 21));
		guest_audit(&g);
		peek(bits);
		compare(bits);
		if (round == 3) {
			clean(bits);
			take_snapshot();
		}
	}
	/* A superpage, and a superpage's dirty bit. */
	guest_access(&g, linear(USER_L2, 6), W, PTE_P | PTE_RW | PTE_US | PTE_PS, 8);
	expect_done(USER + (6ull << 21) + 300 * PAGE_SIZE, U | W, unique++, 300);
	expect_done(USER + (6ull << 21) + 301 * PAGE_SIZE, U, 0, 301);
	guest_audit(&g);
	peek(bits);
	compare(bits);
	paging_log_dirty(&g.d, false);
}
END_TEST

/* 32-bit tables, then none at all. */
START_TEST(other_modes_too)
{
	u64 bits[WORDS];
	u32 *root = (u32 *)guest_table(&g, 30), *l1 = (u32 *)guest_table(&g, 31);

	memset(root, 0, PAGE_SIZE);
	memset(l1, 0, PAGE_SIZE);
	root[1] = (u32)at(31, PTE_P | PTE_RW | PTE_US);
	root[2] = (u32)(ALL | PTE_PS);
	l1[700] = (u32)at(DATA, PTE_P | PTE_RW | PTE_US);
	g.v.cr3 = 30 * PAGE_SIZE;
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PSE, 0);
	take_snapshot();
	ck_assert(paging_log_dirty(&g.d, true));
	expect_done((1u << 22) + 700 * PAGE_SIZE, U | W, unique++, DATA);
	expect_done((2u << 22) + 33 * PAGE_SIZE, U | W, unique++, 33);
	expect_done((2u << 22) + 34 * PAGE_SIZE, U, 0, 34);
	peek(bits);
	ck_assert_uint_eq(compare(bits), 4);
	guest_set_modes(&g, CR0_PE, _i ? CR4_PAE : 0, 0);
	expect_done(400 * PAGE_SIZE, W, unique++, 400);
	expect_done(401 * PAGE_SIZE, 0, 0, 401);
	guest_audit(&g);
	peek(bits);
	ck_assert_uint_eq(compare(bits), 5);
	clean(bits);
	take_snapshot();
	expect_done(400 * PAGE_SIZE, 0, 0, 400);
	peek(bits);
	ck_assert_uint_eq(compare(bits), 0);
	expect_done(400 * PAGE_SIZE, W, unique++, 400);
	peek(bits);
	ck_assert_uint_eq(compare(bits), 1);
}
END_TEST

START_TEST(protecting_is_one_pass_and_frees_nothing)
{
	u64 bits[WORDS], used, entries;

	map_all();
	used = count(PN_CNT_shadow_used);
	ck_assert(paging_log_dirty(&g.d, true));
	entries = count(PN_CNT_log_protect);
	ck_assert_uint_ge(entries, NR_DATA);
	ck_assert_uint_eq(count(PN_CNT_shadow_used), used);
	/* One trip more for each page, once; reading costs none. */
	for (u32 i = 0; i < NR_DATA; i++) {
		ck_assert_uint_eq(trips(user(i), U, 0), 0);
		ck_assert_uint_eq(trips(user(i), U | W, unique++), 1);
		ck_assert_uint_eq(trips(user(i), U | W, unique++), 0);
	}
	clean(bits);
	ck_assert_uint_eq(count(PN_CNT_log_protect), entries + NR_DATA);
	ck_assert_uint_eq(clean(bits), 0);
	ck_assert_uint_eq(count(PN_CNT_log_protect), entries + NR_DATA);
	/* On again: all is clean once more. */
	write_user(3);
	ck_assert(paging_log_dirty(&g.d, true));
	peek(bits);
	ck_assert(!bit_of(bits, DATA + 3));
	ck_assert_uint_eq(trips(user(3), U | W, unique++), 1);
}
END_TEST

START_TEST(no_memory_for_the_bitmap)
{
	void *all[64];
	u32 n = 0;

	for (u64 pages = 512; pages; pages /= 2)
		while (n < 64 && (all[n] = plat_alloc_pages(pages)))
			n++;
	ck_assert(!paging_log_dirty(&g.d, true));
	ck_assert_ptr_null(g.d.log_dirty);
	map_all();
}
END_TEST

/* ---- the pool's size ---- */

/* `tables` level-1 tables, each with its own shadow, used in turn. */
static void make_working_set(u32 tables)
{
	for (u32 i = 0; i < tables; i++) {
		guest_access(&g, linear(USER_L2, 8 + i), W, at(200 + i, ALL), 8);
		guest_access(&g, linear(200 + i, 3), W, at(DATA + i, ALL), 8);
	}
}

static u32 use_working_set(u32 tables)
{
	u32 faults = g.faults;

	for (u32 i = 0; i < tables; i++)
		expect_done(USER + ((8ull + i) << 21) + 0x3000, U | W, unique++, DATA + i);
	guest_audit(&g);
	return g.faults - faults;
}

START_TEST(the_pool_changes_under_load)
{
	static const u64 more[] = { 0, 28, 1, 188, 19, 20, 78, 50, 0, 108, 0 };
	u64 least = paging_pool_minimum(&g.d);

	make_working_set(60);
	for (u32 i = 0; i < ARRAY_SIZE(more); i++) {
		u64 size = least + more[i];

		use_working_set(60);
		ck_assert_int_eq(paging_pool_resize(&g.d, size), POOL_OK);
		ck_assert_uint_eq(count(PN_CNT_pool_pages), size);
		ck_assert_uint_le(count(PN_CNT_shadow_used), size);
		guest_audit(&g);
		use_working_set(60);
		ck_assert_uint_le(count(PN_CNT_shadow_used), size);
		guest_load_cr3(&g, (i & 1 ? ROOT : ROOT2) * PAGE_SIZE);
		if (i == 5) { /* and in a mode whose root is five pages */
			guest_set_modes(&g, CR0_PE, CR4_PAE, 0);
			expect_done(0x5000, W, 0, 5);
			ck_assert_int_eq(paging_pool_resize(&g.d, least), POOL_OK);
			expect_done(0x6000, W, 0, 6);
			guest_audit(&g);
			guest_long_mode(&g, ROOT, EFER_NXE);
		}
	}
}
END_TEST

START_TEST(memory_is_given_back)
{
	u64 small, large, least = paging_pool_minimum(&g.d);

	ck_assert_int_eq(paging_pool_resize(&g.d, least), POOL_OK);
	small = host_free_frames();
	ck_assert_int_eq(paging_pool_resize(&g.d, 300), POOL_OK);
	large = host_free_frames();
	ck_assert_uint_ge(small - large, (300 - least) / 32 * 32); /* memory comes in blocks */
	make_working_set(60);
	use_working_set(60);
	ck_assert_int_eq(paging_pool_resize(&g.d, least), POOL_OK);
	ck_assert_uint_eq(host_free_frames(), small);
	use_working_set(60);
}
END_TEST

START_TEST(sizes_that_cannot_be)
{
	u64 pages = count(PN_CNT_pool_pages), free_frames = host_free_frames();

	use_working_set(0);
	ck_assert_int_eq(paging_pool_resize(&g.d, paging_pool_minimum(&g.d) - 1), POOL_TOO_SMALL);
	ck_assert_int_eq(paging_pool_resize(&g.d, 0), POOL_TOO_SMALL);
	ck_assert_int_eq(paging_pool_resize(&g.d, 100000), POOL_NO_MEMORY);
	ck_assert_uint_eq(count(PN_CNT_pool_pages), pages);
	ck_assert_uint_eq(host_free_frames(), free_frames);
	ck_assert_int_eq(paging_pool_resize(&g.d, pages), POOL_OK);
	map_all();
}
END_TEST

/* What is measured can be created. */
START_TEST(workloads_have_large_enough_pools)
{
#define WORKLOAD(...)
#define POOL(name, pages) ck_assert_msg((pages) >= paging_pool_minimum(&g.d), "%s has a pool of %u pages", name, pages);
#include "workloads/workloads.def"
}
END_TEST

/* A pool that holds the working set is enough; below that it refills, and never fails. */
START_TEST(a_sweep_of_sizes)
{
	const u32 tables = 60;
	u64 least = paging_pool_minimum(&g.d);
	u32 last = ~0u;

	make_working_set(tables);
	for (u64 size = least; size <= least + 84; size += 12) {
		u32 faults = 0;

		ck_assert_int_eq(paging_pool_resize(&g.d, size), POOL_OK);
		for (u32 round = 0; round < 3; round++)
			faults = use_working_set(tables);
		ck_assert_uint_le(faults, last);
		if (size >= tables + 32)
			ck_assert_uint_eq(faults, 0);
		last = faults;
	}
}
END_TEST

/* ---- frames that go and come ---- */

START_TEST(a_frame_goes_and_another_comes)
{
	mfn_t mfn = p2m_lookup(&g.d, GFN(DATA + 1)), other = p2m_lookup(&g.d, GFN(DATA + 2));
	u64 x = 0;

	map_all();
	expect_done(linear(DATA + 1, 0), W, 77, DATA + 1);
	ck_assert(paging_remove_frame(&g.d, GFN(DATA + 1)));
	guest_audit(&g);
	ck_assert_int_eq(guest_access(&g, user(1), U | W, 1, 8).kind, ACCESS_MMIO);
	ck_assert_int_eq(guest_access(&g, linear(DATA + 1, 0), W, 1, 8).kind, ACCESS_MMIO);
	ck_assert_int_eq(paging_read(&g.v, user(1), &x, 8, U), SH_MMIO);
	ck_assert(!paging_remove_frame(&g.d, GFN(DATA + 1)));
	ck_assert(!paging_add_frame(&g.d, GFN(DATA + 1), MFN(g.d.first_mfn.n + g.d.nr_pages)));
	ck_assert(!paging_add_frame(&g.d, GFN(DATA + 3), mfn));
	ck_assert(!paging_add_frame(&g.d, GFN(FRAMES), mfn));
	ck_assert(paging_remove_frame(&g.d, GFN(DATA + 2)));
	ck_assert(paging_add_frame(&g.d, GFN(DATA + 1), other));
	ck_assert(paging_add_frame(&g.d, GFN(DATA + 2), mfn));
	guest_audit(&g);
	ck_assert_uint_eq(guest_access(&g, user(2), U, 0, 8).value, 77);
	ck_assert_int_eq(guest_access(&g, user(1), U | W, 5, 8).kind, ACCESS_DONE);
	ck_assert_uint_eq(*(u64 *)plat_map(other), 5);
	guest_audit(&g);
}
END_TEST

START_TEST(a_table_goes)
{
	map_all();
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	map_all();
	ck_assert(!paging_remove_frame(&g.d, GFN(ROOT2)));
	mfn_t mfn = p2m_lookup(&g.d, GFN(USER_L1)), mfn2 = p2m_lookup(&g.d, GFN(USER_L2));
	ck_assert(paging_remove_frame(&g.d, GFN(USER_L1)));
	guest_audit(&g);
	ck_assert(paging_add_frame(&g.d, GFN(USER_L1), mfn));
	map_all();
	guest_audit(&g);
	ck_assert(paging_remove_frame(&g.d, GFN(USER_L2)));
	ck_assert(paging_add_frame(&g.d, GFN(USER_L2), mfn2));
	map_all();
	ck_assert(paging_remove_frame(&g.d, GFN(USER_L1)));
	ck_assert(paging_remove_frame(&g.d, GFN(ROOT)));
	ck_assert(paging_add_frame(&g.d, GFN(USER_L1), mfn));
	map_all();
}
END_TEST

/* ---- what the guest asks ---- */

/* A list of one, at the end of frame 90: where the guest's kernel would keep it. */
static bool update(gpa_t entry, u64 value)
{
	struct pn_mmu_update *u = (void *)(guest_table(&g, 90) + 510);

	*u = (struct pn_mmu_update){ entry, value };
	return paging_update_entries(&g.v, 91 * PAGE_SIZE - sizeof(*u), 1) == 1;
}

START_TEST(entries_written_by_request)
{
	u64 updates = count(PN_CNT_pv_update);

	map_all();
	/* A leaf, an upper entry, an entry of the root, of a frame that is no table, and of one that becomes one. */
	ck_assert(update(USER_L1 * PAGE_SIZE + 40 * 8, at(DATA + 5, ALL)));
	expect_done(user(40), U | W, unique++, DATA + 5);
	ck_assert(update(60 * PAGE_SIZE + 8, at(DATA + 6, ALL)));
	ck_assert(update(USER_L2 * PAGE_SIZE + 9 * 8, at(60, ALL)));
	expect_done(USER + (9ull << 21) + PAGE_SIZE, U | W, unique++, DATA + 6);
	ck_assert(update(ROOT * PAGE_SIZE + 8, at(USER_L3, ALL)));
	expect_done((1ull << 39) + 3 * PAGE_SIZE, U | W, unique++, DATA + 3);
	guest_audit(&g);
	/* Taken away again; the guest flushes, as it would have to. */
	ck_assert(update(USER_L2 * PAGE_SIZE + 9 * 8, 0));
	guest_invlpg(&g.v, USER + (9ull << 21) + PAGE_SIZE);
	expect_fault(USER + (9ull << 21) + PAGE_SIZE, U, U);
	ck_assert_uint_eq(count(PN_CNT_pv_update) - updates, 5);
	/* Nowhere, in the middle of an entry, in a device. */
	ck_assert(!update(FRAMES * PAGE_SIZE, 1));
	ck_assert(!update(~7ull, 1));
	ck_assert(!update(HOLE_AT * PAGE_SIZE, 1));
	ck_assert(!update(USER_L1 * PAGE_SIZE + 4, 1));
	ck_assert_uint_eq(guest_table(&g, USER_L1)[0], at(DATA, ALL));
}
END_TEST

START_TEST(small_entries_by_request)
{
	u32 *root = (u32 *)guest_table(&g, 30), *l1 = (u32 *)guest_table(&g, 31);

	memset(root, 0, PAGE_SIZE);
	memset(l1, 0, PAGE_SIZE);
	l1[6] = 0x1234;
	g.v.cr3 = 30 * PAGE_SIZE;
	guest_set_modes(&g, CR0_PE | CR0_PG | CR0_WP, CR4_PSE, 0);
	ck_assert(update(30 * PAGE_SIZE + 4, at(31, ALL)));
	ck_assert(update(31 * PAGE_SIZE + 5 * 4, at(DATA, ALL) | 7ull << 32));
	ck_assert_uint_eq(l1[6], 0x1234);
	expect_done((1u << 22) + 5 * PAGE_SIZE, U | W, unique++, DATA);
	ck_assert(!update(31 * PAGE_SIZE + 6, 1));
}
END_TEST

/* A list across frames, which stops at the first that cannot be. */
START_TEST(lists_of_requests)
{
	struct pn_mmu_update *a = (void *)guest_table(&g, 90), *b = (void *)guest_table(&g, 91);
	gpa_t list = 90 * PAGE_SIZE + 254 * sizeof(*a);

	map_all();
	a[254] = (struct pn_mmu_update){ USER_L1 * PAGE_SIZE + 40 * 8, at(DATA, ALL) };
	a[255] = (struct pn_mmu_update){ USER_L1 * PAGE_SIZE + 41 * 8, at(DATA + 1, ALL) };
	b[0] = (struct pn_mmu_update){ USER_L1 * PAGE_SIZE + 42 * 8, at(DATA + 2, ALL) };
	b[1] = (struct pn_mmu_update){ HOLE_AT * PAGE_SIZE, 1 };
	b[2] = (struct pn_mmu_update){ USER_L1 * PAGE_SIZE + 43 * 8, at(DATA + 3, ALL) };
	ck_assert_uint_eq(paging_update_entries(&g.v, list, 0), 0);
	ck_assert_uint_eq(paging_update_entries(&g.v, list, 5), 3);
	for (u32 i = 0; i < 3; i++)
		expect_done(user(40 + i), U | W, unique++, DATA + i);
	expect_fault(user(43), U, U);
	/* The list itself ends outside memory, or is in a device. */
	ck_assert_uint_eq(paging_update_entries(&g.v, HOLE_AT * PAGE_SIZE - sizeof(*a), 2) < 2, true);
	ck_assert_uint_eq(paging_update_entries(&g.v, FRAMES * PAGE_SIZE, 1), 0);
	ck_assert_uint_eq(paging_update_entries(&g.v, ~15ull, 2), 0);
	/* It writes to itself. */
	a[0] = (struct pn_mmu_update){ 90 * PAGE_SIZE + 16, USER_L1 * PAGE_SIZE + 43 * 8 };
	a[1] = (struct pn_mmu_update){ 0, at(DATA + 3, ALL) };
	ck_assert_uint_eq(paging_update_entries(&g.v, 90 * PAGE_SIZE, 2), 2);
	expect_done(user(43), U | W, unique++, DATA + 3);
}
END_TEST

START_TEST(roots_announced_and_dismissed)
{
	enum pin_result r = paging_pin_root(&g.v, ROOT2 * PAGE_SIZE);
	u64 used = count(PN_CNT_shadow_used), hits = count(PN_CNT_root_hit);

	if (r == PIN_NONE) { /* this recipe keeps no roots, and says so of all */
		ck_assert_int_eq(paging_unpin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_NONE);
		return;
	}
	ck_assert_int_eq(r, PIN_OK);
	ck_assert_int_eq(paging_pin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_OK);
	ck_assert_uint_eq(count(PN_CNT_shadow_used), used);
	guest_load_cr3(&g, ROOT2 * PAGE_SIZE);
	ck_assert_uint_eq(count(PN_CNT_root_hit), hits + 1);
	map_all();
	ck_assert_int_eq(paging_unpin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_LOADED);
	guest_load_cr3(&g, ROOT * PAGE_SIZE);
	ck_assert_int_eq(paging_unpin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_OK);
	ck_assert_int_eq(paging_unpin_root(&g.v, ROOT2 * PAGE_SIZE), PIN_OK);
	guest_audit(&g);
	ck_assert_int_eq(paging_pin_root(&g.v, FRAMES * PAGE_SIZE), PIN_OUTSIDE);
	ck_assert_int_eq(paging_pin_root(&g.v, HOLE_AT * PAGE_SIZE), PIN_OUTSIDE);
	/* Every frame of memory pinned as a root: the pool lasts. */
	for (u64 f = 24; f < 490; f++)
		paging_pin_root(&g.v, f * PAGE_SIZE);
	guest_audit(&g);
	map_all();
}
END_TEST

static void stop(void)
{
	host_exit();
}

int main(void)
{
	Suite *s = suite_create("manage");
	TCase *t = tcase_create("manage");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_test(t, every_written_page_is_found);
	tcase_add_test(t, tables_and_roots_change_under_it);
	tcase_add_loop_test(t, other_modes_too, 0, 2);
	tcase_add_test(t, protecting_is_one_pass_and_frees_nothing);
	tcase_add_test(t, the_pool_changes_under_load);
	tcase_add_test(t, memory_is_given_back);
	tcase_add_test(t, sizes_that_cannot_be);
	tcase_add_test(t, workloads_have_large_enough_pools);
	tcase_add_test(t, a_sweep_of_sizes);
	tcase_add_test(t, a_frame_goes_and_another_comes);
	tcase_add_test(t, a_table_goes);
	tcase_add_test(t, entries_written_by_request);
	tcase_add_test(t, small_entries_by_request);
	tcase_add_test(t, lists_of_requests);
	tcase_add_test(t, roots_announced_and_dismissed);
	suite_add_tcase(s, t);
	t = tcase_create("no memory");
	tcase_add_checked_fixture(t, start, stop);
	tcase_add_test(t, no_memory_for_the_bitmap);
	suite_add_tcase(s, t);
	return run_suite(s);
}
