/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries as wide as a word: each change is one store. */
#ifndef GUEST_PTE_STORE_H
#define GUEST_PTE_STORE_H

static inline void pte_set(pte_t *slot, pte_t entry)
{
	*(volatile pte_t *)slot = entry;
}
static inline void pte_clear(pte_t *slot)
{
	*(volatile pte_t *)slot = 0;
}
static inline void pte_remove(pte_t *slot, ulong flags)
{
	*(volatile pte_t *)slot = *(volatile pte_t *)slot & ~flags;
}

#endif
