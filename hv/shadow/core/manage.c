/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of a domain's shadows beside faults: by dom0 log-dirty, another size of the pool,
 * frames that come and go, all while the guest stands; by the guest, to prepare for roots.
 *
 * Must hold: rights that are taken away are gone from every shadow, loaded or not, when
 * a function returns, and the TLB flush that this owes is asked for.
 */
#include "engine.h"
#include "fence.h"
#include "recipe.h"

static void forget_translations(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		soft_flush(d->vcpu[i]);
	sh_flush(d);
}

/* Take a right to some frames from every leaf entry. Returns from how many. */
static u64 take_everywhere(struct domain *d, mfn_t first, u64 frames, u64 bit)
{
	u64 n = 0;

	if (SUPER_HIGHEST_LEAF > 1)
		sh_take_super(d, first, frames, bit);
	pool_for_each(d->shadow, sp)
		if (sp->used && ROLE_LEVEL(sp->role) == 1)
			n += sp->mode->take(d, sp, first, frames, bit);
	return n;
}

/* ---- the guest's hints on roots ---- */

static u32 root_role(const struct vcpu *v)
{
	return v->role | ROLE_MAKE(v->shadow_levels, 0);
}

/* Roots stay while no vCPU has them loaded, but a PAE guest's stands for PDPTEs and for no table by which it could be found. */
static bool keeps_roots(const struct vcpu *v)
{
	return SYNC_KEEPS_ROOTS && v->guest_levels && v->guest_levels != 3;
}

enum pin_result sh_pin_root(struct vcpu *v, gfn_t gfn)
{
	struct domain *d = v->domain;
	struct sh_page *root;

	if (!keeps_roots(v))
		return PIN_NONE;
	if (!mfn_valid(p2m_lookup(d, gfn)))
		return PIN_OUTSIDE;
	if (policy.sync->before_link)
		policy.sync->before_link(v);
	if (sh_searches_long(d) && !sh_searched(v, (u32)gfn.n, root_role(v), 0))
		return PIN_AGAIN;
	root = policy.sync->find(d, (u32)gfn.n, root_role(v));
	if (!root)
		root = v->mode->root_new(v, gfn, root_role(v));
	if (!root)
		return PIN_OUTSIDE;
	if (!root->pinned)
		sh_pin(root);
	SH_EACH(reclaim, root_used, d, root);
	return PIN_OK;
}

enum pin_result sh_unpin_root(struct vcpu *v, gfn_t gfn)
{
	struct domain *d = v->domain;
	struct sh_page *root;

	if (!keeps_roots(v))
		return PIN_NONE;
	/* Not as one that is to be used: a parked one need not become a table again. */
	root = sh_hash_find(d->shadow, (u32)gfn.n, root_role(v));
	if (!root || !root->pinned)
		return PIN_OK;
	if (root->loaded)
		return PIN_LOADED;
	root->pinned = false;
	sh_put(d, root);
	return PIN_OK;
}

/* ---- log-dirty ---- */

/*
 * While it is on, a page that gets a writable entry is marked `logged`, and the block that it stands in. So to make frames clean only those
 * pages are looked through that were written through since, until as many entries have gone as there were.
 */

bool sh_log_dirty(struct domain *d, bool on)
{
	log_dirty_end(d);
	if (!on)
		return true;
	if (!log_dirty_begin(d))
		return false;
	COUNT_ADD(d, log_protect, take_everywhere(d, d->first_mfn, d->nr_pages, PTE_RW));
	sh_flush(d);
	memset(d->shadow->logged, 0, sizeof(d->shadow->logged));
	pool_for_each(d->shadow, sp)
		sp->logged = false;
	return true;
}

static bool is_leaf(const struct sh_page *sp)
{
	return sp->used && ROLE_LEVEL(sp->role) == 1;
}

static bool maps_writable(const struct sh_page *leaf)
{
	for (u32 slot = 0, end = 0; sh_next_live(leaf, SH_MAX_ENTRIES, &slot, &end);)
		for (; slot < end; slot++)
			if (leaf->mode->get(leaf, slot) & PTE_RW)
				return true;
	return false;
}

/* A block with such pages. `all`: no writable entry is to be left, of whatever frame. Returns how many have gone. */
static u64 protect_block(struct domain *d, u64 place, u64 first, u64 frames, bool all)
{
	struct sh_page *sp = pool_page(place * POOL_BLOCK + POOL_BOOKS);
	bool some = false;
	u64 n = 0;

	for (u32 i = 0; i < POOL_BLOCK_PAGES; i++, sp++) {
		if (!sp->logged)
			continue;
		if (is_leaf(sp))
			n += sp->mode->take(d, sp, MFN(d->first_mfn.n + first), frames, PTE_RW);
		sp->logged = !all && is_leaf(sp) && maps_writable(sp);
		some |= sp->logged;
	}
	if (!some)
		d->shadow->logged[place / 64] &= ~BIT(place % 64);
	return n;
}

/* `writable` entries map these frames writable, or more. */
static void protect(struct domain *d, u64 first, u64 frames, u64 writable)
{
	struct sh_domain *s = d->shadow;
	u64 n = 0;

	for (u64 i = 0; i < POOL_PLACES / 64; i++)
		for (u64 bits = s->logged[i] & s->placed[i]; bits && n < writable; bits &= bits - 1)
			n += protect_block(d, i * 64 + (u64)__builtin_ctzll(bits), first, frames, frames == d->nr_pages);
	COUNT_ADD(d, log_protect, n);
}

