/* SPDX-License-Identifier: BSD-2-Clause */
/* shadow1: Xen 2.0 and 3.0. Tables of every level go out of sync, and come back at the next fault that needs them. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_none.h"
#include "parts/super_splinter.h"
#include "parts/sync_oos.h"
#include "parts/ways_short.h"
#include "parts/wrmap_fixup.h" /* Xen's out_of_sync_entry kept the place of the writable entry as well */
#include "parts/wrmap_scan.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "shadow1"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_fixup, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
