/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: unsync_l1. Level-1 tables go out of sync, all others are emulated (Xen 3.3,
 * "shadow3"). Three tables a vCPU at a time, each with a snapshot, so that a resync derives
 * only what changed.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

enum { UNSYNC_TABLES = 3, SYNC_TAKES_SNAPSHOTS = 1 };

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
