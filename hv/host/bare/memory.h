/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host memory on bare metal: what dom0 is not given (memory_plan.h) is the hypervisor's own. Its books and shadow tables (the heap) and the
 * domUs' memory are taken from there as they are needed, in pages and in units of POOL_UNIT; nothing is set aside for either.
 *
 * What has to be below 4 GiB comes from there, the lowest first; all else is above as long as there is any: the domUs' memory from the
 * lowest on, books from the highest down. Where all is below, domUs' memory is at its upper end. So neither cuts the other into pieces.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include "memory_plan.h"

struct host_memory {
	struct memory_range own[PLAN_RANGES]; /* dom0 reaches nothing in here but through BARs */
	u32 nr_own;
	u64 dom0_low_end;              /* dom0's memory below the image ends here */
	u64 window_base, window_bytes; /* from the lowest to the highest byte that can be a domU's: BAR 4. POOL_UNIT aligned */
	u64 own_bytes, ram_end;        /* ram_end: of the highest range, whosever it is */
};

extern struct host_memory host_memory;

/* Is any of these bytes the hypervisor's own? */
static inline bool memory_is_private(u64 base, u64 bytes)
{
	for (u32 i = 0; i < host_memory.nr_own; i++)
		if (base < host_memory.own[i].end && host_memory.own[i].base < base + bytes)
			return true;
	return false;
}

#define POOL_UNIT PLAN_UNIT /* the largest superpage that 32-bit tables have */

/* Share out memory; refuses the machine if it does not suffice. Only what is below 4 GiB is given out yet. */
void memory_init(const struct boot_info *bi);

/* Map all physical memory up to ram_end into our own page tables: from now on all of it is given out. */
void memory_map_host(void);

/* dom0 is loaded: the modules' place is free. */
void memory_free_modules(const struct boot_info *bi);

/* dom0's memory map, as plan_dom0_map gives it. */
u32 memory_dom0_map(const struct boot_info *bi, struct boot_range *map, u32 most);

/* `bytes` rounded up to POOL_UNIT, contiguous, zeroed. 0: none left. */
hpa_t pool_alloc(u64 bytes);
void pool_free(hpa_t base, u64 bytes);

/* Bytes that are free, all in all, below 4 GiB, and in the largest piece that pool_alloc could give. */
struct memory_state {
	u64 free, free_low, largest;
};
void memory_state(struct memory_state *s);

#endif
