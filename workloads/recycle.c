/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table page that becomes data, and a table again. Whoever shadows it must notice that it is no table any more, or
 * each write to it as data costs a trip.
 *
 * One operation is one life of a page as a table and one as data. As a table it maps 8 pages, which are used. Then
 * it is unlinked and CR3 loaded. Phase "zeroed": a kernel clears it word by word, as it does for a new anonymous page,
 * then a process fills it. Phase "filled": it is filled at once, as a page that is read from disk. Serves: T17.
 */
#include "lib/guest.h"

#define MAPPED 8
#define L2_VA  USER_BASE			      /* the region of the table that comes and goes */
#define DATA   (USER_BASE + PT_ENTRIES * PAGE_SIZE) /* where the page appears as data */
#define WORDS  (PAGE_SIZE / sizeof(ulong))

static ulong root, table, frames;
static pte_t *link, *data_slot;

/* Where the L2 has its entry for L2_VA. */
static pte_t *l2_slot(void)
{
	pte_t *t = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 2; level--)
		t = phys_to_virt(pte_get(&t[pt_index(L2_VA, level)]) & PTE_FRAME);
	return &t[pt_index(L2_VA, 2)];
}

static void be_table(ulong value)
{
	pte_t *l1 = phys_to_virt(table);

	for (ulong i = 0; i < PT_ENTRIES; i++)
		pte_set(&l1[i], i < MAPPED ? (frames + i * PAGE_SIZE) | PTE_USER_DATA : 0);
	pte_set(link, table | PTE_TABLE);
	for (ulong i = 0; i < MAPPED; i++)
		poke(L2_VA + i * PAGE_SIZE, value + i);
	pte_clear(link);
	write_cr3(root);
}

static void be_data(bool zeroed, ulong value)
{
	if (zeroed)
		for (ulong i = 0; i < WORDS; i++)
			*((volatile ulong *)phys_to_virt(table) + i) = 0;
	pte_set(data_slot, table | PTE_USER_DATA);
	for (ulong i = 0; i < WORDS; i++)
		poke(DATA + i * sizeof(ulong), value + i);
	pte_clear(data_slot);
	write_cr3(root);
}

static void verify(ulong value)
{
	const ulong *words = phys_to_virt(table);

	for (ulong i = 0; i < WORDS; i++)
		need(words[i] == value + i, "word %lu of the page is %#lx", i, words[i]);
	for (ulong i = 0; i < MAPPED; i++) {
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == value + i, "page %lu: the write went elsewhere", i);
		need(read_faults(L2_VA + i * PAGE_SIZE), "page %lu outlived its table", i);
	}
	need(read_faults(DATA), "the data page is still there");
}

static void run(const char *phase, bool zeroed, ulong ops)
{
	for (ulong i = 0; i < 2; i++) {
		be_table(i);
		be_data(zeroed, i);
	}
	region_begin(phase);
	for (ulong i = 0; i < ops; i++) {
		be_table(i);
		be_data(zeroed, i);
	}
	region_end(ops);
	verify(ops - 1);
}

void workload_main(void)
{
	ulong ops = param("ops", 20, 1, 100000);

	root = pt_new_root();
	frames = pages_alloc(MAPPED);
	/* L2_VA's first table makes the ones above it; its place is then the recycled page's. */
	pt_populate(root, L2_VA, 1);
	data_slot = pt_populate(root, DATA, 1);
	link = l2_slot();
	pte_clear(link);
	table = pages_alloc(1);
	write_cr3(root);
	run("zeroed", true, ops);
	run("filled", false, ops);
}
