/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address space in any paging mode, for tests that go through all pairs of guest and shadow levels:
 *
 *   LINEAR + gpa       every frame, for the supervisor, dirty and accessed
 *   USER + i pages     frames DATA + i, for everybody, i below NR_DATA
 *
 * Tables are taken from TABLE_FIRST on, the root first; a PAE root lies in its page at PAE_ROOT_AT.
 */
#ifndef TESTS_ENGINE_MODES_H
#define TESTS_ENGINE_MODES_H

/* The smallest entry. */
#define ACCESS_BYTES 4
#include "tests/engine/expect.h"

#define TABLE_FIRST 16
#define PAE_ROOT_AT 0x3a0

struct pair {
	u32 guest, shadow;
	bool fenced; /* the machine lets the guest change CR3 unseen: hv/paging/nested/fence.h */
};
/* Every pair whose guest has paging on, and those again that a fence changes. */
#define PAIR(guest, shadow)                                                                                                      \
	{                                                                                                                        \
		guest, shadow, false                                                                                             \
	}
#define FENCED(guest, shadow)                                                                                                    \
	{                                                                                                                        \
		guest, shadow, true                                                                                              \
	}
static const struct pair pairs[] = { PAIR(2, 2), PAIR(2, 3), PAIR(2, 4), PAIR(2, 5),   PAIR(3, 3),   PAIR(3, 4),  PAIR(3, 5),
				     PAIR(4, 4), PAIR(4, 5), PAIR(5, 5), FENCED(2, 2), FENCED(2, 3), FENCED(3, 3) };
#define NR_PAIRS    ((int)ARRAY_SIZE(pairs))
#define NR_UNFENCED (NR_PAIRS - 3)

/* One address space. */
struct space {
	u32 levels;
	u64 root; /* gfn */
};

static u64 next_table;

static inline u32 entry_bytes(u32 levels)
{
	return levels == 2 ? 4 : 8;
}
static inline u32 level_shift(u32 levels, u32 level)
{
	return 12 + (level - 1) * (levels == 2 ? 10 : 9);
}

static inline gva_t linear_base(u32 levels)
{
	static const gva_t base[] = { 0, 0, 0xc0000000, 0xc0000000, 0xffff888000000000, 0xff11000000000000 };

	return base[levels];
}
/* With five levels beyond what four could reach. */
static inline gva_t user_base(u32 levels)
{
	static const gva_t base[] = { 0, 0, 0x40000000, 0x40000000, 0x400000000000, 0x0040400000000000 };

	return base[levels];
}
static inline gva_t user(u32 levels, u32 page)
{
	return user_base(levels) + page * PAGE_SIZE;
}
static inline gva_t linear(u32 levels, gpa_t gpa)
{
	return linear_base(levels) + gpa;
}

static inline u64 get_entry(u32 levels, gpa_t gpa)
{
	const void *p = guest_at(&g, gpa);

	return entry_bytes(levels) == 4 ? *(const u32 *)p : *(const u64 *)p;
}
/* Behind the engine's back: for tables that it has not seen yet. */
static inline void set_entry(u32 levels, gpa_t gpa, u64 e)
{
	void *p = guest_at(&g, gpa);

	if (entry_bytes(levels) == 4)
		*(u32 *)p = (u32)e;
	else
		*(u64 *)p = e;
}

static inline u64 new_table(void)
{
	memset(guest_table(&g, next_table), 0, PAGE_SIZE);
	return next_table++;
}

static inline u64 space_cr3(const struct space *s)
{
	return s->root * PAGE_SIZE + (s->levels == 3 ? PAE_ROOT_AT : 0);
}

/* Where the entry of that level for va is; tables on the way to it are made. */
static inline gpa_t entry_for(const struct space *s, gva_t va, u32 level)
{
	gpa_t table = space_cr3(s);

	for (u32 l = s->levels;; l--) {
		u32 slots = s->levels == 2 ? 1024 : s->levels == 3 && l == 3 ? 4 : 512;
		gpa_t p = table + (va >> level_shift(s->levels, l) & (slots - 1)) * entry_bytes(s->levels);
		u64 e;

		if (l == level)
			return p;
		e = get_entry(s->levels, p);
		if (!(e & PTE_P)) {
			e = at(new_table(), s->levels == 3 && l == 3 ? PTE_P : ALL & ~PTE_D);
			set_entry(s->levels, p, e);
		}
		table = pte_gfn(e).n * PAGE_SIZE;
	}
}

static inline struct space space_new(u32 levels)
{
	struct space s = { .levels = levels, .root = new_table() };

	for (u64 f = 0; f < FRAMES; f++)
		set_entry(levels, entry_for(&s, linear(levels, f * PAGE_SIZE), 1), at(f, KERNEL));
	for (u64 i = 0; i < NR_DATA; i++)
		set_entry(levels, entry_for(&s, user(levels, (u32)i), 1), at(DATA + i, ALL));
	return s;
}

/* Load its root and turn its paging on: through paging off, as a CPU has to. False: #GP. */
static inline bool space_enter(const struct space *s, u64 cr0, u64 cr4, u64 efer)
{
	bool ok = guest_set_modes(&g, CR0_PE, 0, 0);

	cr4 |= s->levels > 2 ? CR4_PAE : 0;
	cr4 |= s->levels == 5 ? CR4_LA57 : 0;
	return ok && guest_load_cr3(&g, space_cr3(s)) &&
	       guest_set_modes(&g, CR0_PE | CR0_PG | cr0, cr4, efer | (s->levels > 3 ? EFER_LME : 0));
}

static inline void modes_start(u32 shadow_levels, u64 pool_pages)
{
	guest_init(&g, FRAMES, HOLE_AT, HOLE, pool_pages, 42);
	g.d.min_shadow_levels = shadow_levels;
	/* It counts from the next choice on. */
	guest_set_modes(&g, CR0_PE, CR4_PAE, 0);
	guest_set_modes(&g, CR0_PE, 0, 0);
	next_table = TABLE_FIRST;
	clear_frames();
}

/* The kernel stores through its linear map: 4 bytes or 8, as its entries have. */
static inline void store(u32 levels, gpa_t gpa, u64 value)
{
	struct outcome o = guest_access(&g, linear(levels, gpa), W, value, entry_bytes(levels));

	/* Not ck_assert, which makes a system call even where all is well. */
	if (o.kind != ACCESS_DONE || o.gpa != gpa)
		ck_abort_msg("a kernel's store ended otherwise");
}

#endif
