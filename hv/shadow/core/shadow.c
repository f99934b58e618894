/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a shadow page: made, promoted, referred to, unshadowed, freed.
 * engine.h states what must hold of links and when a TLB flush is owed.
 */
#include "hide.h"

u32 sh_search_pages = 4096;

/* Emulation's TLB is flushed for the same reasons as hardware's. The vCPU that acts goes on by its own walk. */
static __attribute__((noinline)) void flush_others(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i] == d->acting)
			continue;
		COUNT(d, tlb_flush);
		soft_flush(d->vcpu[i]);
	}
	plat_tlb_flush_others(d);
}

void sh_flush(struct domain *d)
{
	COUNT(d, tlb_flush);
	TRACE(d->acting, flush, 1, 0);
	plat_tlb_flush(d->acting);
	if (unlikely(d->nr_vcpus > 1))
		flush_others(d);
}

void sh_reload_root(struct domain *d, const struct sh_page *root)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (d->vcpu[i]->root == root)
			d->vcpu[i]->hw_dirty |= HW_CR3;
}

/* ---- made and freed ---- */

struct sh_page *sh_page_new(struct vcpu *v, const struct sh_mode *mode, gfn_t gfn, u32 role, gva_t va)
{
	struct domain *d = v->domain;
	struct sh_page *sp = pool_take(d);

	sp->gfn = (u32)gfn.n;
	sp->role = role;
	if (AD_HIDES_TABLES)
		sp->hidden = false;
	sp->mode = mode;
	sp->guest = role & ROLE_DIRECT ? NULL : plat_map(p2m_lookup(d, gfn));
	TRACE(v, shadow_alloc, sp->mfn, role, d->counter[PN_CNT_shadow_used]);
	if (policy.prefetch->made)
		policy.prefetch->made(sp);
	policy.sync->made(v, sp, va);
	return sp;
}

void sh_page_free(struct domain *d, struct sh_page *sp)
{
	sp->mode->empty(d, sp);
	SH_EACH(wrmap, gone, d, sp);
	policy.sync->gone(d, sp);
	TRACE(d->acting, shadow_free, sp->mfn, sp->role, d->counter[PN_CNT_shadow_used] - 1);
	pool_give(d, sp);
	sh_flush(d);
}

bool sh_make_room(struct domain *d, u32 want)
{
	if (policy.sync->give_back) {
		policy.sync->give_back(d);
		if (d->shadow->free >= want)
			return true;
	}
	for (u32 i = 0; i < SH_RECLAIM_CHAIN; i++)
		if (policy.reclaim[i] && policy.reclaim[i]->make_room && policy.reclaim[i]->make_room(d, want))
			return true;
	return false;
}

/* ---- guest tables ---- */

static void revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct domain *d = v->domain;

	COUNT(d, wrmap_revoke);
	d->counter[PN_CNT_wrmap_single] += f->writable == 1;
	if (policy.wrmap[0])
		policy.wrmap[0]->revoke(v, f, mfn, table, va);
	if (f->writable && policy.wrmap[1])
		policy.wrmap[1]->revoke(v, f, mfn, table, va);
	if (f->writable && policy.wrmap[2])
		policy.wrmap[2]->revoke(v, f, mfn, table, va);
	BUG_ON(f->writable);
}

/* revoke(), and a trace record of what found the mappings. */
static __attribute__((noinline, cold)) void revoke_traced(struct vcpu *v, struct frame_info *f, mfn_t mfn,
							  const struct sh_page *table, gva_t va)
{
	const u64 *count = v->domain->counter, hits = count[PN_CNT_wrmap_guess_hit], fixups = count[PN_CNT_wrmap_fixup_hit];
	const u32 before = f->writable;
	u64 hit, fixup;

	revoke(v, f, mfn, table, va);
	hit = count[PN_CNT_wrmap_guess_hit] - hits;
	fixup = count[PN_CNT_wrmap_fixup_hit] - fixups;
	trace_now_four(v, PN_EV_revoke, table->gfn, hit, before - hit - fixup, fixup);
}

void sh_revoke_all(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	if (TRACE_ON(revoke))
		revoke_traced(v, f, mfn, table, va);
	else
		revoke(v, f, mfn, table, va);
}

/* The levels that the guest does not have stand above its root, and for it. */
static bool stands_above(const struct sh_page *sp)
{
	return ROLE_LEVEL(sp->role) > ROLE_GUEST_LEVELS(sp->role);
}

void sh_revoke_known(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	for (u32 i = 0; i < SH_WRMAP_CHAIN; i++)
		if (f->writable && policy.wrmap[i] && policy.wrmap[i] != SH_SEARCHER)
			policy.wrmap[i]->revoke(v, f, mfn, table, va);
}

