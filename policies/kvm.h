/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kvm: Linux KVM with npt=0. Level-1 tables go out of sync without limit, others lose
 * their shadows when writes flood them; roots are kept.
 */
#include "parts/ad_fault.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_block.h"
#include "parts/reclaim_flood.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_guest_flags_mmio.h"
#include "parts/super_direct.h"
#include "parts/sync_unsync_l1_all.h"
#include "parts/ways_short.h"
#include "parts/wrmap_rmap.h"

enum { WRMAP_FINDS_ALL = WRMAP_RMAP_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "kvm"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_rmap },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_flood, &reclaim_clock },
	.ad = &ad_part,
};
