/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nested page table's form: four levels of 512 entries, 2 MiB entries at level 2, pages that come one by one from
 * plat_alloc_pages. What is mapped where is its owner's affair: hv/paging/nested/npt.h, hv/paging/nested/fence.h.
 */
#ifndef PAGING_NESTED_H
#define PAGING_NESTED_H

#include "plat.h"
#include "pte.h"

#define NPT_LEVELS 4
/* Nested tables are walked as user accesses, hence PTE_US (APM volume 2, 15.25.5). */
#define NPT_RIGHTS          (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define NESTED_LARGE_FRAMES 512u

/* The entry for a guest-physical frame at `level`, with the tables above it; no large entry is in the way. NULL: out of memory. */
u64 *nested_entry(mfn_t root, u64 frame, u32 level);
/* That entry if the tables above it are there; NULL: they are not. */
u64 *nested_present(mfn_t root, u64 frame, u32 level);
/* The level-1 entry, the large one above it split. NULL: out of memory. */
u64 *nested_small_entry(mfn_t root, u64 frame);
/* What the frame is mapped by, a large entry included; 0: by nothing. */
u64 nested_lookup(mfn_t root, u64 frame);
/* All of its pages. */
void nested_free(mfn_t root);

static inline u64 *nested_table(u64 e)
{
	return plat_map(pte_mfn(e));
}

#endif
