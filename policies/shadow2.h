/* SPDX-License-Identifier: BSD-2-Clause */
/* shadow2: Xen 3.0.3, summer 2006. Every write to a page table is emulated; shadows are kept. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_none.h"
#include "parts/super_splinter.h"
#include "parts/sync_emulate.h"
#include "parts/ways_short.h"
#include "parts/wrmap_guess.h"
#include "parts/wrmap_scan.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "shadow2"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_guess, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
