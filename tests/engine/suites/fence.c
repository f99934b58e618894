/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines on which a guest outside of long mode can change CR3 unseen: what the fence lets it reach, and that the engine
 * believes nothing that such a guest may have written.
 */
#include "tests/engine/modes.h"

#include "fence.h"
#include "pool.h"

#define ROUNDS 4000

/* The pairs that a fence changes. */
static const struct pair *const fenced = pairs + NR_UNFENCED;
#define NR_FENCED (NR_PAIRS - NR_UNFENCED)

static void begin(u32 shadow_levels, u64 pool)
{
	plat_cr3_unseen = true;
	modes_start(shadow_levels, pool);
}

static u64 hw_frames(void)
{
	return pool_hw_offset / PAGE_SIZE;
}

/* Is this frame one that hardware may walk for the guest? */
static bool is_hw_half(u64 mfn)
{
	return pool_owns(g.d.shadow, mfn - hw_frames());
}

static bool is_named(u64 mfn)
{
	for (u64 f = 0; f < g.d.p2m_frames; f++)
		if (g.d.p2m[f] == mfn)
			return true;
	return false;
}

/* The fence maps what it should, to itself, and nothing else. */
static void expect_fence(void)
{
	u64 mapped = 0;

	for (u64 mfn = 0; mfn < g.machine_frames; mfn++) {
		u64 e = nested_lookup(g.d.fence_root, mfn);

		ck_assert_msg(!e == !(is_named(mfn) || is_hw_half(mfn)), "frame %llx is %s", (unsigned long long)mfn,
			      e ? "within" : "without");
		mapped += e != 0;
		if (e & PTE_PS)
			ck_assert_uint_eq(pte_mfn(e).n, mfn & ~511ull);
		else if (e)
			ck_assert_uint_eq(pte_mfn(e).n, mfn);
	}
	ck_assert_uint_ge(mapped, FRAMES - HOLE);
}

START_TEST(fence_is_the_domain_and_its_tables)
{
	begin(0, 100);
	expect_fence();
	ck_assert_int_eq(paging_pool_resize(&g.d, 200), POOL_OK);
	expect_fence();
	ck_assert_int_eq(paging_pool_resize(&g.d, 90), POOL_OK);
	expect_fence();
	ck_assert_int_eq(paging_pool_resize(&g.d, 100000), POOL_NO_MEMORY);
	expect_fence();
	finish();
}
END_TEST

START_TEST(frames_leave_and_come)
{
	mfn_t mfn;

	begin(0, 0);
	mfn = p2m_lookup(&g.d, GFN(DATA));
	ck_assert(paging_remove_frame(&g.d, GFN(DATA)));
	ck_assert_uint_eq(nested_lookup(g.d.fence_root, mfn.n), 0);
	expect_fence();
	ck_assert(paging_add_frame(&g.d, GFN(HOLE_AT), mfn));
	ck_assert_uint_ne(nested_lookup(g.d.fence_root, mfn.n), 0);
	expect_fence();
	/* Two names: with one gone it stays. */
	ck_assert(paging_add_frame(&g.d, GFN(DATA), mfn));
	ck_assert(paging_remove_frame(&g.d, GFN(HOLE_AT)));
	expect_fence();
	ck_assert(paging_add_frame(&g.d, GFN(HOLE_AT), p2m_lookup(&g.d, GFN(HOLE_AT - 1))));
	finish();
}
END_TEST

/* Memory of 2 MiB in one piece is one entry, until a frame of it goes. */
START_TEST(large_where_possible)
{
	plat_cr3_unseen = true;
	guest_init(&g, 2048, 2000, 8, 0, 1);
	ck_assert_uint_ne(nested_lookup(g.d.fence_root, g.d.first_mfn.n + 512) & PTE_PS, 0);
	ck_assert_uint_eq(nested_lookup(g.d.fence_root, g.d.first_mfn.n + 2000), 0);
	ck_assert_uint_eq(nested_lookup(g.d.fence_root, g.d.first_mfn.n + 1999) & PTE_PS, 0);
	ck_assert(paging_remove_frame(&g.d, GFN(600)));
	ck_assert_uint_eq(nested_lookup(g.d.fence_root, g.d.first_mfn.n + 600), 0);
	ck_assert_uint_eq(nested_lookup(g.d.fence_root, g.d.first_mfn.n + 601) & ~0xfffull, (g.d.first_mfn.n + 601) * PAGE_SIZE);
	finish();
}
END_TEST

