/* SPDX-License-Identifier: BSD-2-Clause */
/* npt-4k: nested tables of 4 KiB entries alone, as where a host's memory is in pieces, shared or logged: each nested walk goes down all levels. */
#include "npt.h"
#include "paging.h"

const char paging_recipe_name[] = "npt-4k";
const bool npt_large_entries = false;
