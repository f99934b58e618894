/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: around, as Xen does it. Behind the entry that a fault asked for, up to 31
 * more, until one that is there already or whose own access would fault.
 */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "policy.h"

enum { PREFETCH_LOOKS_AROUND = 1, PREFETCH_DISTANCE = 32 };

SH_PART void around_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	*first = slot + 1;
	*end = slot + PREFETCH_DISTANCE < entries ? slot + PREFETCH_DISTANCE : entries;
}

static const struct sh_prefetch prefetch_part = { .window = around_window, .upwards = true };

#endif
