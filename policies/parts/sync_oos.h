/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: oos. A guest table of any level goes out of sync when the guest writes to it
 * (Xen 2.0 and 3.0, "shadow1"): the page is really copied, its shadow completed by the
 * copy, and the guest writes freely. At the next fault whose address such a table translates, at
 * INVLPG and at a root load all of them are really resynced: table, copy and shadow are read from
 * end to end, what changed is derived, and write access goes.
 *
 * Must hold, in addition to what kept_shadows.h and unsync.c say:
 *  - while anything is out of sync no link is made and none changes its rights: whatever is to make one resyncs
 * everything first;
 *  - where every table that translates an address is in sync, so is the way of shadows for it.
 * So what hardware sees through old entries it could have remembered, and nothing is
 * filled through them.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "kept_shadows.h"

enum {
	SYNC_PROTECTS_TABLES = 1,
	SYNC_KEEPS_ROOTS = 1,
	SYNC_UNSYNCS = 1,
	SYNC_UNSYNCS_LINKS = 1,
	SYNC_LINKS_IN_STEP = 0,
	SYNC_TAKES_SNAPSHOTS = 1,
};

/* If the pool has no page for the copy, the write is emulated. */
SH_PART enum verdict oos_table_write(struct vcpu *v, gfn_t gfn)
{
	struct frame_info *f = sh_frame(v->domain, gfn);

	return sh_unsync(v, f, true, true) ? SH_FIXED : SH_EMULATE;
}

SH_PART void oos_invlpg(struct vcpu *v, gva_t va)
{
	sh_resync_all(v);
	sh_flush_page(v, va);
}

/* The way is in sync wherever something is filled. */
static const struct sh_sync sync_part = {
	.find = kept_find,
	.find_root = kept_find,
	.made = kept_made,
	.gone = kept_unsync_gone,
	.root_made = kept_root_made,
	.may_write = kept_unsync_may_write,
	.table_write = oos_table_write,
	.keep_link = kept_keep_link,
	.before_link = sh_resync_all,
	.invlpg = oos_invlpg,
	.flush = kept_unsync_flush,
	.give_back = kept_unsync_give_back,
	.in_sync = kept_unsync_in_sync,
};

#endif
