/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: adaptive. Each table is treated by what its writers did lately. The rule:
 *
 *  1. A level-1 table is out of sync from its beginning: a fault needed it, so it is being filled. That says nothing yet.
 *  2. From its first resync on it goes at its first write, as a batch would want it, until that has not been worth it:
 *  3. a resync that found fewer changes than it was worth marks its table "single". Changed is what the resync derived or
 *     a fault had pulled through; worth it are WORTH_LEAST + one for each WORTH_EACH entries in use, because these
 *     are what the snapshot copies and the resync reads.
 *  4. Writes to a single table are emulated, until one root-load interval has seen as many of them as would have been
 *     worth it: that one goes out of sync again, and its resync judges anew. So the loss is bounded either way.
 *  5. Tables above level 1 are emulated, and taken out by the reclaim part upper: parked when they are emptied, unshadowed
 *     when they are flooded. A root that is only kept is parked at its first write, or, by that part, as soon as it is left, if an
 *     entry was taken out of it since it was loaded: its next use may be as data, or, as kernels hand out pages, as a root again,
 *     with the kernel's links in it.
 *  6. A table comes back when IDLE_ENOUGH times since it went INVLPG named an entry that had not changed: it is not being filled.
 *  7. What faults prefetch, the prefetch part adaptive decides, table by table as well.
 *
 * The thresholds, as measured (instructions, 4 levels, pool-resized): an emulated write costs 410, a table with all entries in
 * use 740 to let go and 6700 to bring back, as much as 18 writes; rule 3 asks for 10, because emulating them all again before it
 * goes costs as well. Two for each 64 entries instead of one are 0.5 % better for Linux's fork and 0.5 % worse for its shell: the
 * smaller number emulates less. Sixteen tables a vCPU out of sync at once (UNSYNC_TABLES) instead of three change no Linux figure by
 * more than 0.2 %, and 1024 make its shell 1.7 % worse; a guest that writes to sixteen by turns pays 433 instead of 690 a write, and
 * one that fills many new tables 1911 instead of 2365 a page (linear-map). Rule 1 is 0.3 to 0.5 % better for Linux's fork, exec and
 * shell, and takes 5 % more for exit-teardown's prefetched entries.
 *
 * What must hold is unsync_leaves.h's; a history is a hint that decides what an update costs, never what it does.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

enum { UNSYNC_TABLES = 16, SYNC_TAKES_SNAPSHOTS = 1, WORTH_LEAST = 2, WORTH_EACH = 64, IDLE_ENOUGH = 16 };

#include "unsync_leaves.h"

/* What is known of a level-1 shadow; of its table's writers, at the first shadow of the frame. */
enum history_kind {
	HISTORY_NONE,
	HISTORY_BORN,   /* out of sync since the shadow was made, not by a write */
	HISTORY_SINGLE, /* the last resync was not worth it */
};
struct history_page {
	u16 load;   /* root loads of the domain before the last write that was emulated, cut off */
	u16 pulled; /* out of sync: entries pulled through since it went */
	u8 tally;   /* in sync, writes emulated since that load; out of sync, INVLPGs for nothing */
	u8 kind;
};
SH_KEEPS_PAGE(history)

/* How many changes are worth a snapshot and a resync. */
SH_PART u32 adaptive_worth(const struct sh_page *first)
{
	const u32 in_use = sh_in_use(first);

	return WORTH_LEAST + (in_use + WORTH_EACH - 1) / WORTH_EACH;
}

/* The write to a single table is one of so many since the last root load that it goes out of sync. */
SH_PART bool adaptive_enough(const struct domain *d, struct sh_page *first)
{
	struct history_page *h = history_page(first);
	u16 load = (u16)(d->counter[PN_CNT_root_hit] + d->counter[PN_CNT_root_miss]);

	if (h->load != load) {
		h->load = load;
		h->tally = 0;
	}
	return ++h->tally >= WORTH_LEAST && h->tally >= adaptive_worth(first);
}

SH_PART enum verdict adaptive_table_write(struct vcpu *v, gfn_t gfn)
{
	struct frame_info *f = sh_frame(v->domain, gfn);

	if (sh_park_root(v->domain, f))
		return SH_FIXED;
	if (!unsync_may_go(f) || (history_page(f->shadows)->kind == HISTORY_SINGLE && !adaptive_enough(v->domain, f->shadows)))
		return SH_EMULATE;
	history_page(f->shadows)->tally = 0;
	return unsync_go(v, f);
}

SH_PART struct sh_page *adaptive_find(struct domain *d, u32 gfn, u32 role)
{
	struct sh_page *sp = unsync_find(d, gfn, role);

	if (sp && unlikely(sp->parked))
		sh_unpark(d->acting, sp);
	return sp;
}

/* Here, so that the compiler sees that there is one. */
SH_PART void adaptive_unpark(struct vcpu *v, struct sh_page *root)
{
	sh_unpark(v, root);
}

SH_PART void adaptive_gone(struct domain *d, struct sh_page *sp)
{
	if (sp->parked)
		sh_parked_gone(d, sp);
	else
		kept_unsync_gone(d, sp);
}

SH_PART bool adaptive_in_sync(const struct sh_page *sp)
{
	return !sp->unsync && !sp->parked;
}

SH_PART void adaptive_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	const bool leaf = ROLE_LEVEL(sp->role) == 1 && !(sp->role & ROLE_DIRECT);

	if (leaf)
		*history_page(sp) = (struct history_page){ 0 };
	if (!leaf || sh_frame(v->domain, GFN(sp->gfn))->shadows || unsync_full(v->domain)) {
		unsync_made(v, sp, va);
		return;
	}
	sh_hash_add(v->domain->shadow, sp);
	sh_promote_unsync(v, sp, va);
	history_page(sp)->kind = sp->unsync ? HISTORY_BORN : HISTORY_NONE;
}

SH_PART void adaptive_resynced(struct domain *d, struct sh_page *first, u32 changed)
{
	struct history_page *h = history_page(first);

	for (struct sh_page *sp = first; sp; sp = sp->same_frame) {
		changed += history_page(sp)->pulled;
		history_page(sp)->pulled = 0;
	}
	h->tally = 0;
	h->kind = h->kind != HISTORY_BORN && changed < adaptive_worth(first) ? HISTORY_SINGLE : HISTORY_NONE;
}

SH_PART void adaptive_invlpg(struct vcpu *v, gva_t va)
{
	struct sh_page *idle, *first;

	if (likely(!v->domain->unsync)) {
		sh_flush_page(v, va);
		return;
	}
	idle = sh_resync_page(v, va);
	if (!idle)
		return;
	first = sh_frame(v->domain, GFN(idle->gfn))->shadows;
	if (++history_page(first)->tally >= IDLE_ENOUGH)
		sh_resync(v, first);
}

SH_PART void adaptive_pulled(struct domain *d, struct sh_page *leaf)
{
	history_page(leaf)->pulled++;
}

static const struct sh_sync sync_part = {
	.keeps_page = &history_keeps_page,
	.find = adaptive_find,
	.find_root = kept_find,
	.unpark = adaptive_unpark,
	.made = adaptive_made,
	.gone = adaptive_gone,
	.root_made = kept_root_made,
	.may_write = kept_unsync_may_write,
	.table_write = adaptive_table_write,
	.keep_link = kept_keep_link,
	.invlpg = adaptive_invlpg,
	.flush = kept_unsync_flush,
	.resynced = adaptive_resynced,
	.pulled = adaptive_pulled,
	.give_back = kept_unsync_give_back,
	.in_sync = adaptive_in_sync,
};

#endif
