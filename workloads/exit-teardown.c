/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that end: every entry of a full L1 is cleared one by one while the tables are live, the tables are
 * unlinked level by level, then CR3 is loaded with the kernel's root.
 *
 * One operation is one cleared L1 entry. The tables stay unused afterwards: what reusing them costs is recycle's
 * question. Serves: T8, T9.
 */
#include "lib/guest.h"

#define MAX_SPACES 32

static ulong root[MAX_SPACES], frames;
static pte_t *slots[MAX_SPACES];

static void space_init(ulong s)
{
	root[s] = pt_new_root();
	slots[s] = pt_populate(root[s], USER_BASE, PT_ENTRIES);
	/* All processes share the frames: only the tables matter here. */
	pt_map(slots[s], frames, PT_ENTRIES, PTE_USER_DATA);
	write_cr3(root[s]);
	for (ulong i = 0; i < PT_ENTRIES; i++)
		poke(USER_BASE + i * PAGE_SIZE, s + i);
}

/* Clears the links of the tables above USER_BASE's L1, the lowest first. */
static void unlink_tables(ulong s)
{
	pte_t *link[PT_LEVELS + 1];
	pte_t *table = phys_to_virt(root[s]);

	for (unsigned level = PT_LEVELS; level > 1; level--) {
		link[level] = &table[pt_index(USER_BASE, level)];
		table = phys_to_virt(pte_get(link[level]) & PTE_FRAME);
	}
	for (unsigned level = 2; level <= PT_LEVELS; level++)
		pte_clear(link[level]);
}

static void exit_space(ulong s, ulong kernel_root)
{
	write_cr3(root[s]);
	for (ulong i = 0; i < PT_ENTRIES; i++)
		pte_clear(&slots[s][i]);
	unlink_tables(s);
	write_cr3(kernel_root);
}

void workload_main(void)
{
	ulong spaces = param("spaces", 4, 1, MAX_SPACES), kernel_root = pt_new_root();

	frames = pages_alloc(PT_ENTRIES);
	for (ulong s = 0; s < spaces; s++)
		space_init(s);

	region_begin("exit");
	for (ulong s = 0; s < spaces; s++)
		exit_space(s, kernel_root);
	region_end(spaces * PT_ENTRIES);

	for (ulong s = 0; s < spaces; s++) {
		write_cr3(root[s]);
		for (ulong i = 0; i < PT_ENTRIES; i += 31)
			need(read_faults(USER_BASE + i * PAGE_SIZE), "page %lu of process %lu is still there", i, s);
	}
	for (ulong i = 0; i < PT_ENTRIES; i++)
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == spaces - 1 + i, "page %lu lost what was written", i);
}
