/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steady state: a program that works on memory which it already has.
 *
 * A pseudo-random walk reads and writes 256 mapped pages; nothing in the
 * measured loop gives a hypervisor a reason to be entered. One operation is one step
 * of the walk. Serves: T19 (once faulted in, a guest runs at native speed).
 */
#include "lib/guest.h"
#include "lib/random.h"

#define PAGES 256
#define WORDS (PAGES * PAGE_SIZE / sizeof(u64))

static u64 walk(u64 *words, ulong steps)
{
	u64 x = 1;

	for (ulong i = 0; i < steps; i++) {
		x = random_next(x);
		words[x % WORDS] += x;
	}
	return x;
}

static u64 sum(const u64 *words)
{
	u64 total = 0;

	for (ulong i = 0; i < WORDS; i++)
		total += words[i];
	return total;
}

/* What the walk must have added up to, without the memory. */
static u64 expected(ulong steps)
{
	u64 x = 1, total = 0;

	for (ulong i = 0; i < steps; i++)
		total += x = random_next(x);
	return total;
}

void workload_main(void)
{
	ulong ops = param("ops", 1000000, 1, 999999999);
	ulong root = pt_new_root(), frames = pages_alloc(PAGES);
	u64 *words = (u64 *)USER_BASE, before;

	pt_map(pt_populate(root, USER_BASE, PAGES), frames, PAGES, PTE_USER_DATA);
	write_cr3(root);
	for (ulong i = 0; i < PAGES; i++)
		poke(USER_BASE + i * PAGE_SIZE, 0);
	walk(words, 1000);
	before = sum(words);

	region_begin("steady");
	walk(words, ops);
	region_end(ops);

	need(sum(words) - before == expected(ops), "the walk added up to %#llx", (unsigned long long)(sum(words) - before));
	need(sum(phys_to_virt(frames)) == sum(words), "the frames hold something else");
}
