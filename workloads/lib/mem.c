/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical pages and page tables.
 *
 * The direct mapping covers memory and nothing else, and is the only mapping
 * of any page table: each table therefore has exactly one writable mapping.
 */
#include "guest.h"
#include "private.h"

#define CR4_PGE 0x80

extern pte_t boot_root[PT_ENTRIES], boot_l2[PT_ENTRIES];
extern char image_end[];

u64 memory_bytes;
static u64 next_free; /* physical; pages from here to memory_bytes are free and untouched */

/* Memory from 1 MiB upwards without a gap: where the image is, and all that the library uses. */
static u64 end_of_memory(const struct memmap_entry *map, unsigned entries)
{
	u64 image = virt_to_phys(image_end) - 1;

	for (unsigned i = 0; i < entries; i++)
		if (map[i].type == 1 && image >= map[i].address && image - map[i].address < map[i].bytes)
			return map[i].address + map[i].bytes;
	fail("the memory map has no memory where the image is");
}

void mem_init(const struct memmap_entry *map, unsigned entries)
{
	u64 cr4;

	memory_bytes = end_of_memory(map, entries) & ~(SUPERPAGE_BYTES - 1ull);
	if (memory_bytes > DIRECT_MAX)
		memory_bytes = DIRECT_MAX;
	/* Tables begin on a superpage of their own: what the image writes does not share theirs. */
	next_free = ALIGN_UP(virt_to_phys(image_end), SUPERPAGE_BYTES);
	need(next_free < memory_bytes, "only %lu bytes of memory", memory_bytes);

	for (u64 pa = memory_bytes; pa < DIRECT_MAX; pa += SUPERPAGE_BYTES)
		pte_set(&boot_l2[pa / SUPERPAGE_BYTES], 0);
	pte_set(&boot_root[0], 0);
	write_cr3(virt_to_phys(boot_root));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_PGE) : "memory");
}

u64 pages_alloc(u64 n)
{
	u64 pa = next_free;

	need(n <= (memory_bytes - next_free) / PAGE_SIZE, "out of memory: %lu more pages", n);
	next_free += n * PAGE_SIZE;
	memset(phys_to_virt(pa), 0, n * PAGE_SIZE);
	return pa;
}

u64 pt_new_root(void)
{
	u64 root = pages_alloc(1);
	pte_t *table = phys_to_virt(root);

	memcpy(table + PT_ENTRIES / 2, boot_root + PT_ENTRIES / 2, PT_ENTRIES / 2 * sizeof(pte_t));
	return root;
}

/* The L1 slot of va, its tables made where there are none. */
static pte_t *populate_one(u64 root, u64 va)
{
	pte_t *table = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 1; level--) {
		pte_t *slot = &table[pt_index(va, level)];

		if (!(pte_get(slot) & PTE_P))
			pte_set(slot, pages_alloc(1) | PTE_TABLE);
		table = phys_to_virt(pte_get(slot) & PTE_FRAME);
	}
	return &table[pt_index(va, 1)];
}

pte_t *pt_populate(u64 root, u64 va, u64 n)
{
	pte_t *first = populate_one(root, va);

	for (u64 i = PT_ENTRIES - pt_index(va, 1); i < n; i += PT_ENTRIES)
		need(populate_one(root, va + i * PAGE_SIZE) == first + i, "the tables for %#lx have a gap", va);
	return first;
}

void pt_map(pte_t *slot, u64 pa, u64 n, pte_t flags)
{
	for (u64 i = 0; i < n; i++)
		pte_set(&slot[i], (pa + i * PAGE_SIZE) | flags);
}
