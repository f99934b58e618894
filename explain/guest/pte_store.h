/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries written by the simulated machine: in one store, or in two words where the guest's registers are half as wide. */
#ifndef GUEST_PTE_STORE_H
#define GUEST_PTE_STORE_H

static inline void pte_set(pte_t *slot, pte_t entry)
{
	if (sizeof(pte_t) > WORD_BYTES)
		machine_write(address_of((u8 *)slot + 4), (u64)entry >> 32, 4);
	machine_write(address_of(slot), entry, WORD_BYTES < sizeof(pte_t) ? WORD_BYTES : sizeof(pte_t));
}

static inline void pte_clear(pte_t *slot)
{
	machine_write(address_of(slot), 0, WORD_BYTES < sizeof(pte_t) ? WORD_BYTES : sizeof(pte_t));
	if (sizeof(pte_t) > WORD_BYTES)
		machine_write(address_of((u8 *)slot + 4), 0, 4);
}

static inline void pte_remove(pte_t *slot, ulong flags)
{
	const unsigned bytes = WORD_BYTES < sizeof(pte_t) ? WORD_BYTES : sizeof(pte_t);

	machine_write(address_of(slot), machine_read(address_of(slot), bytes) & ~flags, bytes);
}

#endif
