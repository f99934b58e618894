/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that, like Windows, maps its page tables into its own address space by an entry of the root that names the root:
 * every table is reached through other tables, and the root is a table of every level at once. With
 * PAE the four L2s stand in the highest one.
 *
 * Phases: "fault": demand-fault-windows with entries written through that map, an operation is one page; "scan": every entry read
 * through it; "extend": an L2 entry, then an L1 entry written through it, and the page used, an operation is one new
 * table. Serves: T10, T22.
 */
#include "lib/demand.h"

#define PTE_TRANSITION 0x800
#define VA_BITS        (PT_LEVELS * PT_INDEX_BITS + PAGE_SHIFT)
#define WORD_BITS      (8 * sizeof(ulong))
#define VA_MASK        (VA_BITS >= WORD_BITS ? ~0ul : (1ul << VA_BITS % WORD_BITS) - 1)
#define MAX_TABLES     32
#define EXTENSION      (USER_BASE + 64 * L1_BYTES) /* behind all that the demand faults use */

/* Where the entry of va appears; of that address again: the L2 entry, and so on up. */
static inline ulong linear(ulong va)
{
	return LINEAR_BASE + ((va & VA_MASK) >> PAGE_SHIFT) * PTE_BYTES;
}

static void demand_map(pte_t *slot, ulong frame)
{
	pte_set(slot, frame | PTE_TRANSITION);
	pte_set(slot, frame | PTE_USER_DATA);
}

/* PAE's root is no table: the L2 of the highest GiB holds all four L2s instead. */
static void map_l2s(pte_t *root)
{
	pte_t *high;

	for (unsigned i = 0; i < PT_ROOT_ENTRIES; i++)
		if (!(pte_get(&root[i]) & PTE_P))
			pte_set(&root[i], pages_alloc(1) | PTE_ROOT);
	high = phys_to_virt(pte_get(&root[pt_index(LINEAR_BASE, PT_LEVELS)]) & PTE_FRAME);
	for (unsigned i = 0; i < PT_ROOT_ENTRIES; i++)
		pte_set(&high[i], (pte_get(&root[i]) & PTE_FRAME) | (PTE_TABLE & ~PTE_US));
}

static void map_tables(ulong root)
{
	pte_t *table = phys_to_virt(root);

	if (PT_LEVELS == 3)
		map_l2s(table);
	else
		pte_set(&table[pt_index(LINEAR_BASE, PT_LEVELS)], root | (PTE_TABLE & ~PTE_US));
}

static ulong scan(void)
{
	ulong accessed = 0;

	for (ulong i = 0; i < nr_slots; i++)
		accessed += !!(pte_get(&slots[i]) & PTE_A);
	return accessed;
}

static void extend(ulong tables, ulong l1s, ulong frames)
{
	for (ulong t = 0; t < tables; t++) {
		ulong va = EXTENSION + t * L1_BYTES;

		pte_set((pte_t *)linear(linear(va)), (l1s + t * PAGE_SIZE) | PTE_TABLE);
		pte_set((pte_t *)linear(va), (frames + t * PAGE_SIZE) | PTE_USER_DATA);
		poke(va, va);
	}
}

static void verify_extension(ulong root, ulong tables, ulong l1s, ulong frames)
{
	for (ulong t = 0; t < tables; t++) {
		ulong va = EXTENSION + t * L1_BYTES;
		pte_t *l1 = phys_to_virt(l1s + t * PAGE_SIZE);

		need((pte_get(l1) & PTE_FRAME) == frames + t * PAGE_SIZE, "table %lu: its entry went elsewhere", t);
		need(*(ulong *)phys_to_virt(frames + t * PAGE_SIZE) == va, "page %lu: the write went elsewhere", t);
		need(pt_populate(root, va, 1) == l1, "table %lu is linked elsewhere", t);
	}
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 16000), tables = param("tables", 8, 1, MAX_TABLES);
	ulong root = demand_prepare(ops), l1s = pages_alloc(tables), frames = pages_alloc(tables), seen;

	/* The tables above the extension are made by its neighbour, which nobody touches. */
	pt_populate(root, EXTENSION + MAX_TABLES * L1_BYTES, 1);
	map_tables(root);
	slots = (pte_t *)linear(USER_BASE);
	demand_run(root, ops);

	region_begin("scan");
	seen = scan();
	region_end(nr_slots);
	need(seen == nr_slots, "%lu of %lu entries are accessed", seen, nr_slots);

	region_begin("extend");
	extend(tables, l1s, frames);
	region_end(tables);
	verify_extension(root, tables, l1s, frames);
}
