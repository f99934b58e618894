/* SPDX-License-Identifier: BSD-2-Clause */
/* shadow3: Xen 3.3. Level-1 tables go out of sync and come back at root loads; a fault pulls single entries through. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_around.h"
#include "parts/reclaim_early.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_guest_flags_mmio.h"
#include "parts/super_splinter.h"
#include "parts/sync_unsync_l1.h"
#include "parts/ways_short.h"
#include "parts/wrmap_fixup.h"
#include "parts/wrmap_guess.h"
#include "parts/wrmap_scan.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "shadow3"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_fixup, &wrmap_guess, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_early, &reclaim_clock },
	.ad = &ad_part,
};
