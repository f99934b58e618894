/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What map-batch and hypercall-batch share: live L1 tables in the user half, of which only the first page
 * is mapped, until the including file maps all the others: map_all(), before any of them is touched.
 *
 * The first page of each L1 belongs to the warm-up, so that in the measured
 * phases every table is known to the hypervisor.
 */
#ifndef GUEST_BATCH_H
#define GUEST_BATCH_H

#include "guest.h"

#define L1_BYTES (PT_ENTRIES * PAGE_SIZE)
#define PER_L1   (PT_ENTRIES - 1) /* measured pages of each L1 */

static pte_t *slots;
static ulong frames, tables; /* frame of slot i: frames + i pages */

static void map_all(void);

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

/* The tables below `root`, which is not loaded yet. */
static void batch_prepare(ulong root)
{
	tables = param("tables", 2, 1, 64);
	frames = pages_alloc(tables * PT_ENTRIES);
	slots = pt_populate(root, USER_BASE, tables * PT_ENTRIES);
}

static void batch_run(ulong root)
{
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

#endif
