/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hidden tables, of recipes whose ad part withholds level-1 tables from the guest. Other recipes compile none of
 * this.
 *
 * Must hold while a table is hidden:
 *  - no entry maps its frame, writable or not: the guest reaches it by faults alone;
 *  - entries of its shadows have the accessed and dirty bits of the guest's entry or less, and hardware adds to
 *    them; a bit that hardware added is in the guest's entry before anybody reads that, or before the
 *    shadow's entry goes;
 *  - an entry may exist for a guest entry without PTE_A, and be writable for one without PTE_D.
 * All shadows of a frame are hidden, or none, and they all have level 1.
 */
#ifndef SHADOW_HIDE_H
#define SHADOW_HIDE_H

#include "engine.h"
#include "recipe.h"

/* What of a leaf entry makes frame_info.writable count it. */
#define SH_COUNTED (PTE_P | (AD_HIDES_TABLES ? 0 : PTE_RW))

static inline bool sh_hidden(const struct frame_info *f)
{
	return AD_HIDES_TABLES && f->shadows && f->shadows->hidden;
}

/* sp was just put at the head of its frame's list. */
void sh_hide_new(struct domain *d, struct frame_info *f, struct sh_page *sp);
/* The guest is to read the table: bring its bits up to date, and let it be mapped. */
void sh_show(struct domain *d, struct frame_info *f);
/* A fault had to mark an entry of the guest's table at `mfn` for an access to va. */
void sh_marked(struct vcpu *v, mfn_t mfn, gva_t va);
/* [at, at + bytes) of a table is about to be read by others than the guest's own instructions, or written. */
void sh_settle(struct domain *d, const void *at, u32 bytes, bool write);
/* Every hidden table's bits are brought up to date; all stay hidden. */
void sh_settle_all(struct domain *d);

#endif
