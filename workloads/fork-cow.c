/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fork does to the parent's tables, and what follows: copy on write.
 *
 * Phase "protect": every entry of two L1s loses its write bit, then CR3 is
 * loaded. Phase "cow": each page of the first L1 is written to; the handler
 * points the entry at another frame, writable. Phase "cow-invlpg": the same in the
 * second L1, with the INVLPG that kernels add. The copies are made beforehand:
 * their cost is the same everywhere and would hide the rest.
 * Serves: T8, T9, T15.
 */
#include "lib/window.h"

#define L1_BYTES              (PT_ENTRIES * PAGE_SIZE)
#define TABLES                2
#define PAGES                 (TABLES * PT_ENTRIES)
#define PFEC_WRITE_PROTECTION 3 /* present, write */
#define OLD_MARK              0x1111
#define NEW_MARK              0x2222

static pte_t *slots;
static ulong copies, faults;

WINDOW_INLINE void copy_on_write(ulong va, struct fault_frame *frame, bool window)
{
	ulong i = (va - USER_BASE) / PAGE_SIZE;

	if (unlikely(i >= PAGES || frame->error != PFEC_WRITE_PROTECTION))
		fault_unexpected(va, frame);
	faults++;
	pte_set(window_open(window, &slots[i]), (copies + i * PAGE_SIZE) | PTE_USER_DATA);
	window_close(window);
}

static void cow_fault(ulong va, struct fault_frame *frame)
{
	copy_on_write(va, frame, false);
}

static void cow_fault_invlpg(ulong va, struct fault_frame *frame)
{
	copy_on_write(va, frame, false);
	invlpg(va);
}

static void cow_fault_window(ulong va, struct fault_frame *frame)
{
	copy_on_write(va, frame, true);
}

static void cow_fault_window_invlpg(ulong va, struct fault_frame *frame)
{
	copy_on_write(va, frame, true);
	invlpg(va);
}

static void protect_all(ulong root)
{
	for (ulong i = 0; i < PAGES; i++)
		pte_remove(&slots[i], PTE_RW);
	write_cr3(root);
}

static void protect_all_window(ulong root)
{
	for (unsigned t = 0; t < TABLES; t++) {
		pte_t *l1 = window_open(true, slots + t * PT_ENTRIES);

		for (unsigned i = 0; i < PT_ENTRIES; i++)
			pte_remove(&l1[i], PTE_RW);
		window_close(true);
	}
	write_cr3(root);
}

static void write_table(unsigned table)
{
	ulong va = USER_BASE + table * L1_BYTES;

	for (ulong end = va + L1_BYTES; va != end; va += PAGE_SIZE)
		poke(va, NEW_MARK);
}

/* Both frames of a page hold its number in the second word; the first word is what gets written. */
static void fill(ulong frames, ulong mark)
{
	for (ulong i = 0; i < PAGES; i++) {
		ulong *page = phys_to_virt(frames + i * PAGE_SIZE);

		page[0] = mark;
		page[1] = i;
	}
}

static void verify(ulong originals)
{
	need(faults == PAGES, "%lu faults for %u pages", faults, PAGES);
	fault_handler_set(fault_unexpected);
	for (ulong i = 0; i < PAGES; i++) {
		ulong va = USER_BASE + i * PAGE_SIZE;

		need(peek(va) == NEW_MARK && peek(va + sizeof(ulong)) == i, "page %lu holds %lx %lx", i, peek(va),
		     peek(va + sizeof(ulong)));
		need(*(ulong *)phys_to_virt(copies + i * PAGE_SIZE) == NEW_MARK, "page %lu was written elsewhere", i);
		need(*(ulong *)phys_to_virt(originals + i * PAGE_SIZE) == OLD_MARK, "page %lu: the original changed", i);
	}
}

void workload_main(void)
{
	const bool window = window_asked();
	void (*const protect)(ulong) = window ? protect_all_window : protect_all;
	ulong originals = pages_alloc(PAGES), root = pt_new_root();

	copies = pages_alloc(PAGES);
	fill(originals, OLD_MARK);
	fill(copies, OLD_MARK);
	slots = pt_populate(root, USER_BASE, PAGES);
	pt_map(slots, originals, PAGES, PTE_USER_DATA);
	write_cr3(root);
	for (ulong i = 0; i < PAGES; i++)
		poke(USER_BASE + i * PAGE_SIZE, OLD_MARK);

	region_begin("protect");
	protect(root);
	region_end(PAGES);

	fault_handler_set(window ? cow_fault_window : cow_fault);
	region_begin("cow");
	write_table(0);
	region_end(PT_ENTRIES);

	fault_handler_set(window ? cow_fault_window_invlpg : cow_fault_invlpg);
	region_begin("cow-invlpg");
	write_table(1);
	region_end(PT_ENTRIES);
	verify(originals);
}