/* A large entry that would have to be split, and no memory to do so: nothing has changed. */
START_TEST(no_memory_to_split)
{
	mfn_t mfn;

	plat_cr3_unseen = true;
	guest_init(&g, 2048, 2000, 8, 0, 1);
	mfn = p2m_lookup(&g.d, GFN(600));
	while (plat_alloc_pages(1))
		;
	ck_assert(!paging_remove_frame(&g.d, GFN(600)));
	ck_assert(mfn_eq(p2m_lookup(&g.d, GFN(600)), mfn));
	ck_assert_uint_ne(nested_lookup(g.d.fence_root, mfn.n) & PTE_PS, 0);
	ck_assert(!paging_add_frame(&g.d, GFN(2000), mfn));
	ck_assert(!mfn_valid(p2m_lookup(&g.d, GFN(2000))));
	ck_assert(paging_remove_frame(&g.d, GFN(1999)) && paging_add_frame(&g.d, GFN(2000), MFN(g.d.first_mfn.n + 1999)));
	guest_audit(&g);
}
END_TEST

/* On outside of long mode, paging or not; off in it. */
START_TEST(long_mode_turns_it_off)
{
	struct space s;

	begin(0, 0);
	ck_assert_uint_ne(g.v.hw_nested_cr3, 0);
	s = space_new(4);
	ck_assert(space_enter(&s, CR0_WP, 0, EFER_NXE));
	ck_assert_uint_eq(g.v.hw_nested_cr3, 0);
	expect_done(user(4, 0), U | W, 1, DATA);
	ck_assert(guest_set_modes(&g, CR0_PE, 0, 0));
	ck_assert_uint_eq(g.v.hw_nested_cr3, mfn_to_hpa(g.d.fence_root));
	expect_done(DATA * PAGE_SIZE, 0, 0, DATA);
	finish();
}
END_TEST

START_TEST(none_where_none_is_needed)
{
	plat_cr3_unseen = false;
	modes_start(0, 0);
	ck_assert_uint_eq(g.v.hw_nested_cr3, 0);
	ck_assert_uint_eq(pool_hw_offset, 0);
	finish();
}
END_TEST

/* ---- guests that go wild ---- */

static u64 dice(u64 of)
{
	return host_random(&g.rng) % of;
}

/* A frame that an entry made by chance may name: of the domain, of either half of the pool, or any. */
static u64 any_frame(void)
{
	switch (dice(4)) {
	case 0: return g.d.first_mfn.n + dice(g.d.nr_pages);
	case 1: return plat_virt_to_mfn(g.d.shadow->blocks).n + dice(2 * POOL_BLOCK);
	case 2: return dice(g.machine_frames);
	}
	return dice(BIT(40));
}

static u64 any_entry(void)
{
	return dice(8) ? any_frame() << PAGE_SHIFT | (host_random(&g.rng) & 0xfff) : host_random(&g.rng);
}

static struct sh_page *any_page(void)
{
	u64 n = dice(POOL_BLOCK_PAGES * 3);
	struct sh_page *last = NULL;

	pool_for_each(g.d.shadow, sp) {
		last = sp;
		if (sp->used && !n--)
			break;
	}
	return last;
}

/* What the guest does by tables of its own: anything to what hardware walks of any page, free ones too. */
static void scribble(u32 n)
{
	while (n--) {
		u64 *hw = (u64 *)((u8 *)any_page()->table + pool_hw_offset);

		hw[dice(dice(2) ? 512 : 8)] = any_entry();
	}
}

