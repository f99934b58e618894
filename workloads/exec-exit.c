/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process from exec to exit: a root and tables that are made anew, CR3, 32 demand faults, and all
 * of it taken down again. What a shell does for every command.
 *
 * One operation is one process. Its tables come from a few frames that go around, last freed first used, as in any
 * kernel's page allocator: each new root was a root, an L1 or data a moment ago. Serves: T8, T9, T17.
 */
#include "lib/window.h"

#define PAGES  32
#define SPARES 16 /* frames that go around: more than one process needs */

static ulong spare[SPARES];
static unsigned nr_spares;
static pte_t *slots; /* L1 entries of the running process */
static ulong frames, faults;

WINDOW_INLINE ulong frame_take(bool window)
{
	ulong *page;
	ulong pa;

	need(nr_spares, "no frame is left");
	pa = spare[--nr_spares];
	/* Word by word, as a kernel clears a page. */
	page = window_open(window, phys_to_virt(pa));
	for (ulong p = (ulong)page, end = p + PAGE_SIZE; p != end; p += WORD_BYTES)
		poke(p, 0);
	window_close(window);
	return pa;
}

static void frame_give(ulong pa)
{
	spare[nr_spares++] = pa;
}

WINDOW_INLINE void demand_by(ulong va, struct fault_frame *frame, bool window)
{
	ulong i = (va - USER_BASE) / PAGE_SIZE;

	if (unlikely(i >= PAGES))
		fault_unexpected(va, frame);
	faults++;
	pte_set(window_open(window, &slots[i]), (frames + i * PAGE_SIZE) | PTE_USER_DATA);
	window_close(window);
}

static void demand(ulong va, struct fault_frame *frame)
{
	demand_by(va, frame, false);
}

static void demand_window(ulong va, struct fault_frame *frame)
{
	demand_by(va, frame, true);
}

/* The kernel's entries of every root are the same. */
WINDOW_INLINE ulong root_make(const pte_t *kernel, bool window)
{
	ulong root = frame_take(window);
	pte_t *table = window_open(window, phys_to_virt(root));

	for (unsigned i = KERNEL_ROOT_INDEX; i < PT_ROOT_ENTRIES; i++)
		pte_set(&table[i], pte_get(&kernel[i]));
	window_close(window);
	return root;
}

WINDOW_INLINE void tables_make(ulong root, bool window)
{
	pte_t *table = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 1; level--) {
		ulong lower = frame_take(window);

		pte_set(window_open(window, &table[pt_index(USER_BASE, level)]),
			lower | (level == PT_LEVELS ? PTE_ROOT : PTE_TABLE));
		window_close(window);
		table = phys_to_virt(lower);
	}
	slots = &table[pt_index(USER_BASE, 1)];
}

/* From the entries up to the root: each table is unlinked, then its frame is free. */
WINDOW_INLINE void tables_free(ulong root, bool window)
{
	pte_t *link[PT_LEVELS + 1];
	pte_t *table = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 1; level--) {
		link[level] = &table[pt_index(USER_BASE, level)];
		table = phys_to_virt(pte_get(window_open(window, link[level])) & PTE_FRAME);
		window_close(window);
	}
	table = window_open(window, slots);
	for (unsigned i = 0; i < PAGES; i++)
		pte_clear(&table[i]);
	window_close(window);
	for (unsigned level = 2; level <= PT_LEVELS; level++) {
		pte_t *slot = window_open(window, link[level]);
		ulong lower = pte_get(slot) & PTE_FRAME;

		pte_clear(slot);
		window_close(window);
		frame_give(lower);
	}
}

WINDOW_INLINE void process_by(ulong kernel_root, ulong value, bool window)
{
	ulong root = root_make(phys_to_virt(kernel_root), window);

	tables_make(root, window);
	write_cr3(root);
	for (ulong i = 0; i < PAGES; i++)
		poke(USER_BASE + i * PAGE_SIZE, value + i);
	tables_free(root, window);
	write_cr3(kernel_root);
	frame_give(root);
}

static __attribute__((noinline)) void process(ulong kernel_root, ulong value)
{
	process_by(kernel_root, value, false);
}

static __attribute__((noinline)) void process_window(ulong kernel_root, ulong value)
{
	process_by(kernel_root, value, true);
}

void workload_main(void)
{
	const bool window = window_asked();
	void (*const run)(ulong, ulong) = window ? process_window : process;
	ulong ops = param("ops", 100, 1, 100000), kernel_root = pt_new_root();

	frames = pages_alloc(PAGES);
	for (ulong first = pages_alloc(SPARES); nr_spares < SPARES;)
		frame_give(first + nr_spares * PAGE_SIZE);
	write_cr3(kernel_root);
	fault_handler_set(window ? demand_window : demand);
	for (ulong i = 0; i < 3; i++)
		run(kernel_root, ~0ul);
	faults = 0;

	region_begin("exec-exit");
	for (ulong i = 0; i < ops; i++)
		run(kernel_root, i);
	region_end(ops);

	need(faults == ops * PAGES, "%lu faults for %lu pages", faults, ops * PAGES);
	need(nr_spares == SPARES, "%u frames are free", nr_spares);
	for (ulong i = 0; i < PAGES; i++) {
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == ops - 1 + i, "page %lu: the last process wrote elsewhere",
		     i);
		need(read_faults(USER_BASE + i * PAGE_SIZE), "page %lu outlived its process", i);
	}
}
