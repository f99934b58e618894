/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adaptive: ours. Whether a table is emulated, let go out of sync, unshadowed or prefetched from is decided table by table, from
 * what was lately done with it; the rule stands in parts/sync_adaptive.h. The rest is what measured best beside it.
 */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_adaptive.h"
#include "parts/reclaim_clock.h"
#include "parts/reclaim_upper.h"
#include "parts/spare_way.h"
#include "parts/super_few_writers.h"
#include "parts/sync_adaptive.h"
#include "parts/ways_short.h"
#include "parts/wrmap_guess.h"
#include "parts/wrmap_last_writer.h"
#include "parts/wrmap_scan.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "adaptive"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_last_writer, &wrmap_guess, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_upper, &reclaim_clock },
	.ad = &ad_part,
};
