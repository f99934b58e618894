/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demand fault of Linux and its like: a page that is not there is
 * written to, the handler writes its entry once, the write is retried.
 *
 * One operation is one page. The first fault is the guest's own; what happens
 * when the handler writes the live L1, and at the retry, is the policy's.
 * Serves: T1, T2, T3, T6, T7, T16.
 */
#include "lib/demand.h"

static inline void demand_map(pte_t *slot, ulong frame)
{
	pte_set(slot, frame | PTE_USER_DATA);
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 20000);

	demand_run(demand_prepare(ops), ops);
}