static __attribute__((noinline)) bool search(struct vcpu *v, struct frame_info *f, mfn_t mfn, u32 gfn, u32 role, gva_t va)
{
	const struct sh_page table = { .gfn = gfn, .role = (u16)role };

	sh_revoke_known(v, f, mfn, &table, va);
	return SH_SEARCHER->search(v, f, mfn, sh_search_pages);
}

bool sh_searched(struct vcpu *v, u32 gfn, u32 role, gva_t va)
{
	mfn_t mfn = p2m_lookup(v->domain, GFN(gfn));
	struct frame_info *f = frame_of(v->domain, mfn);

	return role & ROLE_DIRECT || !mfn_valid(mfn) || f->shadows || !f->writable || search(v, f, mfn, gfn, role, va);
}

/* A type is a role without its quadrant: a 32-bit table under wider shadows has several pages of one type. */
static void count_types(struct domain *d, const struct sh_page *sp, const struct sh_page *others)
{
	bool same = false, other = false;

	if (stands_above(sp))
		return;
	for (const struct sh_page *o = others; o; o = o->same_frame) {
		if ((o->role ^ sp->role) & ~ROLE_MAKE(0, 7u))
			other |= !stands_above(o);
		else
			same = true;
	}
	d->counter[PN_CNT_second_type] += other && !same;
	if (ROLE_LEVEL(sp->role) == 1) {
		COUNT(d, l1_shadows);
		d->counter[PN_CNT_l1_tables] += !same;
	} else if (ROLE_LEVEL(sp->role) == 2) {
		COUNT(d, l2_shadows);
		d->counter[PN_CNT_l2_tables] += !same;
	}
}

void sh_take_super(struct domain *d, mfn_t first, u64 frames, u64 bit)
{
	pool_for_each(d->shadow, sp)
		if (SUPER_HIGHEST_LEAF > 1 && sp->used && ROLE_LEVEL(sp->role) == 2)
			sp->mode->take_super(d, sp, first, frames, bit);
}

/* A shadow that the book names, if there is one of level 2 still. */
static struct sh_page *writer_of(const struct domain *d, const struct lpage_info *l, u32 i)
{
	struct sh_page *sp = pool_owns(d->shadow, l->writer[i]) ? pool_page(l->writer[i]) : NULL;

	return sp && sp->used && ROLE_LEVEL(sp->role) == 2 ? sp : NULL;
}

void sh_lpage_writer(struct lpage_info *l, u32 smfn)
{
	u32 i = 0;

	/* It takes the place that it had, or else the last one's. */
	while (i < SH_WRITERS - 1 && l->writer[i] != smfn)
		i++;
	for (; i; i--)
		l->writer[i] = l->writer[i - 1];
	l->writer[0] = smfn;
}

bool sh_lpage_has_room(const struct domain *d, mfn_t first, u32 smfn)
{
	struct lpage_info *l = lpage_info_of(d, first);
	struct sh_page *sp;
	u32 n = 0;

	for (u32 i = 0; i < SH_WRITERS; i++)
		if (!l->writer[i] || l->writer[i] == smfn)
			return true;
	/* All places are taken: do those shadows map it still? */
	for (u32 i = 0; i < SH_WRITERS; i++) {
		sp = writer_of(d, l, i);
		if (sp && sp->mode->maps_super(sp, first))
			l->writer[n++] = l->writer[i];
	}
	for (u32 i = n; i < SH_WRITERS; i++)
		l->writer[i] = 0;
	return n < SH_WRITERS;
}

/* Those that map a block whole since the latest lose the entries that map this frame: most often there are no others. */
static void take_known_supers(struct domain *d, const struct lpage_info *l, mfn_t mfn)
{
	struct sh_page *sp;

	for (u32 i = 0; SUPER_HIGHEST_LEAF > 1 && i < SH_WRITERS && l->maps; i++) {
		sp = writer_of(d, l, i);
		if (sp)
			sp->mode->take_super(d, sp, mfn, 1, PTE_RW);
	}
}

/* No superpage entry may map a table writable. */
static void lpage_gets_table(struct domain *d, mfn_t mfn)
{
	struct lpage_info *l = lpage_info_of(d, mfn);

	l->tables++;
	if (!l->maps)
		return;
	d->counter[PN_CNT_super_shatter] += l->maps;
	take_known_supers(d, l, mfn);
	if (l->maps && !SUPER_FEW_WRITERS)
		sh_take_super(d, mfn, 1, PTE_RW);
	BUG_ON(l->maps);
}

