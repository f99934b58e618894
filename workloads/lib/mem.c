/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as the boot loader left it, and the kernel's mapping of it.
 *
 * The direct mapping covers memory and nothing else, and is the only mapping
 * of any page table: each table therefore has exactly one writable mapping.
 */
#include "guest.h"
#include "private.h"

#define CR4_PGE 0x80

extern pte_t boot_direct[DIRECT_MAX / SUPERPAGE_BYTES];
extern char image_end[];

ulong memory_bytes;
ulong next_free;

/* Memory from 1 MiB upwards without a gap: where the image is, and all that the library uses. */
static u64 end_of_memory(const struct memmap_entry *map, unsigned entries)
{
	ulong image = virt_to_phys(image_end) - 1;

	for (unsigned i = 0; i < entries; i++)
		if (map[i].type == 1 && image >= map[i].address && image - map[i].address < map[i].bytes)
			return map[i].address + map[i].bytes;
	fail("the memory map has no memory where the image is");
}

/* Memory is mapped page by page, by tables at its own beginning. */
static void map_small(void)
{
	for (ulong pa = 0; pa < memory_bytes; pa += SUPERPAGE_BYTES) {
		pte_t *slot = &boot_direct[pa / SUPERPAGE_BYTES];
		pte_t rights = pte_get(slot) & ~(PTE_FRAME | PTE_PS);
		ulong table = pages_alloc(1);

		pt_map(phys_to_virt(table), pa, PT_ENTRIES, rights);
		pte_set(slot, table | PTE_TABLE);
	}
	write_cr3(virt_to_phys(boot_root));
}

void mem_init(const struct memmap_entry *map, unsigned entries)
{
	u64 end = end_of_memory(map, entries);
	ulong cr4;

	memory_bytes = (end < DIRECT_MAX ? (ulong)end : DIRECT_MAX) & ~(SUPERPAGE_BYTES - 1ul);
	/* Tables begin on a superpage of their own: what the image writes does not share theirs. */
	next_free = ALIGN_UP(virt_to_phys(image_end), SUPERPAGE_BYTES);
	need(next_free < memory_bytes, "only %lu bytes of memory", memory_bytes);

	for (ulong pa = memory_bytes; pa < DIRECT_MAX; pa += SUPERPAGE_BYTES)
		pte_clear(&boot_direct[pa / SUPERPAGE_BYTES]);
	pte_clear(&boot_root[0]);
	write_cr3(virt_to_phys(boot_root));
	/* small=1: the kernel's pages have 4 KiB, as where one protects its text or checks its allocator. */
	if (param("small", 0, 0, 1))
		map_small();
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	/* global=0: they are not global, as in every Linux with page-table isolation. */
	if (param("global", 1, 0, 1))
		__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_PGE) : "memory");
}

pte_t *window_prepare(void)
{
	const ulong table = pages_alloc(1);

	need(memory_bytes <= DIRECT_MAX - SUPERPAGE_BYTES, "with %lu bytes of memory there is no room for a window",
	     memory_bytes);
	pte_set(&boot_direct[DIRECT_MAX / SUPERPAGE_BYTES - 1], table | PTE_TABLE);
	return phys_to_virt(table);
}
