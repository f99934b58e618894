/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables of random bits: wild frames, reserved bits, tables that are their
 * own children, superpages where none can be. It only reads through them, so
 * that it stays alive where the hypervisor lets it.
 */
#include "../lib/guest.h"
#include "../lib/random.h"

#define TABLES 8

static ulong state = 88172645463325252;

static ulong next(void)
{
	return state = random_next(state);
}

/* Half of the entries are wild, the others name one of the tables, with random flags. */
static pte_t random_entry(ulong tables)
{
	ulong bits = next();

	if (bits & BIT(60))
		return bits;
	return (tables + next() % TABLES * PAGE_SIZE) | (bits & (0xfff | PTE_NX)) | PTE_P;
}

void workload_main(void)
{
	ulong ops = param("ops", 2000, 1, 1000000), root = pt_new_root(), tables = pages_alloc(TABLES), faulted = 0;
	pte_t *entry = phys_to_virt(tables);

	for (unsigned i = 0; i < TABLES * PT_ENTRIES; i++)
		pte_set(&entry[i], random_entry(tables));
	for (unsigned i = 0; i < PT_ENTRIES / 2; i++)
		pte_set((pte_t *)phys_to_virt(root) + i, random_entry(tables));
	write_cr3(root);
	for (ulong i = 0; i < ops; i++) {
		faulted += read_faults(next() & (BIT(47) - 8));
		pte_set(&entry[next() % (TABLES * PT_ENTRIES)], random_entry(tables));
		if (i % 64 == 63)
			write_cr3(root);
	}
	print("%lu of %lu reads faulted\n", faulted, ops);
}
