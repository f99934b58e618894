/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far TLBs reach: a word of each page of a working set is read, page after page and round after round, for sets from 16 KiB to
 * mib MiB. Where the set is larger than a TLB, least-recently-used replacement lets every access miss it. Each page's word
 * lies on another line, so that caches are not what is measured where it can be helped.
 *
 * Phases "<KiB>k": one operation is one read. Serves: the map of shadow and nested paging.
 */
#include "lib/arena.h"

#define LEAST_KIB       16ul
#define LINES_OF_A_PAGE (PAGE_SIZE / LINE)

static inline ulong word_of(ulong page)
{
	return page * PAGE_SIZE + page % LINES_OF_A_PAGE * LINE;
}

/* The sum of what was read: `rounds` times the pages' numbers. */
static ulong sweep(ulong pages, ulong rounds)
{
	ulong sum = 0;

	while (rounds--)
		for (ulong page = 0; page < pages; page++)
			sum += peek(ARENA + word_of(page));
	return sum;
}

void workload_main(void)
{
	const ulong ops = param("ops", 65536, 1, 100000000);

	arena_make(256);
	for (ulong page = 0; page < arena_bytes / PAGE_SIZE; page++)
		poke(ARENA + word_of(page), page);

	for (ulong kib = LEAST_KIB; kib <= arena_bytes / 1024; kib *= 2) {
		const ulong pages = kib * 1024 / PAGE_SIZE, rounds = (ops + pages - 1) / pages;
		char phase[16];
		ulong sum;

		snprintf(phase, sizeof(phase), "%luk", kib);
		sweep(pages, 1);
		region_begin(phase);
		sum = sweep(pages, rounds);
		region_end(pages * rounds);
		need(sum == rounds * (pages * (pages - 1) / 2), "%lu KiB: the sum is %lu", kib, sum);
	}
}
