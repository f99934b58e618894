/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: every entry derived again, every count counted again. It changes
 * nothing but the `seen` counters, takes no memory, and may be called whenever no fault is
 * being handled.
 *
 * It is done in steps, so that it can be broken off and go on as long as nothing has changed: each step looks at
 * one page or one frame, or at one of the mappings listed for a frame, and nothing is looked at twice for the sake of something
 * else; so that the whole grows with pool, memory and mappings, and not with any two of them multiplied.
 */
#include "engine.h"
#include "recipe.h"

void audit_report(struct audit *a, const char *fmt, ...)
{
	va_list args;
	int n;

	a->at->faults++;
	if (a->used >= a->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(a->text + a->used, a->size - a->used, fmt, args);
	va_end(args);
	a->used += n > 0 ? (size_t)n : 0;
	if (a->used + 1 < a->size) {
		a->text[a->used++] = '\n';
		a->text[a->used] = 0;
	}
}

static bool in_hash(const struct sh_domain *s, const struct sh_page *sp)
{
	return sh_hash_find(s, sp->gfn, sp->role) == sp;
}

static bool at_frame(const struct frame_info *f, const struct sh_page *sp)
{
	for (const struct sh_page *p = f->shadows; p; p = p->same_frame)
		if (p == sp)
			return true;
	return false;
}

static u32 times_loaded(const struct domain *d, const struct sh_page *sp)
{
	u32 n = 0;

	for (u32 i = 0; i < d->nr_vcpus; i++)
		n += d->vcpu[i]->root == sp;
	return n;
}

static void audit_books(struct audit *a, const struct sh_page *sp)
{
	const struct domain *d = a->domain;
	u32 loaded = times_loaded(d, sp);

	if (sp->loaded != loaded)
		audit_report(a, "smfn %x: loaded by %u, its book says %u", sp->mfn, loaded, sp->loaded);
	if (sp->refs != sp->seen + loaded + sp->pinned)
		audit_report(a, "smfn %x: %u references, its book says %u", sp->mfn, sp->seen + loaded + sp->pinned, sp->refs);
	if (!SYNC_PROTECTS_TABLES)
		return;
	if (!in_hash(d->shadow, sp))
		audit_report(a, "smfn %x: not in the hash", sp->mfn);
	if (sp->role & ROLE_DIRECT)
		return;
	mfn_t mfn = p2m_lookup(d, GFN(sp->gfn));
	if (!mfn_valid(mfn) || plat_map(mfn) != sp->guest)
		audit_report(a, "smfn %x: gfn %x is not where its book says", sp->mfn, sp->gfn);
	else if (at_frame(frame_of(d, mfn), sp) == sp->parked)
		audit_report(a, "smfn %x: %slisted at gfn %x", sp->mfn, sp->parked ? "parked, and " : "not ", sp->gfn);
	if (sp->parked && (!sp->pinned || sp->refs > 1))
		audit_report(a, "smfn %x: parked, and in use", sp->mfn);
}

/* ---- the parts, each in steps: a step answers whether its part is over ---- */

static struct sh_page *next_page(struct audit *a)
{
	struct sh_page *sp = a->at->page;

	if (sp)
		a->at->page = pool_next(sp);
	return sp;
}

static bool forget_frame(struct audit *a)
{
	const struct domain *d = a->domain;

	if (a->at->index == d->nr_pages)
		return true;
	frame_of(d, MFN(d->first_mfn.n + a->at->index++))->seen = 0;
	a->at->looked++;
	return false;
}

static bool forget_page(struct audit *a)
{
	struct sh_page *sp = next_page(a);

	if (sp)
		sp->seen = 0;
	a->at->looked++;
	return !sp;
}

static bool audit_page(struct audit *a)
{
	struct sh_page *sp = next_page(a);

	if (!sp)
		return true;
	a->at->looked++;
	if (sp->used && sp->role) {
		sp->mode->audit(a->domain, sp, a);
		a->at->looked += SH_MAX_ENTRIES;
	}
	return false;
}

static bool audit_page_books(struct audit *a)
{
	struct sh_page *sp = next_page(a);

	a->at->looked++;
	if (sp && sp->used && sp->role)
		audit_books(a, sp);
	return !sp;
}

static bool audit_out_of_sync(struct audit *a)
{
	a->at->looked += a->domain->shadow->pages;
	sh_audit_unsync(a);
	return true;
}

/* Both halves. */
static bool is_zero(const struct sh_page *sp)
{
	const u64 *t = sp->table, *hw = (const u64 *)((const u8 *)sp->table + pool_hw_offset);

	for (u32 i = 0; i < PAGE_SIZE / sizeof(*t); i++)
		if (t[i] || hw[i])
			return false;
	return true;
}

/* at->index is the place in the list. */
static bool audit_free_page(struct audit *a)
{
	const struct sh_domain *s = a->domain->shadow;

	if (!a->at->index)
		a->at->page = s->free_list;
	if (!a->at->page || a->at->index > s->pages)
		return true;
	if (!is_zero(a->at->page))
		audit_report(a, "smfn %x: free, but not zero", a->at->page->mfn);
	a->at->page = a->at->page->hash_next;
	a->at->listed = (u32)++a->at->index;
	a->at->looked += PAGE_SIZE / sizeof(u64);
	return false;
}

/* Follows audit_free_page, which has counted the list. */
static bool audit_pool(struct audit *a)
{
	const struct sh_domain *s = a->domain->shadow;
	u32 used = 0, listed = a->at->listed, idle = 0;

	pool_for_each(s, sp)
		used += sp->used;
	for (const struct sh_page *sp = s->idle_list; sp && idle <= s->idle; sp = sp->hash_next)
		idle++;
	a->at->looked += s->pages + idle;
	if (idle != s->idle)
		audit_report(a, "pool: %u listed as idle, %u counted as idle", idle, s->idle);
	if (listed != s->free || used + listed != s->pages || used != a->domain->counter[PN_CNT_shadow_used])
		audit_report(a, "pool of %u: %u used, %u listed as free, %u counted as free", s->pages, used, listed, s->free);
	return true;
}

/* A wrmap part that lists all mappings; NULL: there is none. */
static const struct sh_wrmap *lister(void)
{
	for (u32 i = 0; i < SH_WRMAP_CHAIN; i++)
		if (policy.wrmap[i] && policy.wrmap[i]->listed)
			return policy.wrmap[i];
	return NULL;
}

static bool maps_there(const struct domain *d, u32 place, mfn_t mfn)
{
	const struct sh_page *leaf = pool_page(place / SH_MAX_ENTRIES);

	return pool_owns(d->shadow, place / SH_MAX_ENTRIES) && leaf->used && ROLE_LEVEL(leaf->role) == 1 &&
	       sh_maps_writable(leaf, place % SH_MAX_ENTRIES, mfn);
}

/*
 * One more of the mappings that are listed for a frame, each of which must be one: a list that is as long as there are mappings and
 * never comes to a place twice, which would make it endless, holds them all. False: the list is over.
 */
static bool audit_listed(struct audit *a, mfn_t mfn)
{
	const struct frame_info *f = frame_of(a->domain, mfn);
	struct sh_audit *at = a->at;

	at->looked++;
	at->place = lister()->listed(a->domain, mfn, at->place);
	if (at->place && at->listed < f->writable && maps_there(a->domain, at->place, mfn)) {
		at->listed++;
		return true;
	}
	if (at->place || at->listed != f->writable)
		audit_report(a, "mfn %lx: %u writable mappings, %u listed before %x", mfn.n, f->writable, at->listed, at->place);
	at->place = at->listed = 0;
	return false;
}

static void audit_frame(struct audit *a, mfn_t mfn, const struct frame_info *f)
{
	a->at->looked++;
	if (f->writable != f->seen)
		audit_report(a, "mfn %lx: %u writable mappings, its book says %u", mfn.n, f->seen, f->writable);
	for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		if (!sp->used || sp->guest != plat_map(mfn))
			audit_report(a, "mfn %lx: lists smfn %x, which is not its shadow", mfn.n, sp->mfn);
}

static bool audit_next_frame(struct audit *a)
{
	const struct domain *d = a->domain;
	mfn_t mfn = MFN(d->first_mfn.n + a->at->index);

	if (a->at->index == d->nr_pages)
		return true;
	if (!a->at->listed)
		audit_frame(a, mfn, frame_of(d, mfn));
	if (!lister() || !audit_listed(a, mfn))
		a->at->index++;
	return false;
}

static u32 tables_in_lpage(const struct domain *d, u64 number)
{
	u32 tables = 0;

	for (u64 f = 0; f < SH_LPAGE; f++) {
		u64 n = (d->first_mfn.n / SH_LPAGE + number) * SH_LPAGE + f;

		if (n - d->first_mfn.n < d->nr_pages)
			tables += frame_of(d, MFN(n))->shadows != NULL;
	}
	return tables;
}

/* No aligned 2 MiB of memory is both mapped writable by superpages and home to guest tables. */
static bool audit_lpage(struct audit *a)
{
	const struct domain *d = a->domain;
	const u64 i = a->at->index++;

	if (SUPER_HIGHEST_LEAF == 1 || i == sh_nr_lpages(d))
		return true;
	struct lpage_info *l = policy.super->lpage_info(d, i);
	u32 tables = tables_in_lpage(d, i);

	a->at->looked += SH_LPAGE;
	if (l->maps != l->seen || l->tables != tables || (l->maps && l->tables))
		audit_report(a, "2 MiB block %lu: %u superpages, %u tables, its book says %u and %u", i, l->seen, tables, l->maps,
			     l->tables);
	l->seen = 0;
	return false;
}

static bool (*const parts[])(struct audit *a) = {
	forget_frame,    forget_page, audit_page,       audit_page_books, audit_out_of_sync,
	audit_free_page, audit_pool,  audit_next_frame, audit_lpage,
};

void sh_audit_begin(struct domain *d)
{
	struct sh_domain *s = d->shadow;

	s->audit = (struct sh_audit){ .page = pool_block_first(s->blocks) };
	for (u64 i = 0; SUPER_HIGHEST_LEAF > 1 && i < sh_nr_lpages(d); i++)
		policy.super->lpage_info(d, i)->seen = 0;
}

/* The part is over: the next one begins at the beginning, with the length of the free list. */
static void next_part(struct sh_domain *s)
{
	s->audit.part++;
	s->audit.page = pool_block_first(s->blocks);
	s->audit.index = 0;
	if (parts[s->audit.part - 1] != audit_free_page)
		s->audit.listed = 0;
}

bool sh_audit_some(struct domain *d, u64 entries, char *text, size_t size)
{
	struct sh_domain *s = d->shadow;
	struct audit a = { .domain = d, .at = &s->audit, .text = text, .size = size };
	const u64 most = s->audit.looked + entries < entries ? ~0ull : s->audit.looked + entries;

	if (size)
		text[0] = 0;
	while (s->audit.part < ARRAY_SIZE(parts) && s->audit.looked < most)
		if (parts[s->audit.part](&a))
			next_part(s);
	return s->audit.part == ARRAY_SIZE(parts);
}
