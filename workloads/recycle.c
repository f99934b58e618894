/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table page that becomes data, and a table again. Whoever shadows it must notice that it is no table any more, or
 * each write to it as data costs a trip.
 *
 * One operation is one life of a page as a table and one as data. As a table it is an L1 that maps 8 pages ("table-"), or a root with
 * the kernel's entries and one for the same 8 pages ("root-"); they are used, then it is unlinked, or another root loaded. As data, a
 * kernel clears it word by word, as it does for a new anonymous page, and a process fills it ("-zeroed"); or it is filled at
 * once, as a page that is read from disk ("-filled"). Serves: T17.
 */
#include "lib/guest.h"

#define MAPPED 8
#define L2_VA  USER_BASE                            /* the region of the table that comes and goes */
#define DATA   (USER_BASE + PT_ENTRIES * PAGE_SIZE) /* where the page appears as data */

static ulong root, recycled, frames;
static pte_t *link, *data_slot;
static pte_t user_entry; /* of a root, to the tables that map the 8 pages */

/* Where the L2 has its entry for L2_VA. */
static pte_t *l2_slot(void)
{
	pte_t *t = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 2; level--)
		t = phys_to_virt(pte_get(&t[pt_index(L2_VA, level)]) & PTE_FRAME);
	return &t[pt_index(L2_VA, 2)];
}

static void use_pages(ulong value)
{
	for (ulong i = 0; i < MAPPED; i++)
		poke(L2_VA + i * PAGE_SIZE, value + i);
}

static void be_l1(ulong value)
{
	pte_t *l1 = phys_to_virt(recycled);

	for (ulong i = 0; i < PT_ENTRIES; i++)
		pte_set(&l1[i], i < MAPPED ? (frames + i * PAGE_SIZE) | PTE_USER_DATA : 0);
	pte_set(link, recycled | PTE_TABLE);
	use_pages(value);
	pte_clear(link);
	write_cr3(root);
}

static void be_root(ulong value)
{
	pte_t *table = phys_to_virt(recycled);
	const pte_t *kernel = phys_to_virt(root);

	for (unsigned i = 0; i < PT_ROOT_ENTRIES; i++)
		pte_set(&table[i], i >= KERNEL_ROOT_INDEX          ? pte_get(&kernel[i]) :
				   i == pt_index(L2_VA, PT_LEVELS) ? user_entry :
								     0);
	write_cr3(recycled);
	use_pages(value);
	write_cr3(root);
}

static void be_data(bool zeroed, ulong value)
{
	if (zeroed)
		for (ulong i = 0; i < PAGE_WORDS; i++)
			poke((ulong)phys_to_virt(recycled) + i * WORD_BYTES, 0);
	pte_set(data_slot, recycled | PTE_USER_DATA);
	for (ulong i = 0; i < PAGE_WORDS; i++)
		poke(DATA + i * WORD_BYTES, value + i);
	pte_clear(data_slot);
	write_cr3(root);
}

static void verify(ulong value)
{
	const word_t *words = phys_to_virt(recycled);

	for (ulong i = 0; i < PAGE_WORDS; i++)
		need(words[i] == value + i, "word %lu of the page is %#lx", i, (ulong)words[i]);
	for (ulong i = 0; i < MAPPED; i++) {
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == value + i, "page %lu: the write went elsewhere", i);
		need(read_faults(L2_VA + i * PAGE_SIZE), "page %lu outlived its table", i);
	}
	need(read_faults(DATA), "the data page is still there");
}

static void run(const char *phase, void (*be_table)(ulong value), bool zeroed, ulong ops)
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

/* The entry of a root of its own, under which the 8 pages are mapped for good. */
static pte_t make_user_entry(void)
{
	ulong other = pt_new_root();
	pte_t *table = phys_to_virt(other);

	pt_map(pt_populate(other, L2_VA, MAPPED), frames, MAPPED, PTE_USER_DATA);
	return pte_get(&table[pt_index(L2_VA, PT_LEVELS)]);
}

void workload_main(void)
{
	ulong ops = param("ops", 20, 1, 100000);

	root = pt_new_root();
	frames = pages_alloc(MAPPED);
	user_entry = make_user_entry();
	/* L2_VA's first table makes the ones above it; its place is then the recycled page's. */
	pt_populate(root, L2_VA, 1);
	data_slot = pt_populate(root, DATA, 1);
	link = l2_slot();
	pte_clear(link);
	recycled = pages_alloc(1);
	write_cr3(root);
	run("table-zeroed", be_l1, true, ops);
	run("table-filled", be_l1, false, ops);
	run("root-zeroed", be_root, true, ops);
	run("root-filled", be_root, false, ops);
}
