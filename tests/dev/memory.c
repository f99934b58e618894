/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory for the disk's tests, in place of hv/paging/dma.c: MEMORY_BYTES from 0 on, in which one page can be a hole. */
#include "hv/paging/dma.h"
#include "tests/dev/memory.h"

#include <string.h>

u8 memory[MEMORY_BYTES];
u64 memory_hole = ~0ull;
u64 memory_copied;

static bool is_memory(gpa_t gpa, u64 bytes)
{
	return bytes && bytes <= DMA_MOST && gpa < MEMORY_BYTES && bytes <= MEMORY_BYTES - gpa &&
	       (gpa + bytes <= memory_hole || gpa >= memory_hole + 4096);
}

bool dma_read(struct domain *d, gpa_t gpa, void *buf, u64 bytes)
{
	if (!is_memory(gpa, bytes))
		return false;
	memcpy(buf, memory + gpa, bytes);
	memory_copied += bytes;
	return true;
}

bool dma_write(struct domain *d, gpa_t gpa, const void *buf, u64 bytes)
{
	if (!is_memory(gpa, bytes))
		return false;
	memcpy(memory + gpa, buf, bytes);
	memory_copied += bytes;
	return true;
}
