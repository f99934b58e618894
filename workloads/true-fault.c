/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fault that is the guest's own and stays so: the handler changes no table
 * and goes on behind the access.
 *
 * A guard page, a garbage collector's barrier, a bad pointer's signal. A few
 * pages fault again and again, as those do; the warm-up has faulted on each.
 * Serves: T13 (with and without flags in spare bits).
 */
#include "lib/guest.h"

#define PAGES 64

static ulong faults;

static void skip_access(ulong va, struct fault_frame *frame)
{
	if (unlikely(va - USER_BASE >= PAGES * PAGE_SIZE || frame->error))
		fault_unexpected(va, frame);
	faults++;
	frame->ip += WORD_READ_BYTES;
}

static ulong touch_all(ulong ops)
{
	ulong value = USER_BASE;

	for (ulong i = 0; i < ops; i++)
		value = peek_or_skip(USER_BASE + i % PAGES * PAGE_SIZE, value);
	return value;
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 100000), value;
	ulong root = pt_new_root(), frame = pages_alloc(1);
	pte_t *slot = pt_populate(root, USER_BASE, PAGES + 1);

	/* The page behind the hole is mapped: its L1 is a live table. */
	pt_map(&slot[PAGES], frame, 1, PTE_USER_DATA);
	write_cr3(root);
	fault_handler_set(skip_access);
	poke(USER_BASE + PAGES * PAGE_SIZE, 1);
	touch_all(PAGES);

	region_begin("fault");
	value = touch_all(ops);
	region_end(ops);

	need(faults == PAGES + ops, "%lu faults for %lu accesses", faults, PAGES + ops);
	need(value == USER_BASE, "a faulting access read %#lx", value);
	for (ulong i = 0; i < PAGES; i++)
		need(!slot[i], "entry %lu is not empty", i);
	need(*(ulong *)phys_to_virt(frame) == 1, "the page behind the hole was lost");
}
