/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest tables out of sync: the guest may write to them, and their shadows follow
 * later. Which go, and when they come back, is the sync part's affair.
 *
 * Must hold whenever no fault is being handled:
 *  - a frame is out of sync as a whole: all of its shadows are, and the first in its list is in the domain's, once;
 *  - no shadow is added to it then: promotion in another role brings it back first;
 *  - if it has a snapshot, that is what the entries of its shadows were derived from (multi_unsync.h);
 *  - no new link leads to a shadow out of sync, at whatever distance, so an old entry is seen only where
 *    hardware could remember it: whoever looks a shadow up to link it resyncs first.
 * What no walk comes through may be parked instead, if it is alone at its frame: a root that is only kept, and a table in which
 * nothing is left. It stays in the hash, held by a pin, but its frame is no guest table any more. When it is loaded or linked
 * again, the frame becomes one, and each link that it has is looked at. Parts decide what is parked; that a shadow is, and the list of
 * such tables, is the core's, like what is out of sync: promotion, root loads and the audit go by it.
 * Bringing a frame back takes write access away before it reads the table, and flushes:
 * the guest may have dropped a mapping that hardware still has.
 */
#include "engine.h"
#include "recipe.h"

/* ---- snapshots ---- */

static struct sh_page *snapshot_take(struct domain *d)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *sp = s->snapshots_idle;

	if (sp) {
		s->snapshots_idle = sp->hash_next;
		sp->hash_next = NULL;
		return sp;
	}
	if (s->free <= SH_MOST_PAGES + SH_PART_PAGES) /* the fault that wants this may need pages itself */
		return NULL;
	s->snapshots++;
	sp = pool_take(d);
	sp->role = 0;
	return sp;
}

static void snapshot_put(struct sh_domain *s, struct sh_page *sp)
{
	if (!sp)
		return;
	sp->hash_next = s->snapshots_idle;
	s->snapshots_idle = sp;
}

void sh_snapshots_give_back(struct domain *d)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *sp;

	while ((sp = s->snapshots_idle)) {
		s->snapshots_idle = sp->hash_next;
		s->snapshots--;
		memset(sp->table, 0, PAGE_SIZE);
		pool_give(d, sp);
	}
}

enum { COPIED_AT_ONCE = 32 / sizeof(u64) }; /* a stretch of 4-byte entries */

/* Word by word: another vCPU may have got write access to the page and be writing before this one has gone on. */
static inline void copy_entries(void *dst, const void *src, u32 bytes)
{
	u64 *to = dst;
	const u64 *from = src, *end = from + bytes / sizeof(u64);

	for (; from < end; from += COPIED_AT_ONCE, to += COPIED_AT_ONCE)
#pragma GCC unroll 4
		for (u32 i = 0; i < COPIED_AT_ONCE; i++)
			to[i] = READ_ONCE(from[i]);
}

/* What the entries that there are were derived from; the others need no copy. */
static void copy_live(struct vcpu *v, struct sh_page *sp)
{
	const u32 guest_bytes = ROLE_GUEST_LEVELS(sp->role) == 2 ? 4 : 8;
	const u32 entries = ROLE_SHADOW_LEVELS(sp->role) == 2 ? 1024 : 512;
	const u32 index = guest_bytes == 4 ? ROLE_QUADRANT(sp->role) * entries : 0;

	for (u32 first = 0, end = 0; sh_next_live(sp, entries, &first, &end);) {
		const u32 at = (index + first) * guest_bytes, bytes = (end - first) * guest_bytes;

		copy_entries((u8 *)sp->snapshot->table + at, (const u8 *)sp->guest + at, bytes);
		v->bytes += 2 * bytes;
	}
}

static void copy_whole(struct vcpu *v, struct sh_page *sp)
{
	copy_entries(sp->snapshot->table, sp->guest, PAGE_SIZE);
	v->bytes += 2 * PAGE_SIZE;
}

/* ---- the list ---- */

static struct sh_page *page_or_none(u32 mfn)
{
	return mfn ? pool_page(mfn) : NULL;
}

static void list_link(struct sh_domain *s, struct sh_page *prev, struct sh_page *next)
{
	if (prev)
		prev->unsync_next = next ? next->mfn : 0;
	else
		s->unsync_first = next;
	if (next)
		next->unsync_prev = prev ? prev->mfn : 0;
	else
		s->unsync_last = prev;
}

/* Tables are out of sync from now on, or none is any more: INVLPG is to exit, or need not. */
static void set_unsync(struct domain *d, bool unsync)
{
	struct vcpu *v = d->acting;

	d->unsync = unsync;
	if (INVLPG_EXITS_ALWAYS || v->hw_invlpg == sh_wants_invlpg(d))
		return;
	v->hw_invlpg = unsync;
	v->hw_dirty |= HW_INVLPG;
}

static void list_add(struct domain *d, struct sh_domain *s, struct sh_page *sp)
{
	list_link(s, s->unsync_last, sp);
	list_link(s, sp, NULL);
	s->unsync_frames++;
	set_unsync(d, true);
}

