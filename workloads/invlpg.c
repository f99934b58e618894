/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INVLPG of a mapped page whose entry has not changed.
 *
 * Kernels flush single pages after every change to a live entry. Serves: the
 * part of fork-cow's "cow-invlpg" that is the flush.
 */
#include "lib/guest.h"

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000);
	ulong root = pt_new_root(), first = pages_alloc(1), second = pages_alloc(1);
	pte_t *slot = pt_populate(root, USER_BASE, 1);

	poke((ulong)phys_to_virt(first), 1);
	poke((ulong)phys_to_virt(second), 2);
	pt_map(slot, first, 1, PTE_USER_DATA);
	write_cr3(root);
	need(peek(USER_BASE) == 1, "the first page is not there");
	invlpg(USER_BASE);

	region_begin("invlpg");
	for (ulong i = 0; i < ops; i++)
		invlpg(USER_BASE);
	region_end(ops);

	need(peek(USER_BASE) == 1, "the first page has gone");
	pt_map(slot, second, 1, PTE_USER_DATA);
	invlpg(USER_BASE);
	need(peek(USER_BASE) == 2, "INVLPG did not flush the page");
}
