/* SPDX-License-Identifier: BSD-2-Clause */
/* npt: nested tables as hypervisors build them, of 2 MiB entries where the domain's memory lies so. hybrid has these, too. */
#include "npt.h"
#include "paging.h"

const char paging_recipe_name[] = "npt";
const bool npt_large_entries = true;
