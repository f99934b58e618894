/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU's nested page table: the p2m as four levels of page tables, with 2 MiB entries
 * where both sides are aligned and contiguous.
 */
#ifndef PAGING_NPT_H
#define PAGING_NPT_H

#include "p2m.h"

/* Map everything that the p2m holds; sets d->npt_root. False: out of memory. */
bool npt_build(struct domain *d);
void npt_destroy(struct domain *d);

/* Does the table map this frame already? */
bool npt_maps(const struct domain *d, gfn_t gfn);

#endif
