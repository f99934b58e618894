/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is taken, touched and given back: 1 MiB is mapped, each page of it faults in when it is first written, then all entries are
 * cleared and CR3 is loaded; until mib MiB were touched. The page-fault microbenchmark of PVM (SOSP 2023) is this loop over 4 GiB.
 *
 * One operation is one page. Frames go around, as an allocator's do. Serves: T8, the map of shadow and nested paging.
 */
#include "lib/guest.h"

#define PAGES (0x100000 / PAGE_SIZE)

static pte_t *slots;
static ulong frames, faults;

static void demand(ulong va, struct fault_frame *frame)
{
	ulong i = (va - USER_BASE) / PAGE_SIZE;

	if (unlikely(i >= PAGES))
		fault_unexpected(va, frame);
	faults++;
	pte_set(&slots[i], (frames + i * PAGE_SIZE) | PTE_USER_DATA);
}

static void chunk(ulong root, ulong value)
{
	for (ulong i = 0; i < PAGES; i++)
		poke(USER_BASE + i * PAGE_SIZE, value + i);
	for (ulong i = 0; i < PAGES; i++)
		pte_clear(&slots[i]);
	write_cr3(root);
}

void workload_main(void)
{
	const ulong chunks = param("mib", 32, 1, 4096), root = pt_new_root();

	frames = pages_alloc(PAGES);
	slots = pt_populate(root, USER_BASE, PAGES);
	fault_handler_set(demand);
	write_cr3(root);
	chunk(root, ~0ul);
	faults = 0;

	region_begin("page");
	for (ulong n = 0; n < chunks; n++)
		chunk(root, n);
	region_end(chunks * PAGES);

	need(faults == chunks * PAGES, "%lu faults for %lu pages", faults, chunks * PAGES);
	for (ulong i = 0; i < PAGES; i++) {
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == chunks - 1 + i, "page %lu: the write went elsewhere", i);
		need(read_faults(USER_BASE + i * PAGE_SIZE), "page %lu is still mapped", i);
	}
}