/* sp stands for its frame from now on. False: others did before. */
static inline bool enlist(struct vcpu *v, struct sh_page *sp, mfn_t mfn, struct frame_info *f)
{
	struct domain *d = v->domain;
	struct sh_page *others = f->shadows;

	count_types(d, sp, others);
	sp->same_frame = others;
	f->shadows = sp;
	if (!others) {
		COUNT(d, promote);
		if (++d->counter[PN_CNT_guest_tables] > d->counter[PN_CNT_guest_tables_peak])
			d->counter[PN_CNT_guest_tables_peak] = d->counter[PN_CNT_guest_tables];
		TRACE(v, promote, sp->gfn, sp->role, sp->mfn);
	}
	if (AD_HIDES_TABLES)
		sh_hide_new(d, f, sp);
	if (!others && SUPER_HIGHEST_LEAF > 1)
		lpage_gets_table(d, mfn);
	return !others;
}

static inline void protect(struct vcpu *v, struct sh_page *sp, mfn_t mfn, struct frame_info *f, gva_t va)
{
	if (f->writable)
		sh_revoke_all(v, f, mfn, sp, va);
	sh_flush(v->domain);
}

void sh_promote(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	mfn_t mfn = p2m_lookup(v->domain, GFN(sp->gfn));
	struct frame_info *f = frame_of(v->domain, mfn);

	if (enlist(v, sp, mfn, f))
		protect(v, sp, mfn, f, va);
}

void sh_promote_unsync(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	mfn_t mfn = p2m_lookup(v->domain, GFN(sp->gfn));
	struct frame_info *f = frame_of(v->domain, mfn);

	if (enlist(v, sp, mfn, f) && !sh_unsync(v, f, true, false))
		protect(v, sp, mfn, f, va);
}

void sh_demote(struct domain *d, struct sh_page *sp)
{
	struct frame_info *f = frame_of(d, p2m_lookup(d, GFN(sp->gfn)));
	struct sh_page **p = &f->shadows;

	while (*p != sp)
		p = &(*p)->same_frame;
	*p = sp->same_frame;
	sp->same_frame = NULL;
	if (f->shadows)
		return;
	if (SUPER_HIGHEST_LEAF > 1)
		lpage_info_of(d, p2m_lookup(d, GFN(sp->gfn)))->tables--;
	COUNT(d, demote);
	d->counter[PN_CNT_guest_tables]--;
	TRACE(d->acting, demote, sp->gfn);
}

void sh_validate(struct domain *d, struct frame_info *f, u32 offset, u32 bytes)
{
	if (policy.sync->before_link)
		policy.sync->before_link(d->acting);
	/* This can free other shadows of the frame, but not sp: links lead down only. So the list is read on
	 * afterwards. */
	for (struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		sp->mode->validate(d, sp, offset, bytes);
}

/* ---- unshadowing ---- */

/* Links to sp go wherever `pages` more shadows have them, until it has no more than `keep` references. Another's search begins anew. */
static void unlink_found(struct domain *d, struct sh_page *sp, u32 keep, u32 pages)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *p = s->unlinking.of == sp->mfn ? pool_go_on(s, s->unlinking.at) : pool_block_first(s->blocks);

	for (; sp->refs > keep && pages; pages--, p = pool_next_round(s, p))
		if (p->used && ROLE_LEVEL(p->role) == ROLE_LEVEL(sp->role) + 1)
			p->mode->unlink_child(d, p, sp);
	s->unlinking.of = sp->mfn;
	s->unlinking.at = p->mfn;
}

/* False: it is linked still, where the next try will come to. */
static bool unshadow_within(struct domain *d, struct sh_page *sp, u32 pages)
{
	const u32 keep = 1 + sp->pinned;

	sp->refs++; /* ours, so that it does not go while we look */
	if (sp->up)
		sp->up->mode->unlink(d, sp->up, sp->up_slot);
	if (unlikely(sp->refs > keep))
		unlink_found(d, sp, keep, pages);
	if (sp->refs > keep) {
		sp->refs--;
		return false;
	}
	if (sp->pinned) {
		sp->pinned = false;
		sp->refs--;
	}
	sh_put(d, sp);
	return true;
}

void sh_unshadow_page(struct domain *d, struct sh_page *sp)
{
	BUG_ON(!unshadow_within(d, sp, d->shadow->pages + d->shadow->idle));
}

