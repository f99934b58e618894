/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: oos. A guest table of any level goes out of sync when the guest writes to it
 * (Xen 2.0 and 3.0, "shadow1"): the page is really copied, its shadow completed by the
 * copy, and the guest writes freely. At the next fault whose address such a table translates, at
 * INVLPG and at a root load all of them are really resynced: table, copy and shadow are read from
 * end to end, what changed is derived, and write access goes.
 *
 * Must hold, in addition to what unsync.c says:
 *  - while anything is out of sync no link is made and none changes its rights: whatever is to make one resyncs
 * everything first;
 *  - where every table that translates an address is in sync, so is the way of shadows for it.
 * So what hardware sees through old entries it could have remembered, and nothing is
 * filled through them.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "policy.h"

enum { SYNC_PROTECTS_TABLES = 1, SYNC_KEEPS_ROOTS = 1, SYNC_UNSYNCS = 1, SYNC_TAKES_SNAPSHOTS = 1 };

SH_PART struct sh_page *oos_find(struct domain *d, u32 gfn, u32 role)
{
	return sh_hash_find(d->shadow, gfn, role);
}

SH_PART void oos_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	sh_hash_add(v->domain->shadow, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_promote(v, sp, va);
}

SH_PART void oos_gone(struct domain *d, struct sh_page *sp)
{
	sh_hash_remove(d->shadow, sp);
	sh_unsync_gone(d, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_demote(d, sp);
}

SH_PART void oos_root_made(struct domain *d, struct sh_page *root)
{
	sh_pin(root);
}
SH_PART void oos_root_left(struct vcpu *v, struct sh_page *root) {}
SH_PART bool oos_may_write(const struct frame_info *f)
{
	return !f->shadows || f->shadows->unsync;
}

/* If the pool has no page for the copy, the write is emulated. */
SH_PART enum verdict oos_table_write(struct vcpu *v, gfn_t gfn)
{
	struct frame_info *f = sh_frame(v->domain, gfn);

	return sh_unsync(v, f, true, true) ? SH_FIXED : SH_EMULATE;
}

/* The way is in sync wherever something is filled. Rights can only have grown, by a superpage's dirty bit. */
SH_PART bool oos_keep_link(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want)
{
	return true;
}

SH_PART void oos_invlpg(struct vcpu *v, gva_t va)
{
	sh_resync_all(v);
	sh_flush_page(v, va);
}

SH_PART void oos_give_back(struct domain *d)
{
	sh_resync_all(d->acting);
	sh_snapshots_give_back(d);
}

SH_PART bool oos_in_sync(const struct sh_page *sp)
{
	return !sp->unsync;
}

static const struct sh_sync sync_part = {
	.find = oos_find,
	.made = oos_made,
	.gone = oos_gone,
	.root_made = oos_root_made,
	.root_left = oos_root_left,
	.may_write = oos_may_write,
	.table_write = oos_table_write,
	.keep_link = oos_keep_link,
	.links_in_step = false,
	.resyncs_at_faults = true,
	.invlpg = oos_invlpg,
	.flush = sh_resync_all,
	.give_back = oos_give_back,
	.in_sync = oos_in_sync,
};

#endif
