/* SPDX-License-Identifier: BSD-2-Clause */
/* shadow2-fast: shadow2 with the future optimisations of its own slides: last_writer (1), guest_flags_mmio (2), batch (3), read_protect (4), early (5). */
#include "parts/ad_read_protect.h"
#include "parts/clusters_none.h"
#include "parts/invlpg_always.h"
#include "parts/prefetch_none.h"
#include "parts/reclaim_batch.h"
#include "parts/reclaim_early.h"
#include "parts/reclaim_clock.h"
#include "parts/spare_guest_flags_mmio.h"
#include "parts/super_splinter.h"
#include "parts/sync_emulate.h"
#include "parts/ways_short.h"
#include "parts/wrmap_guess.h"
#include "parts/wrmap_last_writer.h"
#include "parts/wrmap_scan.h"

enum { WRMAP_FINDS_ALL = WRMAP_SCAN_FINDS_ALL, RECLAIM_FREES_PINNED = RECLAIM_CLOCK_FREES_PINNED };
#define RECIPE_NAME "shadow2-fast"

static const struct sh_policy policy = {
	.sync = &sync_part,
	.wrmap = { &wrmap_last_writer, &wrmap_guess, &wrmap_scan },
	.spare = &spare_part,
	.super = &super_part,
	.prefetch = &prefetch_part,
	.reclaim = { &reclaim_batch, &reclaim_early, &reclaim_clock },
	.ad = &ad_part,
};
