/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random updates: words all over a table of mib MiB are read, changed and written, and no address depends on what was read. Where the table is
 * beyond what TLBs reach, each update misses them; page tables never change. After HPC Challenge's RandomAccess.
 *
 * One operation is one update. Checked as there: the same updates once more take all of them back. Serves: the map of shadow and nested paging.
 */
#include "lib/arena.h"

static void update(ulong ops)
{
	const u64 words = arena_bytes / WORD_BYTES;
	u64 x = 1;

	for (ulong i = 0; i < ops; i++) {
		ulong va;

		x = random_next(x);
		va = ARENA + (ulong)((x >> 32) * words >> 32) * WORD_BYTES;
		poke(va, peek(va) ^ (ulong)x);
	}
}

void workload_main(void)
{
	const ulong ops = param("ops", 200000, 1, 100000000);

	arena_make(64);
	region_begin("update");
	update(ops);
	region_end(ops);

	update(ops);
	for (ulong at = 0; at < arena_bytes; at += WORD_BYTES)
		need(!arena_word(at), "the word at %#lx is %#lx", at, arena_word(at));
}
