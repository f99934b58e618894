/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU's nested page table: the p2m as four levels of page tables, with 2 MiB entries
 * where both sides are aligned and contiguous, if the recipe has such.
 */
#ifndef PAGING_NPT_H
#define PAGING_NPT_H

#include "nested.h"
#include "p2m.h"

/* A level-2 entry, while log-dirty is on: the table that it leads to may map frames writable. A bit that hardware leaves to software. */
#define NPT_LOGGED BIT(9)

/* The recipe's form (policies/npt.c, policies/npt-4k.c): false: every entry is one of 4 KiB. */
extern const bool npt_large_entries;

/* Map everything that the p2m holds; sets d->npt_root. False: out of memory. */
bool npt_build(struct domain *d);
void npt_destroy(struct domain *d);

/* Does the table map this frame already? */
bool npt_maps(const struct domain *d, gfn_t gfn);

/* Map one frame as the p2m says now, by 4 KiB; without write access if `write` is false. False: out of memory. */
bool npt_set(struct domain *d, gfn_t gfn, bool write);
/* Only 4 KiB entries from now on; or large ones again where they fit, every frame writable. False: out of memory. */
bool npt_split(struct domain *d);
void npt_merge(struct domain *d);
/*
 * Take write access from every frame whose machine frame is in [first, first + frames), large entries being split: from `all`, or from
 * those that npt_set gave it since log-dirty is on. Returns from how many.
 */
u64 npt_protect(struct domain *d, mfn_t first, u64 frames, bool all);

#endif
