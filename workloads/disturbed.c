/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest to be disturbed while it runs: its pool resized, its writes logged. It uses several address spaces in turn, writes every
 * third page, takes a page away and gives it back, and then rests, so that dom0 has its turn also where one host CPU plays all.
 *
 * Phase "round": as many such rounds without rest at the end; nobody disturbs a region. Then every page must hold what
 * was written last. Serves: T24, T25.
 */
#include "lib/guest.h"

#define PAGES  512
#define SPACES 8

static ulong root[SPACES], frames;
static pte_t *slots[SPACES];
static u32 *last; /* by page: the round that wrote it last */

static void space_init(ulong s)
{
	root[s] = pt_new_root();
	slots[s] = pt_populate(root[s], USER_BASE, PAGES);
	pt_map(slots[s], frames, PAGES, PTE_USER_DATA);
}

static void one_round(ulong round)
{
	ulong s = round % SPACES, gone = round * 7 % PAGES, va = USER_BASE + gone * PAGE_SIZE;
	pte_t entry = pte_get(&slots[s][gone]);

	write_cr3(root[s]);
	pte_set(&slots[s][gone], 0);
	invlpg(va);
	for (ulong i = round % 3; i < PAGES; i += 3)
		if (i != gone) {
			poke(USER_BASE + i * PAGE_SIZE, round);
			last[i] = (u32)round;
		}
	pte_set(&slots[s][gone], entry);
	poke(va, round);
	last[gone] = (u32)round;
}

/* PAUSE gives the turn away; what stands between lets time go by. */
static void rest(ulong pauses)
{
	while (pauses--) {
		for (unsigned i = 0; i < 100; i++)
			__asm__ volatile("");
		__asm__ volatile("pause");
	}
}

void workload_main(void)
{
	ulong rounds = param("rounds", 300, 1, 100000), pauses = param("rest", 1000, 0, 1000000);

	frames = pages_alloc(PAGES);
	last = phys_to_virt(pages_alloc(1));
	for (ulong s = 0; s < SPACES; s++)
		space_init(s);
	for (ulong r = 1; r <= rounds; r++) {
		one_round(r);
		rest(pauses);
	}
	region_begin("round");
	for (ulong r = rounds + 1; r <= 2 * rounds; r++)
		one_round(r);
	region_end(rounds);
	for (ulong s = 0; s < SPACES; s++) {
		write_cr3(root[s]);
		for (ulong i = 0; i < PAGES; i++)
			need(peek(USER_BASE + i * PAGE_SIZE) == last[i], "space %lu: page %lu holds %lu, not %u", s, i,
			     (ulong)peek(USER_BASE + i * PAGE_SIZE), last[i]);
	}
}