/* Put `by` where sp was; NULL: nothing. */
static void list_replace(struct domain *d, struct sh_page *sp, struct sh_page *by)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *prev = page_or_none(sp->unsync_prev), *next = page_or_none(sp->unsync_next);

	sp->unsync_prev = sp->unsync_next = 0;
	if (by) {
		list_link(s, prev, by);
		list_link(s, by, next);
	} else {
		list_link(s, prev, next);
		set_unsync(d, --s->unsync_frames);
	}
}

static bool listed(const struct sh_domain *s, const struct sh_page *sp)
{
	return s->unsync_first == sp || sp->unsync_prev;
}

/* ---- out of sync, and back ---- */

/* Fill what level-1 shadows could have and lack. Links wait for the resync: they may lead to tables out of sync. */
static void complete(struct vcpu *v, struct sh_page *first)
{
	for (struct sh_page *sp = first; sp; sp = sp->same_frame) {
		u32 before = v->bytes;

		if (ROLE_LEVEL(sp->role) > 1)
			continue;
		sp->mode->resync(v, sp);
		v->bytes = before + PAGE_SIZE; /* table and copy were counted when they were copied */
	}
}

bool sh_unsync(struct vcpu *v, struct frame_info *f, bool snapshot, bool whole)
{
	struct domain *d = v->domain;
	struct sh_domain *s = d->shadow;
	struct sh_page *copy = NULL, *sp;

	if (snapshot && !(copy = snapshot_take(d)))
		return false;
	list_add(d, s, f->shadows);
	SH_EACH(wrmap, unsynced, d, f->shadows);
	for (sp = f->shadows; sp; sp = sp->same_frame) {
		sp->unsync = true;
		sp->snapshot = copy;
		if (copy && !whole)
			copy_live(v, sp);
	}
	if (copy && whole) {
		copy_whole(v, f->shadows);
		complete(v, f->shadows);
	}
	COUNT(d, unsync);
	TRACE(v, unsync, f->shadows->gfn, f->shadows->role, s->unsync_frames);
	return true;
}

void sh_resync(struct vcpu *v, struct sh_page *sp)
{
	struct domain *d = v->domain;
	mfn_t mfn = p2m_lookup(d, GFN(sp->gfn));
	struct frame_info *f = frame_of(d, mfn);
	struct sh_page *first = f->shadows, *snapshot = first->snapshot;
	u32 changed = 0, gfn = first->gfn, role = first->role;

	list_replace(d, first, NULL);
	for (sp = first; sp; sp = sp->same_frame)
		sp->unsync = false;
	if (f->writable)
		sh_revoke_all(v, f, mfn, first, 0);
	SH_EACH(wrmap, synced, d, first, NULL);
	sh_flush(d);
	/* This can free other shadows of the frame, but not sp: links lead down only. */
	for (sp = f->shadows; sp; sp = sp->same_frame) {
		if (!INVLPG_EXITS_ALWAYS)
			sh_code_below_gone(d, sp);
		changed += sp->mode->resync(v, sp);
		sp->snapshot = NULL;
	}
	snapshot_put(d->shadow, snapshot);
	COUNT(d, resync);
	COUNT_ADD(d, resync_entries, changed);
	TRACE(v, resync, gfn, role, changed);
	if (policy.sync->resynced)
		policy.sync->resynced(d, f->shadows, changed);
}

/*
 * In a large pool, a table that is mapped writable by more than the parts know of: its shadows go, where that needs no search, because
 * the search would have to be over before the guest runs on. Whoever needs them next has it in pieces (sh_searched).
 */
static bool let_go(struct vcpu *v, struct sh_page *first)
{
	struct domain *d = v->domain;
	const mfn_t mfn = p2m_lookup(d, GFN(first->gfn));
	struct frame_info *f = frame_of(d, mfn);

	if (!f->writable)
		return false;
	sh_revoke_known(v, f, mfn, first, 0);
	return f->writable && sh_unshadow_fast(d, f, UNSHADOW_PRESSURE);
}

void sh_resync_all(struct vcpu *v)
{
	struct sh_domain *s = v->domain->shadow;

	while (unlikely(v->domain->unsync))
		if (!sh_searches_long(v->domain) || !let_go(v, s->unsync_first))
			sh_resync(v, s->unsync_first);
}

struct sh_page *sh_resync_page(struct vcpu *v, gva_t va)
{
	struct sh_page *idle = v->mode->resync_page(v, va);

	sh_flush_page(v, va);
	return idle;
}

void sh_unsync_gone(struct domain *d, struct sh_page *sp)
{
	struct sh_domain *s = d->shadow;

	if (sp->unsync && listed(s, sp)) {
		struct sh_page *next = sp->same_frame;

		list_replace(d, sp, next);
		SH_EACH(wrmap, synced, d, sp, next);
		if (!next)
			snapshot_put(s, sp->snapshot);
	}
	sp->unsync = false;
	sp->snapshot = NULL;
}

/* ---- parked roots ---- */

