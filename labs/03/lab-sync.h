/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 3's recipe: the student's sync part, and beside it what asks least of it. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_none.h"
#include "parts/super_splinter.h"
#include "parts/ways_short.h"
#include "parts/wrmap_guess.h"
#include "parts/wrmap_scan.h"
#include "sync_mine.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "lab"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_guess, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
