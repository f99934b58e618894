/* SPDX-License-Identifier: BSD-2-Clause */
/* The shadow pool's memory, and its lists of free and idle pages. */
#include "pool.h"

#include "fence.h"
#include "lib.h"
#include "p2m.h"

u64 pool_hw_offset;

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

_Static_assert(POOL_BOOKS *PAGE_SIZE == POOL_BLOCK * sizeof(struct sh_page), "descriptors fill their frames");
_Static_assert(sizeof(struct pool_block) <= sizeof(struct sh_page), "a block's own entry fits a descriptor's place");

/* ---- blocks ---- */

static u64 block_frames(void)
{
	return POOL_BLOCK + pool_hw_offset / PAGE_SIZE;
}

u64 pool_bytes(u64 pages)
{
	const u64 blocks = (pages + POOL_BLOCK_PAGES - 1) / POOL_BLOCK_PAGES;

	return blocks * POOL_BLOCK * (plat_cr3_unseen ? 2 : 1) * PAGE_SIZE;
}

/* A block's frames, aligned; zeroed. NULL: none left. */
static void *alloc_block(void)
{
	const u64 frames = block_frames();
	u8 *p = plat_alloc_low_pages(frames);
	u64 head;

	if (!p || !(plat_virt_to_mfn(p).n % POOL_BLOCK))
		return p;
	plat_free_pages(p, frames);
	p = plat_alloc_low_pages(frames + POOL_BLOCK - 1);
	if (!p)
		return NULL;
	head = -plat_virt_to_mfn(p).n % POOL_BLOCK;
	if (head)
		plat_free_pages(p, head);
	if (head < POOL_BLOCK - 1)
		plat_free_pages(p + (head + frames) * PAGE_SIZE, POOL_BLOCK - 1 - head);
	return p + head * PAGE_SIZE;
}

/* What hardware walks of a block: none of the frames that hold descriptors. */
static mfn_t hw_half(const struct pool_block *b)
{
	return MFN(plat_virt_to_mfn(b).n + POOL_BLOCK + POOL_BOOKS);
}

/* A new block, whose half for hardware is within the fence, where there is one. NULL: out of memory. */
static struct pool_block *fenced_block(struct domain *d)
{
	struct pool_block *b = alloc_block();

	if (b && fence_is_up(d) && !fence_add(d, hw_half(b), POOL_BLOCK_PAGES)) {
		plat_free_pages(b, block_frames());
		return NULL;
	}
	return b;
}

static void push(struct sh_page **list, struct sh_page *sp)
{
	sp->hash_next = *list;
	*list = sp;
}

static struct sh_page *pop(struct sh_page **list)
{
	struct sh_page *sp = *list;

	*list = sp->hash_next;
	sp->hash_next = NULL;
	return sp;
}

/* The block comes, or goes. */
static void toggle_place(struct sh_domain *s, const struct pool_block *b)
{
	const u64 place = plat_virt_to_mfn(b).n / POOL_BLOCK;

	BUG_ON(place >= POOL_PLACES);
	s->placed[place / 64] ^= BIT(place % 64);
}

/* At the end of the list, its pages idle, lowest first. */
static bool add_block(struct sh_domain *s)
{
	struct pool_block *b = fenced_block(s->domain), **p = &s->blocks;

	if (!b)
		return false;
	while (*p)
		p = &(*p)->next;
	*p = b;
	toggle_place(s, b);
	for (u32 i = POOL_BLOCK; i-- > POOL_BOOKS;) {
		struct sh_page *sp = (struct sh_page *)b + i;

		sp->mfn = (u32)plat_virt_to_mfn(b).n + i;
		sp->table = plat_map(MFN(sp->mfn));
		push(&s->idle_list, sp);
	}
	s->idle += POOL_BLOCK_PAGES;
	return true;
}

static struct pool_block *block_of(struct sh_page *sp)
{
	return (struct pool_block *)(sp - sp->mfn % POOL_BLOCK);
}

/* Take a block's pages out of a list; returns how many there were. */
static u32 sift(struct sh_page **list, const struct pool_block *b)
{
	u32 n = 0;

	while (*list) {
		if (block_of(*list) == b) {
			*list = (*list)->hash_next;
			n++;
		} else {
			list = &(*list)->hash_next;
		}
	}
	return n;
}

