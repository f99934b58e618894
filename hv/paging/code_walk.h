/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nested paging's page of code. The guest's flushes are not seen, so that no translation may be kept; but a walk may: while each entry
 * that it read is as it was, a walk now would come to the same page.
 */
#ifndef PAGING_CODE_WALK_H
#define PAGING_CODE_WALK_H

#include "cpu.h"
#include "vcpu.h"

/* Would a walk to the kept walk's page, by these registers of a guest in long mode, come to the same? */
static inline __attribute__((always_inline)) bool code_walk_stands(const struct vcpu *v, u64 cr3, u64 cr4)
{
	const struct code_walk *w = &v->code_walk;

	if (unlikely(w->cr3 != cr3 || w->la57 != (cr4 & CR4_LA57)))
		return false;
#pragma GCC unroll 5
	for (unsigned i = 0; i < CODE_WALK_MOST; i++)
		if (unlikely(READ_ONCE(*w->at[i]) != w->entry[i]))
			return false;
	return true;
}

#endif
