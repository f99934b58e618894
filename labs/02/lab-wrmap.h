/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 2's recipe: shadow2 with the student's wrmap part in the place of guess. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_none.h"
#include "parts/super_splinter.h"
#include "parts/sync_emulate.h"
#include "parts/ways_short.h"
#include "parts/wrmap_scan.h"
#include "wrmap_mine.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "lab"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_mine, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
