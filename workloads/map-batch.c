/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A large range mapped in one go: mmap with MAP_POPULATE, a driver's buffer, a
 * process's image at exec. The handler-less way: entries first, touches later.
 *
 * Phase "map": 511 entries of each live L1 are written (its first entry is in
 * use). Phase "touch": each of the pages is written to for the first time. A
 * policy that traps writes pays in the first phase, one that lets the table
 * go out of sync pays in the second. Serves: T8, T12, T28.
 */
#include "lib/guest.h"

#define L1_BYTES (PT_ENTRIES * PAGE_SIZE)
#define PER_L1   (PT_ENTRIES - 1)

static pte_t *slots;
static ulong frames, tables;

static void map_all(void)
{
	for (ulong t = 0; t < tables; t++) {
		pte_t *l1 = slots + t * PT_ENTRIES;
		ulong entry = (frames + t * L1_BYTES) | PTE_USER_DATA;

		for (unsigned i = 1; i < PT_ENTRIES; i++)
			pte_set(&l1[i], entry + i * PAGE_SIZE);
	}
}

static void touch_all(void)
{
	for (ulong t = 0; t < tables; t++) {
		ulong va = USER_BASE + t * L1_BYTES;

		for (ulong end = va + PER_L1 * PAGE_SIZE; va != end;) {
			va += PAGE_SIZE;
			poke(va, va);
		}
	}
}

void workload_main(void)
{
	ulong root = pt_new_root();

	tables = param("tables", 2, 1, 64);
	frames = pages_alloc(tables * PT_ENTRIES);
	slots = pt_populate(root, USER_BASE, tables * PT_ENTRIES);
	for (ulong t = 0; t < tables; t++)
		pt_map(slots + t * PT_ENTRIES, frames + t * L1_BYTES, 1, PTE_USER_DATA);
	write_cr3(root);
	for (ulong t = 0; t < tables; t++)
		poke(USER_BASE + t * L1_BYTES, USER_BASE + t * L1_BYTES);
	for (ulong i = 0; i < tables * PT_ENTRIES; i++)
		need(read_faults(USER_BASE + i * PAGE_SIZE) == !!(i % PT_ENTRIES), "page %lu at first", i);

	region_begin("map");
	map_all();
	region_end(tables * PER_L1);

	region_begin("touch");
	touch_all();
	region_end(tables * PER_L1);

	for (ulong i = 0; i < tables * PT_ENTRIES; i++)
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == USER_BASE + i * PAGE_SIZE, "page %lu", i);
}
