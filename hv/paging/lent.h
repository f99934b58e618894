/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages lent to the guest for one instruction that no emulation knows, or for one event's frame. Hardware walks tables of
 * their own for so long: copies of the root in use and of those on the way to each page that is lent, in which that page's entry gives
 * the access. What the copies were made from is not touched, so no book of it changes.
 *
 * For both kinds of paging. The includer defines
 *
 *   static void *lent_page(struct domain *);   a page of zeros that hardware may walk; there is one
 *
 * Must hold while pages are lent: no other vCPU of the domain runs, and nobody changes the tables that the copies were made from.
 */
#ifndef PAGING_LENT_H
#define PAGING_LENT_H

#include "lib.h"
#include "paging.h"
#include "plat.h"
#include "pte.h"

enum { LENT_LEVELS = 5, LENT_COPIES = 2 + LEND_MOST * LENT_LEVELS }; /* a root, and a page of ones */

enum lent_kind {
	LENT_OTHER,
	LENT_LEAVES, /* a copy of `of`, a level-1 table in which hardware may mark entries */
	LENT_TABLE,  /* what `of`, the guest's table that is lent, was before */
};

struct lent {
	void *block; /* nested paging: the pages, and how many */
	u32 block_pages;
	u32 copies;
	struct lent_copy {
		void *page;
		void *of;
		enum lent_kind kind;
	} copy[LENT_COPIES];
};

/* The tables that hardware walks. */
struct lent_tables {
	struct domain *d;
	void *root;
	u32 levels;
};

static inline u32 lent_bits(const struct lent_tables *t)
{
	return t->levels == 2 ? 10 : 9;
}

static inline u32 lent_slot(const struct lent_tables *t, u64 at, u32 level)
{
	return at >> (PAGE_SHIFT + (level - 1) * lent_bits(t)) & ((1u << lent_bits(t)) - 1);
}

static inline u64 lent_get(const struct lent_tables *t, const void *table, u32 slot)
{
	return t->levels == 2 ? ((const u32 *)table)[slot] : ((const u64 *)table)[slot];
}

static inline void lent_set(const struct lent_tables *t, void *table, u32 slot, u64 e)
{
	if (t->levels == 2)
		((u32 *)table)[slot] = (u32)e;
	else
		((u64 *)table)[slot] = e;
}

static void *lent_page(struct domain *d);

static inline void *lent_take(struct domain *d, void *of, enum lent_kind kind)
{
	struct lent *l = d->lent;
	void *page = lent_page(d);

	BUG_ON(l->copies == LENT_COPIES);
	l->copy[l->copies++] = (struct lent_copy){ page, of, kind };
	return of ? memcpy(page, of, PAGE_SIZE) : page;
}

static inline bool lent_is_copy(const struct lent *l, const void *page)
{
	for (u32 i = 0; i < l->copies; i++)
		if (l->copy[i].page == page)
			return true;
	return false;
}

/* The level-1 table that a superpage entry stands for. */
static inline void *lent_splinter(const struct lent_tables *t, u64 e)
{
	void *page = lent_take(t->d, NULL, LENT_OTHER);

	for (u32 i = 0; i < 1u << lent_bits(t); i++)
		lent_set(t, page, i, (e & ~(u64)PTE_PS) + i * PAGE_SIZE);
	return page;
}

/* A table in the place of what entry `e` of a table at `level` leads to. One that lacks the way for users, none of its entries may be used by. */
static inline void *lent_below(const struct lent_tables *t, u64 e, u32 level, u64 leaf)
{
	void *next = plat_map(pte_mfn(e));

	if (!(e & PTE_P) || (leaf & ~e & PTE_US && !(t->levels == 3 && level == 3)))
		return lent_take(t->d, NULL, LENT_OTHER);
	if (e & PTE_PS)
		return lent_splinter(t, e);
	return lent_is_copy(t->d->lent, next) ? next : lent_take(t->d, next, level == 2 ? LENT_LEAVES : LENT_OTHER);
}

/* The entry that leads to it: a PAE root's has no rights, any other those of the old one, and what the leaf needs. */
static inline u64 lent_link(const struct lent_tables *t, const void *to, u64 e, u32 level, u64 leaf)
{
	const u64 rights = PTE_P | PTE_RW | PTE_US | PTE_NX, needs = leaf & (PTE_RW | PTE_US);

	if (t->levels == 3 && level == 3)
		return mfn_to_hpa(plat_virt_to_mfn(to)) | PTE_P;
	if (!(e & PTE_P))
		return mfn_to_hpa(plat_virt_to_mfn(to)) | PTE_P | PTE_RW | PTE_US | PTE_A;
	return mfn_to_hpa(plat_virt_to_mfn(to)) | (e & rights) | needs | PTE_A;
}

/* The page at `at` is translated by `leaf`. */
static inline void lent_put(const struct lent_tables *t, u64 at, u64 leaf)
{
	void *table = t->root;

	for (u32 level = t->levels; level > 1; level--) {
		const u32 slot = lent_slot(t, at, level);
		const u64 e = lent_get(t, table, slot);
		void *next = lent_below(t, e, level, leaf);

		lent_set(t, table, slot, lent_link(t, next, e, level, leaf));
		table = next;
	}
	lent_set(t, table, lent_slot(t, at, 1), leaf);
}

/* Where no memory is, reads give ones, and what is written goes nowhere. */
static inline mfn_t lent_ones(struct domain *d)
{
	void *page = lent_take(d, NULL, LENT_OTHER);

	memset(page, 0xff, PAGE_SIZE);
	return plat_virt_to_mfn(page);
}

static inline bool lent_begin(struct domain *d)
{
	if (!d->lent)
		d->lent = plat_alloc_pages(ALIGN_UP(sizeof(struct lent), PAGE_SIZE) / PAGE_SIZE);
	return d->lent;
}

static inline void lent_destroy(struct domain *d)
{
	if (d->lent)
		plat_free_pages(d->lent, ALIGN_UP(sizeof(struct lent), PAGE_SIZE) / PAGE_SIZE);
	d->lent = NULL;
}

#endif
