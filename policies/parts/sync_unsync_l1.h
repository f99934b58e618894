/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: unsync_l1. Level-1 tables go out of sync, all others are emulated (Xen 3.3,
 * "shadow3"). Three tables a vCPU at a time, each with a snapshot, so that a resync derives
 * only what changed.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

enum { UNSYNC_TABLES = 3, SYNC_TAKES_SNAPSHOTS = 1, SYNC_LEARNS = 0 };

#include "unsync_leaves.h"

static const struct sh_sync sync_part = {
	UNSYNC_LEAVES_HOOKS,
	UNSYNC_LEAVES_KEPT,
	.made = unsync_made,
	.table_write = unsync_table_write,
};

#endif
