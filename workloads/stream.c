/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three arrays from end to end: as many TLB misses as there are pages and no more, each hidden behind a page's worth of work.
 *
 * Phases, after McCalpin's STREAM but in whole numbers, for a kernel has no floating point: "copy", "scale", "add", "triad". One
 * operation is one word written. Serves: the map of shadow and nested paging.
 */
#include "lib/arena.h"

#define SCALE 3ul

static ulong words, a, b, c; /* of each array; where they begin */

static inline ulong at(ulong array, ulong i)
{
	return array + i * WORD_BYTES;
}

static void copy(void)
{
	for (ulong i = 0; i < words; i++)
		poke(at(c, i), peek(at(a, i)));
}

static void scale(void)
{
	for (ulong i = 0; i < words; i++)
		poke(at(b, i), SCALE * peek(at(c, i)));
}

static void add(void)
{
	for (ulong i = 0; i < words; i++)
		poke(at(c, i), peek(at(a, i)) + peek(at(b, i)));
}

static void triad(void)
{
	for (ulong i = 0; i < words; i++)
		poke(at(a, i), peek(at(b, i)) + SCALE * peek(at(c, i)));
}

static void run(const char *phase, void (*kernel)(void))
{
	region_begin(phase);
	kernel();
	region_end(words);
}

void workload_main(void)
{
	arena_make(12);
	words = arena_bytes / 3 / WORD_BYTES;
	a = ARENA;
	b = at(a, words);
	c = at(b, words);
	for (ulong i = 0; i < words; i++)
		poke(at(a, i), i);

	run("copy", copy);
	run("scale", scale);
	run("add", add);
	run("triad", triad);

	/* copy: c = i; scale: b = 3i; add: c = 4i; triad: a = 15i. */
	for (ulong i = 0; i < words; i++)
		need(peek(at(a, i)) == 15 * i && peek(at(b, i)) == 3 * i && peek(at(c, i)) == 4 * i, "word %lu is wrong", i);
}
