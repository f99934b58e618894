/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What nested paging keeps of walks down the guest's tables: to the page of code, and to the page of a device. The guest's flushes are
 * not seen, so that no translation may be kept; but a walk may: while each entry that it read is as it was, a walk now would come to
 * the same page.
 */
#ifndef PAGING_KEPT_WALK_H
#define PAGING_KEPT_WALK_H

#include "cpu.h"
#include "vcpu.h"

/* Would a walk to the kept walk's page, by these registers of a guest in long mode, come to the same? */
static inline __attribute__((always_inline)) bool kept_walk_stands(const struct kept_walk *w, u64 cr3, u64 cr4)
{
	if (unlikely(w->cr3 != cr3 || w->la57 != (cr4 & CR4_LA57)))
		return false;
#pragma GCC unroll 5
	for (unsigned i = 0; i < KEPT_WALK_MOST; i++)
		if (unlikely(READ_ONCE(*w->at[i]) != w->entry[i]))
			return false;
	return true;
}

#endif