/* `*p` holds no page in use; others that are idle take the place of its free ones. */
static void remove_block(struct sh_domain *s, struct pool_block **p)
{
	struct pool_block *b = *p;
	u32 idle = sift(&s->idle_list, b), free = sift(&s->free_list, b);

	BUG_ON(idle + free != POOL_BLOCK_PAGES);
	s->idle -= POOL_BLOCK_PAGES;
	for (; free; free--)
		push(&s->free_list, pop(&s->idle_list));
	*p = b->next;
	toggle_place(s, b);
	if (fence_is_up(s->domain))
		fence_remove(s->domain, hw_half(b), POOL_BLOCK_PAGES);
	plat_free_pages(b, block_frames());
}

static bool block_in_use(const struct pool_block *b)
{
	for (u32 i = POOL_BOOKS; i < POOL_BLOCK; i++)
		if (((const struct sh_page *)b)[i].used)
			return true;
	return false;
}

u64 pool_spare_blocks(const struct sh_domain *s)
{
	return s->idle / POOL_BLOCK_PAGES;
}

u64 pool_trim(struct sh_domain *s, u64 blocks)
{
	struct pool_block **p = &s->blocks;
	u64 n = 0;

	while (*p && n < blocks) {
		if (block_in_use(*p)) {
			p = &(*p)->next;
			continue;
		}
		remove_block(s, p);
		n++;
	}
	return n;
}

bool pool_grow(struct sh_domain *s, u64 pages)
{
	struct sh_page **tail = &s->free_list;
	u64 n = 0;

	while (*tail)
		tail = &(*tail)->hash_next;
	for (; n < pages && (s->idle_list || add_block(s)); n++) {
		*tail = pop(&s->idle_list);
		tail = &(*tail)->hash_next;
	}
	s->idle -= (u32)n;
	s->free += (u32)n;
	s->pages += (u32)n;
	if (n == pages)
		return true;
	pool_shrink(s, n);
	pool_trim(s, pool_spare_blocks(s));
	return false;
}

void pool_shrink(struct sh_domain *s, u64 pages)
{
	BUG_ON(s->free < pages);
	for (u64 i = 0; i < pages; i++)
		push(&s->idle_list, pop(&s->free_list));
	s->idle += (u32)pages;
	s->free -= (u32)pages;
	s->pages -= (u32)pages;
}

/* ---- the whole ---- */

struct sh_page **pool_hash_alloc(u64 pages, u32 *mask)
{
	u64 buckets = 64;

	while (buckets < pages)
		buckets *= 2;
	*mask = (u32)buckets - 1;
	return plat_alloc_pages(pages_of(buckets * sizeof(struct sh_page *)));
}

void pool_hash_free(struct sh_page **hash, u32 mask)
{
	if (hash)
		plat_free_pages(hash, pages_of((mask + 1ull) * sizeof(*hash)));
}

bool pool_init(struct domain *d, u64 pages, u64 kept)
{
	const u64 bytes = sizeof(struct sh_domain) + kept;
	struct sh_domain *s;

	if (!p2m_within_domain(d))
		return false;
	pool_hw_offset = plat_cr3_unseen ? POOL_BLOCK * PAGE_SIZE : 0;
	s = d->shadow = plat_alloc_pages(pages_of(bytes));
	if (!s)
		return false;
	s->domain = d;
	s->bytes = bytes;
	s->frames = plat_alloc_pages(frame_pages(d));
	s->hash = pool_hash_alloc(pages, &s->hash_mask);
	if (!s->frames || !s->hash || (plat_cr3_unseen && !fence_init(d)) || !pool_grow(s, pages)) {
		pool_destroy(d);
		return false;
	}
	d->frame = (struct frame_info *)((uintptr_t)s->frames - d->first_mfn.n * sizeof(struct frame_info));
	d->counter[PN_CNT_pool_pages] = pages;
	return true;
}

void pool_destroy(struct domain *d)
{
	struct sh_domain *s = d->shadow;

	if (!s)
		return;
	for (struct pool_block *b = s->blocks, *next; b; b = next) {
		next = b->next;
		plat_free_pages(b, block_frames());
	}
	pool_hash_free(s->hash, s->hash_mask);
	if (s->frames)
		plat_free_pages(s->frames, frame_pages(d));
	plat_free_pages(s, pages_of(s->bytes));
	fence_destroy(d);
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
	COUNT(d, shadow_free);
	d->counter[PN_CNT_shadow_used]--;
}