bool sh_unshadow(struct domain *d, struct frame_info *f, u32 why)
{
	struct sh_page *sp;

	TRACE(d->acting, unshadow, f->shadows->gfn, why);
	/* One going may take others along: begin anew each time. */
	for (;;) {
		for (sp = f->shadows; sp && sp->loaded; sp = sp->same_frame)
			;
		if (!sp)
			return !f->shadows;
		if (!unshadow_within(d, sp, sh_search_pages))
			return false;
	}
}

static void leave_root(struct vcpu *v)
{
	struct sh_page *root = v->root;

	v->root = NULL;
	if (!root)
		return;
	root->loaded--;
	sh_put(v->domain, root);
}

/* Roots first: with them goes, without a search, all that they lead to. */
void sh_empty_pool(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (d->vcpu[i])
			leave_root(d->vcpu[i]);
	pool_for_each(d->shadow, sp)
		if (sp->used && sp->role && ROLE_LEVEL(sp->role) == ROLE_SHADOW_LEVELS(sp->role))
			sh_unshadow_page(d, sp);
	pool_for_each(d->shadow, sp)
		if (sp->used && sp->role)
			sh_unshadow_page(d, sp);
	if (policy.sync->give_back)
		policy.sync->give_back(d);
}

/* ---- services for parts ---- */

bool sh_unshadow_fast(struct domain *d, struct frame_info *f, u32 why)
{
	for (struct sh_page *sp = f->shadows; sp; sp = sp->same_frame) {
		u32 links = sp->refs - sp->pinned;

		if (sp->loaded || links > 1 || (links && !sp->up))
			return false;
	}
	TRACE(d->acting, unshadow, f->shadows->gfn, why);
	while (f->shadows)
		sh_unshadow_page(d, f->shadows);
	SH_EACH(wrmap, restore, d, MFN(f - d->frame));
	return true;
}

void sh_unhook_user(struct vcpu *v)
{
	struct sh_page *root = sh_root(v);

	root->mode->unhook_user(v->domain, root);
	sh_flush(v->domain);
}

void sh_drop_page(struct vcpu *v, gva_t va)
{
	v->mode->drop_page(v, va);
}

bool sh_maps_writable(const struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	u64 e = leaf->mode->get(leaf, slot);

	return (e & SH_COUNTED) == SH_COUNTED && mfn_eq(pte_mfn(e), mfn);
}

bool sh_revoke_entry(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	return leaf->mode->revoke(d, leaf, slot, mfn);
}

void sh_grant_entry(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	leaf->mode->grant(d, leaf, slot, mfn);
}

bool sh_revoke_at(struct vcpu *v, gva_t va, mfn_t mfn)
{
	struct domain *d = v->domain;
	struct sh_page *root = sh_root(v), *leaf;
	u32 slot;

	if (!root)
		return false;
	leaf = root->mode->find_leaf(d, root, va, &slot);
	return leaf && sh_revoke_entry(d, leaf, slot, mfn);
}

u32 sh_revoke_in(struct domain *d, struct sh_page *leaf, struct frame_info *f, mfn_t mfn)
{
	return leaf->mode->revoke_in(d, leaf, f, mfn);
}

u64 sh_book_pages(const struct domain *d, u64 bytes)
{
	return ALIGN_UP(d->nr_pages * bytes, PAGE_SIZE) / PAGE_SIZE;
}

void *sh_book_alloc(const struct domain *d, u64 bytes)
{
	void *p = plat_alloc_pages(sh_book_pages(d, bytes));

	return p ? (void *)((uintptr_t)p - d->first_mfn.n * bytes) : NULL;
}

void sh_book_free(const struct domain *d, void *book, u64 bytes)
{
	if (book)
		plat_free_pages((void *)((uintptr_t)book + d->first_mfn.n * bytes), sh_book_pages(d, bytes));
}

struct sh_page *sh_take_page(struct domain *d, struct sh_page *sp)
{
	struct sh_page *page = d->shadow->free ? pool_take(d) : NULL;

	if (!page)
		return NULL;
	page->role = 0;
	page->up = sp;
	return page;
}

void sh_give_page(struct domain *d, struct sh_page *sp)
{
	pool_give(d, sp);
}

void sh_pin(struct sh_page *root)
{
	root->pinned = true;
	root->refs++;
}

void sh_unpin(struct domain *d, struct sh_page *root)
{
	COUNT(d, reclaim);
	TRACE(d->acting, reclaim, root->mfn, root->role);
	root->pinned = false;
	sh_put(d, root);
}

void sh_unhook(struct domain *d, struct sh_page *root)
{
	COUNT(d, reclaim);
	TRACE(d->acting, reclaim, root->mfn, root->role);
	root->mode->empty(d, root);
	sh_flush(d);
}
