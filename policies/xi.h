/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xi: Virtual Iron's patch of 2006. Tables go out of sync as in shadow1, but a reverse map finds their mappings, entries
 * remember the guest's flags, and superpages are single entries.
 */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_guest_flags_mmio.h"
#include "parts/super_direct.h"
#include "parts/sync_oos.h"
#include "parts/ways_short.h"
#include "parts/wrmap_rmap.h"

enum { WRMAP_FINDS_ALL = WRMAP_RMAP_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "xi"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_rmap },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_clock },
	.ad = &ad_part,
};
