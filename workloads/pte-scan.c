/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ageing: a kernel that wants memory back clears the accessed bits of a process's entries, lets it run, and looks
 * which were set again. A hypervisor must see each first use of a page whose bit is clear.
 *
 * Phases, an operation is one entry or page: "clear": the bits of all entries, by locked instructions, then CR3; "touch": one
 * page in four is used, half of those written; "scan": the bits are read. Dirty bits are cleared as well, as
 * writeback does. Serves: T16.
 */
#include "lib/guest.h"

#define PAGES  512
#define STRIDE 4

static pte_t *slots;

static void clear_all(ulong root)
{
	for (ulong i = 0; i < PAGES; i++)
		pte_age(&slots[i], PTE_A | PTE_D);
	write_cr3(root);
}

/* Reads the first, writes the second of each pair of pages that are used. */
static void touch(void)
{
	for (ulong i = 0; i < PAGES; i += 2 * STRIDE) {
		peek(USER_BASE + i * PAGE_SIZE);
		poke(USER_BASE + (i + STRIDE) * PAGE_SIZE, i);
	}
}

static void scan(ulong *accessed, ulong *dirty)
{
	*accessed = *dirty = 0;
	for (ulong i = 0; i < PAGES; i++) {
		pte_t entry = pte_get(&slots[i]);

		*accessed += !!(entry & PTE_A);
		*dirty += !!(entry & PTE_D);
	}
}

static void verify(void)
{
	for (ulong i = 0; i < PAGES; i++) {
		pte_t expected = i % STRIDE ? 0 : i % (2 * STRIDE) ? PTE_A | PTE_D : PTE_A;

		need((pte_get(&slots[i]) & (PTE_A | PTE_D)) == expected, "entry %lu is %#llx", i,
		     (unsigned long long)pte_get(&slots[i]));
	}
}

void workload_main(void)
{
	ulong rounds = param("rounds", 4, 1, 1000), root = pt_new_root(), frames = pages_alloc(PAGES), accessed, dirty;

	slots = pt_populate(root, USER_BASE, PAGES);
	pt_map(slots, frames, PAGES, PTE_USER_DATA);
	write_cr3(root);
	for (ulong i = 0; i < PAGES; i++)
		poke(USER_BASE + i * PAGE_SIZE, i);
	/* The rounds before the last are the warm-up. */
	for (ulong i = 1; i < rounds; i++) {
		clear_all(root);
		touch();
		verify();
	}

	region_begin("clear");
	clear_all(root);
	region_end(PAGES);

	region_begin("touch");
	touch();
	region_end(PAGES / STRIDE);

	region_begin("scan");
	scan(&accessed, &dirty);
	region_end(PAGES);

	need(accessed == PAGES / STRIDE && dirty == accessed / 2, "%lu pages accessed, %lu dirty", accessed, dirty);
	verify();
}
