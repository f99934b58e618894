/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical pages, and page tables made of them. */
#include "guest.h"
#include "private.h"

ulong pages_alloc(ulong n)
{
	ulong pa = next_free;

	need(n <= (memory_bytes - next_free) / PAGE_SIZE, "out of memory: %lu more pages", n);
	next_free += n * PAGE_SIZE;
	memset(phys_to_virt(pa), 0, n * PAGE_SIZE);
	return pa;
}

ulong pt_new_root(void)
{
	ulong root = pages_alloc(1);
	pte_t *table = phys_to_virt(root);

	memcpy(table + KERNEL_ROOT_INDEX, boot_root + KERNEL_ROOT_INDEX, (PT_ROOT_ENTRIES - KERNEL_ROOT_INDEX) * sizeof(pte_t));
	return root;
}

/* The L1 slot of va, its tables made where there are none. */
static pte_t *populate_one(ulong root, ulong va)
{
	pte_t *table = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 1; level--) {
		pte_t *slot = &table[pt_index(va, level)];

		if (!(pte_get(slot) & PTE_P))
			pte_set(slot, pages_alloc(1) | (level == PT_LEVELS ? PTE_ROOT : PTE_TABLE));
		table = phys_to_virt(pte_get(slot) & PTE_FRAME);
	}
	return &table[pt_index(va, 1)];
}

pte_t *pt_populate(ulong root, ulong va, ulong n)
{
	pte_t *first = populate_one(root, va);

	for (ulong i = PT_ENTRIES - pt_index(va, 1); i < n; i += PT_ENTRIES)
		need(populate_one(root, va + i * PAGE_SIZE) == first + i, "the tables for %#lx have a gap", va);
	return first;
}

void pt_map(pte_t *slot, ulong pa, ulong n, pte_t flags)
{
	for (ulong i = 0; i < n; i++)
		pte_set(&slot[i], (pa + i * PAGE_SIZE) | flags);
}
