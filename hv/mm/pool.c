/* SPDX-License-Identifier: BSD-2-Clause */
/* The shadow pool's memory, its free list and the age of pinned roots. */
#include "pool.h"

#include "lib.h"
#include "p2m.h"

static u64 pages_of(u64 bytes)
{
	return ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
}

static u64 frame_pages(const struct domain *d)
{
	return pages_of(d->nr_pages * sizeof(struct frame_info));
}

static bool p2m_within_domain(const struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (d->p2m[g] != P2M_NONE && d->p2m[g] - d->first_mfn.n >= d->nr_pages)
			return false;
	return true;
}

/* Descriptors and hash buckets lie in one allocation, in that order. */
static bool alloc_books(struct domain *d, struct sh_domain *s, u64 pages)
{
	u64 buckets = 64;

	while (buckets < pages)
		buckets *= 2;
	s->books_pages = pages_of(pages * sizeof(struct sh_page)) + pages_of(buckets * sizeof(struct sh_page *));
	s->books = plat_alloc_pages(s->books_pages);
	s->tables = plat_alloc_pages(pages);
	s->frames = plat_alloc_pages(frame_pages(d));
	if (!s->books || !s->tables || !s->frames)
		return false;
	d->frame = (struct frame_info *)((uintptr_t)s->frames - d->first_mfn.n * sizeof(struct frame_info));
	s->page = s->books;
	s->hash = (void *)((char *)s->books + pages_of(pages * sizeof(struct sh_page)) * PAGE_SIZE);
	s->hash_mask = (u32)buckets - 1;
	s->pages = (u32)pages;
	s->first_mfn = (u32)plat_virt_to_mfn(s->tables).n;
	s->page_bias = (uintptr_t)s->page - s->first_mfn * sizeof(struct sh_page);
	return true;
}

bool pool_init(struct domain *d, u64 pages)
{
	struct sh_domain *s;

	if (!p2m_within_domain(d))
		return false;
	s = d->shadow = plat_alloc_pages(1);
	if (!s)
		return false;
	if (!alloc_books(d, s, pages)) {
		s->pages = (u32)pages;
		pool_destroy(d);
		return false;
	}
	s->unshadow_gfn = INVALID_GFN.n;
	for (u64 i = pages; i-- > 0;) {
		struct sh_page *sp = &s->page[i];
		sp->mfn = s->first_mfn + (u32)i;
		sp->table = plat_map(MFN(sp->mfn));
		sp->hash_next = s->free_list;
		s->free_list = sp;
		s->free++;
	}
	return true;
}

void pool_destroy(struct domain *d)
{
	struct sh_domain *s = d->shadow;

	if (!s)
		return;
	if (s->books)
		plat_free_pages(s->books, s->books_pages);
	if (s->tables)
		plat_free_pages(s->tables, s->pages);
	if (s->frames)
		plat_free_pages(s->frames, frame_pages(d));
	plat_free_pages(s, 1);
	d->frame = NULL;
	d->shadow = NULL;
}

struct sh_page *pool_take(struct domain *d)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *sp = s->free_list;

	BUG_ON(!sp);
	s->free_list = sp->hash_next;
	s->free--;
	sp->hash_next = NULL;
	sp->used = true;
	COUNT(d, shadow_alloc);
	if (++d->counter[PN_CNT_shadow_used] > d->counter[PN_CNT_shadow_peak])
		d->counter[PN_CNT_shadow_peak] = d->counter[PN_CNT_shadow_used];
	return sp;
}

void pool_give(struct domain *d, struct sh_page *sp)
{
	struct sh_domain *s = d->shadow;

	BUG_ON(!sp->used || sp->refs || sp->pinned || sp->loaded);
	memset(sp->live, 0, sizeof(sp->live));
	sp->used = false;
	sp->guest = NULL;
	sp->up = NULL;
	sp->hash_next = s->free_list;
	s->free_list = sp;
	s->free++;
	if (s->wrmap_last == sp)
		s->wrmap_last = NULL;
	COUNT(d, shadow_free);
	d->counter[PN_CNT_shadow_used]--;
}

struct sh_page *pool_oldest_root(const struct sh_domain *s)
{
	struct sh_page *oldest = NULL;

	for (u32 i = 0; i < s->pages; i++) {
		struct sh_page *sp = &s->page[i];

		if (sp->pinned && !sp->loaded && (!oldest || sp->last_used < oldest->last_used))
			oldest = sp;
	}
	return oldest;
}
