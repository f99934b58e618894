/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of two words, as 32-bit Linux writes them: the word with the present bit comes last when one is made, first when one goes. */
#ifndef GUEST_PTE_STORE_H
#define GUEST_PTE_STORE_H

#include "types.h"

typedef volatile u32 __attribute__((may_alias)) pte_word;

static inline void pte_set(pte_t *slot, pte_t entry)
{
	pte_word *w = (pte_word *)slot;

	w[1] = (u32)(entry >> 32);
	w[0] = (u32)entry;
}

static inline void pte_clear(pte_t *slot)
{
	pte_word *w = (pte_word *)slot;

	w[0] = 0;
	w[1] = 0;
}

static inline void pte_remove(pte_t *slot, ulong flags)
{
	pte_word *w = (pte_word *)slot;

	w[0] = w[0] & ~flags;
}

#endif
