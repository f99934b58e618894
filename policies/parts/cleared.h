/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How reclaim parts see a guest clear its tables. 32-bit code clears a PAE entry by halves: the lower one, with
 * PTE_P, stands for it, the upper one counts neither way, as in Xen.
 */
#ifndef PART_CLEARED_H
#define PART_CLEARED_H

#include "policy.h"

enum cleared { CLEARED_NONE, CLEARED_ENTRY, CLEARED_NEITHER };

/* Less than an entry was stored, or none that is aligned. */
SH_PART enum cleared cleared_half(u32 levels, const void *p, u32 bytes)
{
	if (levels != 3 || bytes != 4 || (uintptr_t)p % 4 || *(const u32 *)p)
		return CLEARED_NONE;
	return (uintptr_t)p % 8 ? CLEARED_NEITHER : CLEARED_ENTRY;
}

/* `bytes` at `p` were stored in the table of a frame that has shadows. */
SH_PART enum cleared cleared_by(const struct frame_info *f, const void *p, u32 bytes)
{
	u32 levels = ROLE_GUEST_LEVELS(f->shadows->role), entry = levels == 2 ? 4 : 8;

	if (bytes < entry || (uintptr_t)p % entry)
		return cleared_half(levels, p, bytes);
	return (entry == 4 ? *(const u32 *)p : *(const u64 *)p) ? CLEARED_NONE : CLEARED_ENTRY;
}

#endif
