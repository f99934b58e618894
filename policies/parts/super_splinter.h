/* SPDX-License-Identifier: BSD-2-Clause */
/* super: splinter. A guest superpage is shadowed by direct tables of 4 KiB entries, filled one by one. */
#ifndef PART_SUPER_H
#define PART_SUPER_H

#include "policy.h"

enum { SUPER_HIGHEST_LEAF = 1, SUPER_FEW_WRITERS = 0 };

SH_PART u32 splinter_leaf_level(u32 level)
{
	return 1;
}

static const struct sh_super super_part = { .leaf_level = splinter_leaf_level };

#endif
