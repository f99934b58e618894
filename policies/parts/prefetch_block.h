/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: block, as KVM does it. The aligned eight entries that the fault's is one of,
 * from the first on, until one whose own access would fault.
 */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "policy.h"

enum { PREFETCH_LOOKS_AROUND = 1, PREFETCH_BLOCK = 8 };

SH_PART void block_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	*first = slot & ~(PREFETCH_BLOCK - 1u);
	*end = *first + PREFETCH_BLOCK;
}

static const struct sh_prefetch prefetch_part = { .window = block_window, .upwards = false };

#endif