/* What hardware walks, as the engine wrote it: for the audit, which compares. */
static void undo_scribbles(void)
{
	pool_for_each(g.d.shadow, sp) {
		u8 *hw = (u8 *)sp->table + pool_hw_offset;
		const bool apart = sp->used && sp->role && ROLE_SHADOW_LEVELS(sp->role) <= 3;
		const bool links = ROLE_LEVEL(sp->role) > 1;
		const u32 size = ROLE_SHADOW_LEVELS(sp->role) == 2 ? 4 : 8;

		memset(hw, 0, PAGE_SIZE);
		for (u32 at = 0; apart && at < (sp->role & ROLE_PDPTES && ROLE_LEVEL(sp->role) == 3 ? 32 : PAGE_SIZE);
		     at += size) {
			u64 e = 0;

			memcpy(&e, (u8 *)sp->table + at, size);
			if (links && (e & (PTE_P | PTE_PS)) == PTE_P)
				e += pool_hw_offset;
			memcpy(hw + at, &e, size);
		}
	}
}

/*
 * Frames of its own that the guest wrote to by entries of hardware's that it had changed itself: if they were tables in step, the engine
 * has not seen it, and the guest has hurt nobody but itself.
 */
static bool written_unseen[FRAMES];

static void note_written(u64 mfn)
{
	for (u64 f = 0; f < FRAMES; f++)
		written_unseen[f] |= p2m_lookup(&g.d, GFN(f)).n == mfn;
}

/* Hardware let the guest through to hpa, which it writes to or reads. */
static void reach(hpa_t hpa, u32 access)
{
	u64 mfn = hpa_to_mfn(hpa).n;

	if (!is_named(mfn) && !is_hw_half(mfn))
		ck_abort_msg("the guest reached frame %llx", (unsigned long long)mfn);
	if (access & W) {
		*(u32 *)((u8 *)plat_map(MFN(mfn)) + (hpa & 0xffc)) = (u32)any_entry();
		note_written(mfn);
	}
}

/* One access, answered as the backend would; where that would be the end of the domain, the engine is driven on. */
static void wild_access(gva_t va, u32 access)
{
	struct vcpu *v = g.on;
	hpa_t hpa = 0;
	u32 value = (u32)any_entry(), pfec;

	for (u32 i = 0; i < 8; i++) {
		if (host_access(v, va, access, &hpa, &pfec)) {
			reach(hpa, access);
			return;
		}
		if (pfec & HOST_NPF)
			return;
		switch (paging_fault(v, va, pfec)) {
		case SH_EMULATE: paging_write(v, va, &value, 4, access & U); return;
		case SH_FIXED:
		case SH_RETRY: break;
		default: return;
		}
	}
}

static gva_t any_address(u32 levels)
{
	switch (dice(3)) {
	case 0: return user(levels, (u32)dice(NR_DATA + 4)) + (dice(1024) << 2);
	case 1: return linear(levels, dice(FRAMES) << PAGE_SHIFT) + (dice(1024) << 2);
	}
	return dice(BIT(32)) & ~3ull;
}

static void wild_step(const struct space *s, const struct space *t)
{
	const struct space *to = dice(2) ? s : t;

	switch (dice(16)) {
	case 0: guest_load_cr3(&g, space_cr3(to)); break;
	case 1: guest_invlpg(g.on, any_address(s->levels)); break;
	case 2: space_enter(to, CR0_WP, CR4_PSE, dice(2) ? EFER_NXE : 0); break;
	case 3: ck_assert_int_ne(paging_pool_resize(&g.d, paging_pool_minimum(&g.d) + dice(80)), POOL_TOO_SMALL); break;
	case 4: paging_log_dirty(&g.d, dice(2)); break;
	default: wild_access(any_address(s->levels), (u32)dice(2) * W | (u32)dice(2) * U);
	}
	g.d.state = PN_RUNNING;
}

