/* SPDX-License-Identifier: BSD-2-Clause */
/* An upper-level entry names a table where there is no memory, and an access goes through it. */
#include "../lib/guest.h"
#include "no-traps.h"

#define NOWHERE 0x7000000000

void workload_main(void)
{
	ulong root = pt_new_root();
	pte_t *table = phys_to_virt(root);

	pt_populate(root, USER_BASE, 1);
	for (unsigned level = PT_LEVELS; level > 2; level--)
		table = phys_to_virt(pte_get(&table[pt_index(USER_BASE, level)]) & PTE_FRAME);
	pte_set(&table[pt_index(USER_BASE, 2)], NOWHERE | PTE_TABLE);
	write_cr3(root);
	print("about to walk a wild table\n");
	no_traps();
	poke(USER_BASE, 1);
	print("still here\n");
}
