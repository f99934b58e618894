/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes taking turns: CR3 is loaded with another root, then the process
 * uses 32 of its pages. The kernel half is shared, the working sets are mapped
 * and have been used before.
 *
 * One operation is one switch with its 32 touches. A policy that drops its
 * shadows at every switch refills all of them each time. Serves: T19, T20.
 */
#include "lib/guest.h"

#define MAX_SPACES 32
#define TOUCHES    32

static ulong root[MAX_SPACES], frames[MAX_SPACES];

static void space_init(unsigned s)
{
	root[s] = pt_new_root();
	frames[s] = pages_alloc(TOUCHES);
	pt_map(pt_populate(root[s], USER_BASE, TOUCHES), frames[s], TOUCHES, PTE_USER_DATA);
}

static inline void switch_and_touch(unsigned s, ulong value)
{
	write_cr3(root[s]);
	for (ulong va = USER_BASE; va != USER_BASE + TOUCHES * PAGE_SIZE; va += PAGE_SIZE)
		poke(va, value);
}

static void verify(unsigned s, ulong value)
{
	write_cr3(root[s]);
	for (ulong i = 0; i < TOUCHES; i++) {
		ulong seen = peek(USER_BASE + i * PAGE_SIZE);

		need(seen == value, "space %u page %lu holds %lu, not %lu", s, i, seen, value);
		need(*(ulong *)phys_to_virt(frames[s] + i * PAGE_SIZE) == value, "space %u page %lu: wrong frame", s, i);
	}
}

void workload_main(void)
{
	ulong spaces = param("spaces", 2, 2, MAX_SPACES), ops = param("ops", 500, 1, 1000000);
	unsigned s = 0;

	for (unsigned i = 0; i < spaces; i++)
		space_init(i);
	for (unsigned i = 0; i < 2 * spaces; i++)
		switch_and_touch(i % spaces, ~0ul);

	region_begin("switch");
	for (ulong i = 0; i < ops; i++) {
		switch_and_touch(s, i);
		s = s + 1 == spaces ? 0 : s + 1;
	}
	region_end(ops);

	for (ulong i = 0; i < spaces; i++)
		verify(i, ops > i ? ops - 1 - (ops - 1 - i) % spaces : ~0ul);
}