/* Paging is off; the guest's tables may have been written over, too, and are cleared. */
static void expect_unhurt(void)
{
	undo_scribbles();
	for (u64 f = 0; f < FRAMES; f++) {
		if (written_unseen[f])
			paging_guest_wrote(&g.d, f * PAGE_SIZE, PAGE_SIZE);
		written_unseen[f] = false;
	}
	guest_audit(&g);
	expect_fence();
	clear_frames();
	for (u64 f = 0; f < FRAMES; f++)
		paging_guest_wrote(&g.d, f * PAGE_SIZE, PAGE_SIZE);
	next_table = TABLE_FIRST;
}

/* Random entries over hardware's tables between random events. Nothing outside of its memory changes, and no book does. */
START_TEST(scribbled_tables)
{
	const struct pair *p = &fenced[_i % NR_FENCED];
	struct space s, t, fresh;

	begin(p->shadow, _i & 1 ? 0 : 60);
	g.rng = 77 + (u64)_i;
	g.cpu.wild = true;
	s = space_new(p->guest);
	t = space_new(p->guest);
	ck_assert(space_enter(&s, CR0_WP, CR4_PSE, EFER_NXE));
	for (u32 i = 0; i < ROUNDS; i++) {
		if (!dice(4))
			scribble(1 + (u32)dice(16));
		wild_step(&s, &t);
	}
	ck_assert(guest_set_modes(&g, CR0_PE, 0, 0));
	expect_unhurt();
	g.cpu.wild = false;
	fresh = space_new(p->guest);
	ck_assert(space_enter(&fresh, CR0_WP, CR4_PSE, EFER_NXE));
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(p->guest, i), U | W, i, DATA + i);
	finish();
}
END_TEST

/* A guest that faults for ever because it took an entry from hardware's table is ended. */
START_TEST(taken_entry_ends_it)
{
	const struct pair *p = &fenced[_i];
	struct outcome o = { 0 };
	struct space s;

	begin(p->shadow, 0);
	s = space_new(p->guest);
	ck_assert(space_enter(&s, CR0_WP, CR4_PSE, EFER_NXE));
	expect_done(user(p->guest, 0), U | W, 1, DATA);
	pool_for_each(g.d.shadow, sp)
		if (sp->used && ROLE_LEVEL(sp->role) == 1)
			memset((u8 *)sp->table + pool_hw_offset, 0, PAGE_SIZE);
	plat_tlb_flush(&g.v);
	o = guest_access(&g, user(p->guest, 0), U | W, 1, 4);
	ck_assert_int_eq(o.kind, ACCESS_CRASH);
	ck_assert_ptr_nonnull(strstr(g.d.reason, "has written to the tables that hardware walks"));
	undo_scribbles();
	finish();
}
END_TEST

/* A fault of nested paging is the guest's end, never the machine's. */
START_TEST(nested_fault_ends_it)
{
	begin(0, 0);
	ck_assert_int_eq(paging_nested_fault(&g.v, 0x123000, 0), SH_FIXED);
	ck_assert_int_eq(g.d.state, PN_CRASHED);
	ck_assert_ptr_nonnull(strstr(g.d.reason, "123000"));
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fence");
	TCase *t = tcase_create("what it maps");

	tcase_add_test(t, fence_is_the_domain_and_its_tables);
	tcase_add_test(t, frames_leave_and_come);
	tcase_add_test(t, large_where_possible);
	tcase_add_test(t, no_memory_to_split);
	tcase_add_test(t, long_mode_turns_it_off);
	tcase_add_test(t, none_where_none_is_needed);
	suite_add_tcase(s, t);

	t = tcase_create("wild guests");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, scribbled_tables, 0, 4 * NR_FENCED);
	tcase_add_loop_test(t, taken_entry_ends_it, 0, NR_FENCED);
	tcase_add_test(t, nested_fault_ends_it);
	suite_add_tcase(s, t);
	return run_suite(s);
}
