/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: unsync_l1_all. Level-1 tables go out of sync, as many as the guest likes, and
 * without snapshots: a resync derives every entry that is there (Linux KVM with npt=0).
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

enum { UNSYNC_TABLES = 0, SYNC_TAKES_SNAPSHOTS = 0, SYNC_LEARNS = 0 };

#include "unsync_leaves.h"

static const struct sh_sync sync_part = {
	UNSYNC_LEAVES_HOOKS,
	UNSYNC_LEAVES_KEPT,
	.made = unsync_made,
	.table_write = unsync_table_write,
};

#endif
