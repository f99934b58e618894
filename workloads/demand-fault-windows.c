/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demand fault of Windows: before the real entry the handler writes a
 * transition entry (not present, but not zero: the frame and software bits).
 *
 * One operation is one page. A policy that traps each write of an entry pays
 * for both. Serves: T4, T5, T6, T7, T9.
 */
#include "lib/demand.h"

#define PTE_TRANSITION 0x800 /* Windows' software bit for it; the present bit is clear */

static inline void demand_map(pte_t *slot, ulong frame)
{
	pte_set(slot, frame | PTE_TRANSITION);
	pte_set(slot, frame | PTE_USER_DATA);
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 20000);

	demand_run(demand_prepare(ops), ops);
}