bool sh_park_root(struct domain *d, struct frame_info *f)
{
	struct sh_page *root = f->shadows;

	if (!root->pinned || root->refs > 1 || root->same_frame || ROLE_LEVEL(root->role) != ROLE_GUEST_LEVELS(root->role))
		return false;
	sh_demote(d, root);
	root->parked = true;
	return true;
}

void sh_park_left_root(struct domain *d, struct sh_page *root)
{
	const mfn_t mfn = p2m_lookup(d, GFN(root->gfn));

	if (mfn_valid(mfn) && frame_of(d, mfn)->shadows == root && sh_park_root(d, frame_of(d, mfn)))
		SH_EACH(wrmap, restore, d, mfn);
}

/* The place in the domain's ring of parked tables that sp has, or the one that is the next to go. */
static struct sh_page **ring_place(struct sh_domain *s, const struct sh_page *sp)
{
	for (u32 i = 0; i < SH_PARKED; i++)
		if (s->parked[i] == sp)
			return &s->parked[i];
	return &s->parked[s->parked_next++ % SH_PARKED];
}

void sh_park_table(struct domain *d, struct sh_page *sp)
{
	struct sh_page **place;

	if (!policy.sync->unpark) {
		sh_unshadow_page(d, sp);
		return;
	}
	place = ring_place(d->shadow, NULL);
	if (*place)
		sh_unshadow_page(d, *place);
	*place = sp;
	sh_pin(sp);
	sp->up->mode->unlink(d, sp->up, sp->up_slot);
	sh_demote(d, sp);
	sp->parked = true;
	SH_EACH(wrmap, restore, d, p2m_lookup(d, GFN(sp->gfn)));
}

static bool is_table(const struct sh_page *sp)
{
	return ROLE_LEVEL(sp->role) < ROLE_GUEST_LEVELS(sp->role);
}

void sh_unpark(struct vcpu *v, struct sh_page *sp)
{
	const struct frame_info *f = sh_frame(v->domain, GFN(sp->gfn));

	sp->parked = false;
	if (f->shadows && f->shadows->unsync)
		sh_resync(v, f->shadows);
	if (is_table(sp)) { /* the link that is made next holds it */
		*ring_place(v->domain->shadow, sp) = NULL;
		sp->pinned = false;
		sp->refs--;
	}
	sh_promote(v, sp, 0);
	if (sp->entries)
		sp->mode->relink(v->domain, sp);
}

void sh_parked_gone(struct domain *d, struct sh_page *sp)
{
	sp->parked = false;
	if (is_table(sp))
		*ring_place(d->shadow, sp) = NULL;
	sh_hash_remove(d->shadow, sp);
}

/* ---- audit ---- */

static void audit_frame(struct audit *a, struct sh_page *first)
{
	const struct domain *d = a->domain;
	const struct frame_info *f = sh_frame(d, GFN(first->gfn));

	if (f->shadows != first)
		audit_report(a, "smfn %x: listed as out of sync, but not first at gfn %x", first->mfn, first->gfn);
	for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame) {
		if (!sp->unsync || sp->snapshot != first->snapshot)
			audit_report(a, "smfn %x: not out of sync like the others of gfn %x", sp->mfn, sp->gfn);
		if (!SYNC_UNSYNCS_LINKS && ROLE_LEVEL(sp->role) > 1)
			audit_report(a, "smfn %x: out of sync at level %u", sp->mfn, ROLE_LEVEL(sp->role));
	}
	if (first->snapshot)
		first->snapshot->seen++;
	else if (SYNC_TAKES_SNAPSHOTS)
		audit_report(a, "smfn %x: out of sync without a snapshot", first->mfn);
}

static void audit_snapshots(struct audit *a, u32 held)
{
	const struct sh_domain *s = a->domain->shadow;

	for (struct sh_page *sp = s->snapshots_idle; sp && held <= s->snapshots; sp = sp->hash_next, held++)
		if (sp->seen)
			audit_report(a, "smfn %x: idle, and the snapshot of a frame", sp->mfn);
	if (held != s->snapshots)
		audit_report(a, "%u snapshots, %u counted", held, s->snapshots);
}

static void audit_unlisted(struct audit *a)
{
	pool_for_each(a->domain->shadow, sp)
		if (sp->used && sp->unsync && !sh_frame(a->domain, GFN(sp->gfn))->shadows->unsync)
			audit_report(a, "smfn %x: out of sync by itself", sp->mfn);
}

void sh_audit_unsync(struct audit *a)
{
	const struct sh_domain *s = a->domain->shadow;
	u32 n = 0;

	if (!SYNC_UNSYNCS)
		return;
	for (struct sh_page *sp = s->unsync_first; sp && n <= s->unsync_frames; sp = page_or_none(sp->unsync_next), n++)
		audit_frame(a, sp);
	if (n != s->unsync_frames || a->domain->unsync != !!n)
		audit_report(a, "%u frames out of sync, %u counted", n, s->unsync_frames);
	audit_snapshots(a, SYNC_TAKES_SNAPSHOTS ? n : 0);
	audit_unlisted(a);
}