u64 sh_log_dirty_clean(struct domain *d, u64 first, u64 frames, void *bits)
{
	u64 writable = 0;

	if (!log_dirty_read(d, first, frames, bits, false))
		return 0;
	for (u64 n = log_dirty_next(d, first, first + frames); n < first + frames; n = log_dirty_next(d, n + 1, first + frames))
		writable += frame_of(d, MFN(d->first_mfn.n + n))->writable;
	protect(d, first, frames, writable);
	sh_flush(d); /* even where no entry is writable any more, the guest may not have flushed yet */
	return log_dirty_read(d, first, frames, bits, true);
}

/* ---- the pool ---- */

/* Pages in use in a block; ~0: a loaded root stands in it. */
static u32 occupancy(struct pool_block *b)
{
	struct sh_page *sp = pool_block_first(b);
	u32 used = 0;

	for (u32 i = 0; i < POOL_BLOCK_PAGES; i++) {
		if (!sp[i].used)
			continue;
		if (sp[i].loaded)
			return ~0u;
		used++;
	}
	return used;
}

/* A page that a part has taken goes with the shadow that it belongs to. */
static struct sh_page *goes_with(struct sh_page *page)
{
	BUG_ON(!ROLE_LEVEL(page->role) && !page->up);
	return ROLE_LEVEL(page->role) ? page : page->up;
}

/* Empty the block that costs least. False: all must stay. */
static bool vacate_one(struct domain *d)
{
	struct pool_block *best = NULL;
	struct sh_page *sp, *gone;
	u32 least = ~0u;

	for (struct pool_block *b = d->shadow->blocks; b; b = b->next) {
		u32 used = occupancy(b);

		if (used < least) {
			least = used;
			best = b;
		}
	}
	if (!best)
		return false;
	sp = pool_block_first(best);
	for (u32 i = 0; i < POOL_BLOCK_PAGES; i++)
		if (sp[i].used) { /* one going may have taken others along */
			gone = goes_with(&sp[i]);
			COUNT(d, reclaim);
			TRACE(d->acting, reclaim, gone->mfn, gone->role);
			sh_unshadow_page(d, gone);
		}
	return true;
}

static void give_back(struct domain *d)
{
	struct sh_domain *s = d->shadow;

	if (policy.sync->give_back) /* pages that belong to no shadow */
		policy.sync->give_back(d);
	for (;;) {
		pool_trim(s, pool_spare_blocks(s));
		if (!pool_spare_blocks(s) || !vacate_one(d))
			return;
	}
}

enum pool_result sh_pool_resize(struct domain *d, u64 pages)
{
	struct sh_domain *s = d->shadow;

	if (pages < SH_MIN_POOL(d->nr_vcpus))
		return POOL_TOO_SMALL;
	if (pages >= s->pages) {
		if (!pool_grow(s, pages - s->pages))
			return POOL_NO_MEMORY;
		sh_hash_fit(s);
	} else {
		u32 fewer = s->pages - (u32)pages;

		if (!sh_reserve(d, fewer))
			return POOL_TOO_SMALL;
		pool_shrink(s, fewer);
		give_back(d);
	}
	d->counter[PN_CNT_pool_pages] = s->pages;
	return POOL_OK;
}

/* ---- the p2m ---- */

static bool is_shadow_of(const struct sh_page *sp, gfn_t gfn)
{
	return sp->used && sp->role && !(sp->role & ROLE_DIRECT) && sp->gfn == gfn.n;
}

/* Or one that is to be loaded: hardware has a stand-in for it as long as its writers are looked for. */
static bool is_loaded_root(const struct domain *d, gfn_t gfn)
{
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (v->root && v->guest_levels && v->guest_levels != 3 && gw_root_gfn(v).n == gfn.n)
			return true;
	}
	pool_for_each(d->shadow, sp)
		if (is_shadow_of(sp, gfn) && sp->loaded)
			return true;
	return false;
}

bool sh_remove_frame(struct domain *d, gfn_t gfn)
{
	mfn_t mfn = p2m_lookup(d, gfn);

	if (!mfn_valid(mfn) || is_loaded_root(d, gfn) || !fence_prepare(d, mfn))
		return false;
	pool_for_each(d->shadow, sp)
		if (is_shadow_of(sp, gfn))
			sh_unshadow_page(d, sp);
	take_everywhere(d, mfn, 1, PTE_P);
	d->p2m[gfn.n] = P2M_NONE;
	fence_follow(d, mfn);
	forget_translations(d);
	return true;
}

bool sh_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	if (gfn.n >= d->p2m_frames || d->p2m[gfn.n] != P2M_NONE || !p2m_map(d, gfn, mfn, 1))
		return false;
	if (!fence_prepare(d, mfn)) {
		d->p2m[gfn.n] = P2M_NONE;
		return false;
	}
	fence_follow(d, mfn);
	pool_for_each(d->shadow, sp)
		if (sp->used && ROLE_LEVEL(sp->role) == 1)
			sp->mode->forget(d, sp);
	forget_translations(d);
	return true;
}
