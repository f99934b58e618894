/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces without end, none ever given back, all of them in use: more page tables than any shadow
 * pool can stand for. Every page must still hold what was last written to it.
 */
#include "../lib/guest.h"

#define PER_SPACE 3 /* pages, each below tables of its own */
#define APART     (1ul << 30)

void workload_main(void)
{
	ulong spaces = param("spaces", 300, 1, 2000), frames = pages_alloc(spaces * PER_SPACE), *root;

	root = phys_to_virt(pages_alloc((spaces * sizeof(*root) + PAGE_SIZE - 1) / PAGE_SIZE));
	for (ulong s = 0; s < spaces; s++) {
		root[s] = pt_new_root();
		for (ulong i = 0; i < PER_SPACE; i++)
			pt_map(pt_populate(root[s], USER_BASE + i * APART, 1), frames + (s * PER_SPACE + i) * PAGE_SIZE, 1,
			       PTE_USER_DATA);
		/* The new one, an old one, and the very first. */
		for (ulong turn = 0; turn < 3; turn++) {
			ulong use = turn == 0 ? s : turn == 1 ? s / 2 : 0;

			write_cr3(root[use]);
			for (ulong i = 0; i < PER_SPACE; i++)
				poke(USER_BASE + i * APART, peek(USER_BASE + i * APART) + use + 1);
		}
	}
	for (ulong s = 0; s < spaces; s++)
		for (ulong i = 0; i < PER_SPACE; i++)
			need(*(ulong *)phys_to_virt(frames + (s * PER_SPACE + i) * PAGE_SIZE) % (s + 1) == 0, "space %lu", s);
	print("%lu address spaces\n", spaces);
}
