/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host memory on bare metal. The RAM range that holds the image is the
 * hypervisor's: image, boot modules, a heap of 4 KiB pages, then the domU pool
 * in units of 4 MiB. All other RAM is dom0's.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include "boot.h"

struct host_memory {
	u64 private_base, private_end; /* dom0 reaches nothing in here but through BARs */
	u64 pool_base, pool_bytes;     /* POOL_UNIT aligned */
	u64 ram_end;                   /* end of the highest RAM range */
};

extern struct host_memory host_memory;

/* Does the private range have any of these bytes? */
static inline bool memory_is_private(u64 base, u64 bytes)
{
	return base < host_memory.private_end && host_memory.private_base < base + bytes;
}

#define POOL_UNIT (4ull << 20) /* the largest superpage that 32-bit tables have */

/* Carve up memory; refuses the machine if it does not suffice. */
void memory_init(const struct boot_info *bi);

/* Map all physical memory up to `end` (bytes) into our own page tables. */
void memory_map_host(u64 end);

/* `bytes` rounded up to POOL_UNIT, contiguous, zeroed. 0: none left. */
hpa_t pool_alloc(u64 bytes);
void pool_free(hpa_t base, u64 bytes);

#endif
