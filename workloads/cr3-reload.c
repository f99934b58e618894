/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CR3 loaded again with the value that it has: how kernels flush the TLB.
 *
 * Nothing was changed, so all that a hypervisor must do is to notice that.
 * Serves: T8 (what the "next CR3 load" costs by itself), T20.
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
	write_cr3(root);

	region_begin("reload");
	for (ulong i = 0; i < ops; i++)
		write_cr3(root);
	region_end(ops);

	/* The reload flushes: a changed entry counts after it. */
	need(peek(USER_BASE) == 1, "the first page has gone");
	pt_map(slot, second, 1, PTE_USER_DATA);
	write_cr3(root);
	need(peek(USER_BASE) == 2, "a CR3 load did not flush the TLB");
}
