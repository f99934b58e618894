/* SPDX-License-Identifier: BSD-2-Clause */
/* Superpages of a guest's own making, in the user half: an L2 table's entries, and memory for them to map. */
#ifndef GUEST_SUPERPAGES_H
#define GUEST_SUPERPAGES_H

#include "guest.h"

#define PER_SUPERPAGE (SUPERPAGE_BYTES / PAGE_SIZE)
#define REGION        (USER_BASE + SUPERPAGE_BYTES) /* aligned as USER_BASE is */

/* Physical address of n superpages of memory, aligned. */
static inline ulong superpages_alloc(ulong n)
{
	ulong pa = pages_alloc((n + 1) * PER_SUPERPAGE);

	return ALIGN_UP(pa, SUPERPAGE_BYTES);
}

/* The L2 entries from REGION's onwards; its tables are made. */
static inline pte_t *superpage_slots(ulong root)
{
	pte_t *t = phys_to_virt(root);

	pt_populate(root, REGION, 1);
	for (unsigned level = PT_LEVELS; level > 2; level--)
		t = phys_to_virt(pte_get(&t[pt_index(REGION, level)]) & PTE_FRAME);
	return &t[pt_index(REGION, 2)];
}

#endif
