/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: early. Two whole entries in a row set to zero in one table: the guest tears the table
 * down and will use the page as data, so its shadow goes now and the rest is the guest's own (the shadow2
 * slides' future optimisation 5; Xen: SHOPT_EARLY_UNSHADOW). 32-bit code clears a PAE entry by halves: the lower one, with
 * PTE_P, stands for it, the upper one counts neither way, as in Xen. Any other write to a table begins anew.
 *
 * Must hold: it is a guess that costs a refill when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. It ends no want of pages: lru
 * comes after it.
 */
#ifndef PART_RECLAIM_EARLY_H
#define PART_RECLAIM_EARLY_H

#include "policy.h"

enum { RECLAIM_EARLY_FREES_PINNED = 0 };

enum early_write { EARLY_OTHER, EARLY_ZERO, EARLY_NEITHER };

/* Less than an entry was stored, or none that is aligned. */
SH_PART enum early_write early_half(u32 levels, const void *p, u32 bytes)
{
	if (levels != 3 || bytes != 4 || (uintptr_t)p % 4 || *(const u32 *)p)
		return EARLY_OTHER;
	return (uintptr_t)p % 8 ? EARLY_NEITHER : EARLY_ZERO;
}

SH_PART enum early_write early_kind(const struct frame_info *f, const void *p, u32 bytes)
{
	u32 levels = ROLE_GUEST_LEVELS(f->shadows->role), entry = levels == 2 ? 4 : 8;

	if (bytes < entry || (uintptr_t)p % entry)
		return early_half(levels, p, bytes);
	return (entry == 4 ? *(const u32 *)p : *(const u64 *)p) ? EARLY_OTHER : EARLY_ZERO;
}

SH_PART void early_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct sh_domain *s = v->domain->shadow;
	enum early_write kind = f->shadows ? early_kind(f, p, bytes) : EARLY_OTHER;
	bool again = s->written.zeroed == f;

	if (kind == EARLY_NEITHER)
		return;
	s->written.zeroed = NULL;
	if (kind == EARLY_OTHER)
		return;
	if (again && sh_unshadow_fast(v->domain, f, UNSHADOW_EARLY))
		COUNT(v->domain, early_unshadow);
	else
		s->written.zeroed = f;
}

static const struct sh_reclaim reclaim_early = { .written = early_written };

#endif
