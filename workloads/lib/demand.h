/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What demand-fault and demand-fault-windows share: a region of the user half
 * whose L1 tables are live but whose pages are not there, touched page by page.
 * The including file says how its handler maps a page: demand_map().
 *
 * The first page of each L1 belongs to the warm-up, so that in the measured
 * loop every table is known to the hypervisor and each operation costs the same.
 */
#ifndef GUEST_DEMAND_H
#define GUEST_DEMAND_H

#include "window.h"

#define L1_BYTES (PT_ENTRIES * PAGE_SIZE)
#define PER_L1   (PT_ENTRIES - 1) /* measured pages of each L1 */

static pte_t *slots;
static fault_handler *handler;
static bool invlpg_after;                   /* invlpg=1: the handler flushes what it has mapped, as some kernels do */
static ulong nr_slots, first_frame, faults; /* frame of slot i: first_frame + i pages */

static inline void demand_map(pte_t *slot, ulong frame);

WINDOW_INLINE void demand_by(ulong va, struct fault_frame *frame, bool window)
{
	ulong i = (va - USER_BASE) / PAGE_SIZE;

	if (unlikely(i >= nr_slots))
		fault_unexpected(va, frame);
	faults++;
	demand_map(window_open(window, &slots[i]), first_frame + i * PAGE_SIZE);
	window_close(window);
	if (invlpg_after)
		invlpg(va);
}

static void demand_fault(ulong va, struct fault_frame *frame)
{
	demand_by(va, frame, false);
}

static void demand_fault_window(ulong va, struct fault_frame *frame)
{
	demand_by(va, frame, true);
}

/* Touches `ops` pages, none of which is the first of its L1. */
static inline void touch(ulong ops)
{
	ulong va = USER_BASE;

	while (ops) {
		ulong n = ops < PER_L1 ? ops : PER_L1;

		for (ulong end = va + n * PAGE_SIZE; va != end;) {
			va += PAGE_SIZE;
			poke(va, va);
		}
		va += PAGE_SIZE;
		ops -= n;
	}
}

/* Every page holds its own address in its own frame, and nothing faults any more. */
static void verify(ulong ops)
{
	ulong l1s = (ops + PER_L1 - 1) / PER_L1, pages = ops + l1s;

	need(faults == pages, "%lu faults for %lu pages", faults, pages);
	fault_handler_set(fault_unexpected);
	for (ulong i = 0; i < pages; i++) {
		ulong va = USER_BASE + i * PAGE_SIZE;

		need(*(ulong *)phys_to_virt(first_frame + i * PAGE_SIZE) == va, "page %lu: the write went elsewhere", i);
		need(peek(va) == va, "page %lu reads %#lx", i, peek(va));
	}
}

/* The tables for `ops` measured pages; the root is not loaded yet. */
static ulong demand_prepare(ulong ops)
{
	const bool window = window_asked();
	ulong root = pt_new_root();

	handler = window ? demand_fault_window : demand_fault;
	invlpg_after = param("invlpg", 0, 0, 1);
	nr_slots = ops + (ops + PER_L1 - 1) / PER_L1;
	first_frame = pages_alloc(nr_slots);
	slots = pt_populate(root, USER_BASE, nr_slots);
	return root;
}

static void demand_run(ulong root, ulong ops)
{
	ulong l1s = (ops + PER_L1 - 1) / PER_L1;

	write_cr3(root);
	fault_handler_set(handler);
	for (ulong i = 0; i < l1s; i++)
		poke(USER_BASE + i * L1_BYTES, USER_BASE + i * L1_BYTES);

	region_begin("fault");
	touch(ops);
	region_end(ops);
	verify(ops);
}

#endif
