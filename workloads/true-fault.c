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

#define PAGES        64
#define ACCESS_BYTES 3 /* of touch()'s one instruction */

static u64 faults;

static void skip_access(u64 va, struct fault_frame *frame)
{
	if (unlikely(va - USER_BASE >= PAGES * PAGE_SIZE || frame->error))
		fault_unexpected(va, frame);
	faults++;
	frame->rip += ACCESS_BYTES;
}

/* A read whose result must stay what `before` was, because the handler skips it. Fixed registers: 48 8b 01. */
static inline u64 touch(u64 va, u64 before)
{
	__asm__ volatile("mov (%%rcx), %%rax" : "+a"(before) : "c"(va) : "memory");
	return before;
}

static u64 touch_all(u64 ops)
{
	u64 value = USER_BASE;

	for (u64 i = 0; i < ops; i++)
		value = touch(USER_BASE + i % PAGES * PAGE_SIZE, value);
	return value;
}

void workload_main(void)
{
	u64 ops = param("ops", 1000, 1, 100000), value;
	u64 root = pt_new_root(), frame = pages_alloc(1);
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
	for (u64 i = 0; i < PAGES; i++)
		need(!slot[i], "entry %lu is not empty", i);
	need(*(u64 *)phys_to_virt(frame) == 1, "the page behind the hole was lost");
}
