/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Superpages: 2 MiB entries (4 MiB with two levels) under a program that uses each 4 KiB of them once, then again; then the
 * kernel splits them into small pages, as it does when a part is freed or write-protected.
 *
 * Phases, an operation is one touched 4 KiB page: "first", "again", "split" (the L2 entries exchanged for L1s that map the
 * same frames, CR3 loaded, every page touched). Serves: T23.
 */
#include "lib/superpages.h"

#define MAX_SUPER 4

static ulong root, frames, nr;
static pte_t *l2;

static inline void touch_all(ulong value)
{
	for (ulong va = REGION, end = va + nr * SUPERPAGE_BYTES; va != end; va += PAGE_SIZE)
		poke(va, va + value);
}

static void verify(ulong value)
{
	for (ulong i = 0; i < nr * PER_SUPERPAGE; i++)
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == REGION + i * PAGE_SIZE + value,
		     "page %lu: the write went elsewhere", i);
}

static void split(ulong l1s)
{
	for (ulong i = 0; i < nr; i++) {
		ulong l1 = l1s + i * PAGE_SIZE;

		pt_map(phys_to_virt(l1), frames + i * SUPERPAGE_BYTES, PT_ENTRIES, PTE_USER_DATA);
		pte_set(&l2[i], l1 | PTE_TABLE);
	}
	write_cr3(root);
}

void workload_main(void)
{
	ulong l1s;

	nr = param("superpages", 2, 1, MAX_SUPER);
	root = pt_new_root();
	l2 = superpage_slots(root);
	l1s = pages_alloc(nr);
	frames = superpages_alloc(nr);
	for (ulong i = 0; i < nr; i++)
		pte_set(&l2[i], (frames + i * SUPERPAGE_BYTES) | PTE_USER_DATA | PTE_PS);
	write_cr3(root);

	region_begin("first");
	touch_all(1);
	region_end(nr * PER_SUPERPAGE);
	verify(1);

	region_begin("again");
	touch_all(2);
	region_end(nr * PER_SUPERPAGE);
	verify(2);

	region_begin("split");
	split(l1s);
	touch_all(3);
	region_end(nr * PER_SUPERPAGE);
	verify(3);
	need(pte_get(l2) & PTE_A, "the table of the first page was never used");
}
