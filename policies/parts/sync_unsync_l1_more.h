/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: unsync_l1_more. As unsync_l1, but as many tables as the pool has pages for snapshots: what Xen's limit of three costs a guest that
 * writes to more of them by turns.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

enum { UNSYNC_TABLES = 0, SYNC_TAKES_SNAPSHOTS = 1 };

#include "unsync_leaves.h"

static const struct sh_sync sync_part = {
	.find = unsync_find,
	.find_root = kept_find,
	.made = unsync_made,
	.gone = kept_unsync_gone,
	.root_made = kept_root_made,
	.may_write = kept_unsync_may_write,
	.table_write = unsync_table_write,
	.keep_link = kept_keep_link,
	.invlpg = unsync_invlpg,
	.flush = kept_unsync_flush,
	.give_back = kept_unsync_give_back,
	.in_sync = kept_unsync_in_sync,
};

#endif
