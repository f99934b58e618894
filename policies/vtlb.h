/* SPDX-License-Identifier: BSD-2-Clause */
/* vtlb: the naive shadow, dumped at every context switch. It protects no table, so it never looks for mappings. */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_none.h"
#include "parts/super_splinter.h"
#include "parts/sync_vtlb.h"
#include "parts/ways_short.h"

enum { WRMAP_FINDS_ALL = 0, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "vtlb"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { NULL },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
