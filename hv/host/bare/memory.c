/* SPDX-License-Identifier: BSD-2-Clause */
/* Two bitmap allocators, first fit: the heap in pages, the domU pool in 4 MiB units. */
#include "memory.h"

#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "plat.h"

#define HEAP_BYTES (96ull << 20)
#define MIN_POOL   (64ul << 20)
#define MAX_UNITS  32768

struct units {
	u64 base, unit;
	u32 nr;
	u8 used[MAX_UNITS];
};

static struct units heap, pool;
struct host_memory host_memory;
extern u64 boot_pml4[512];

static hpa_t units_alloc(struct units *a, u64 n)
{
	u64 run = 0;

	for (u32 i = 0; i < a->nr; i++) {
		run = a->used[i] ? 0 : run + 1;
		if (run < n)
			continue;
		u32 first = (u32)(i + 1 - n);
		memset(a->used + first, 1, n);
		return a->base + first * a->unit;
	}
	return 0;
}

static void units_free(struct units *a, hpa_t base, u64 n)
{
	u64 first = (base - a->base) / a->unit;

	BUG_ON(base < a->base || first + n > a->nr || !a->used[first]);
	memset(a->used + first, 0, n);
}

void *plat_alloc_pages(u64 nr_pages)
{
	void *p = (void *)(nr_pages ? units_alloc(&heap, nr_pages) : 0);

	if (p)
		memset(p, 0, nr_pages * PAGE_SIZE);
	return p;
}

void plat_free_pages(void *p, u64 nr_pages)
{
	if (p)
		units_free(&heap, (hpa_t)p, nr_pages);
}

hpa_t pool_alloc(u64 bytes)
{
	u64 n = ALIGN_UP(bytes, POOL_UNIT) / POOL_UNIT;
	hpa_t base = n && n <= pool.nr ? units_alloc(&pool, n) : 0;

	if (base)
		memset((void *)base, 0, n * POOL_UNIT);
	return base;
}

void pool_free(hpa_t base, u64 bytes)
{
	units_free(&pool, base, ALIGN_UP(bytes, POOL_UNIT) / POOL_UNIT);
}

void memory_init(const struct boot_info *bi)
{
	const u64 image = (u64)image_start;
	u64 end = 0;

	for (unsigned i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];
		if (r->type != E820_RAM)
			continue;
		if (r->base <= image && image < r->base + r->bytes)
			end = (r->base + r->bytes) & PAGE_MASK;
		if (r->base + r->bytes > host_memory.ram_end)
			host_memory.ram_end = r->base + r->bytes;
	}
	u64 heap_base = ALIGN_UP(boot_highest_module_end(bi), POOL_UNIT);
	u64 pool_base = heap_base + HEAP_BYTES;
	if (end < pool_base + MIN_POOL)
		boot_refuse("memory does not suffice: RAM has to reach %lu MiB without a hole, and ends at %lu MiB.",
			    (pool_base + MIN_POOL) >> 20, end >> 20);
	heap = (struct units){ .base = heap_base, .unit = PAGE_SIZE, .nr = HEAP_BYTES / PAGE_SIZE };
	pool.base = pool_base;
	pool.unit = POOL_UNIT;
	pool.nr = (u32)((end - pool_base) / POOL_UNIT);
	if (pool.nr > MAX_UNITS)
		pool.nr = MAX_UNITS;
	host_memory.private_base = image;
	host_memory.private_end = end;
	host_memory.pool_base = pool_base;
	host_memory.pool_bytes = pool.nr * POOL_UNIT;
	plat_log(LOG_INFO, "memory: private %lx-%lx, pool %lu MiB at %lx", image, end, host_memory.pool_bytes >> 20, pool_base);
}

/* head.S mapped 4 GiB; go on in 2 MiB steps, a page directory a GiB. */
void memory_map_host(u64 end)
{
	u64 *pdpt = (u64 *)(boot_pml4[0] & PAGE_MASK);

	for (u64 gib = 4; gib < 512 && gib << 30 < end; gib++) {
		u64 *pd = plat_alloc_pages(1);
		if (!pd)
			boot_refuse("memory does not suffice to map %lu GiB.", end >> 30);
		for (u64 i = 0; i < 512; i++)
			pd[i] = (gib << 30) + (i << 21) + 0x83;
		pdpt[gib] = (u64)pd | 3;
	}
}
