/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: mine, the model solution. Every table that has a shadow is write-protected, so that shadows of all address spaces can be kept; and a
 * level-1 table that is written goes out of sync until the next flush of the whole TLB, or until others go and it is the oldest.
 *
 * Must hold:
 *  - a frame with shadows is mapped writable nowhere, unless it is out of sync;
 *  - what is out of sync are level-1 tables, with a snapshot of what their shadows were derived from;
 *  - a shadow that is to be linked at a new place is brought back before, with all below it: an old entry shows only where hardware could
 *    remember it.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "kept_shadows.h"

enum {
	SYNC_PROTECTS_TABLES = 1,
	SYNC_KEEPS_ROOTS = 1,
	SYNC_UNSYNCS = 1,
	SYNC_UNSYNCS_LINKS = 0,
	SYNC_LINKS_IN_STEP = 1,
	SYNC_TAKES_SNAPSHOTS = 1,
};

SH_PART struct sh_page *mine_find(struct domain *d, u32 gfn, u32 role)
{
	struct sh_page *sp = kept_find(d, gfn, role);

	if (!sp || !d->unsync || (sp->role & (ROLE_DIRECT | ROLE_PDPTES)) == ROLE_DIRECT)
		return sp;
	if (ROLE_LEVEL(sp->role) > 1) /* a table below it may be out of sync */
		sh_resync_all(d->acting);
	else if (sp->unsync) /* this one and no other: sh_resync_all may let level-1 shadows go */
		sh_resync(d->acting, sp);
	return sp;
}

/* A frame that is out of sync gets a shadow of another role: it is brought back first. */
SH_PART void mine_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	const struct frame_info *f = sp->role & ROLE_DIRECT ? NULL : sh_frame(v->domain, GFN(sp->gfn));

	if (f && f->shadows && f->shadows->unsync)
		sh_resync(v, f->shadows);
	kept_made(v, sp, va);
}

/* Shadows of level 1 alone, and all of them by one way to read the table: a snapshot serves one. */
SH_PART bool mine_may_go(const struct frame_info *f)
{
	for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		if (ROLE_LEVEL(sp->role) != 1 || (sp->role ^ f->shadows->role) & ~ROLE_PLACE)
			return false;
	return true;
}

/* A write across a page's end may need two at once, and each vCPU may be at such a write. */
SH_PART bool mine_full(const struct domain *d)
{
	return d->shadow->unsync_frames >= 2 * d->nr_vcpus;
}

SH_PART enum verdict mine_table_write(struct vcpu *v, gfn_t gfn)
{
	struct frame_info *f = sh_frame(v->domain, gfn);

	if (!mine_may_go(f))
		return SH_EMULATE;
	if (mine_full(v->domain))
		sh_resync(v, v->domain->shadow->unsync_first);
	return sh_unsync(v, f, true, false) ? SH_FIXED : SH_EMULATE;
}

SH_PART void mine_invlpg(struct vcpu *v, gva_t va)
{
	if (v->domain->unsync)
		sh_resync_page(v, va);
	else
		sh_flush_page(v, va);
}

static const struct sh_sync sync_part = {
	.find = mine_find,
	.find_root = kept_find,
	.made = mine_made,
	.gone = kept_unsync_gone,
	.root_made = kept_root_made,
	.may_write = kept_unsync_may_write,
	.table_write = mine_table_write,
	.keep_link = kept_keep_link,
	.invlpg = mine_invlpg,
	.flush = kept_unsync_flush,
	.give_back = kept_unsync_give_back,
	.in_sync = kept_unsync_in_sync,
};

#endif
