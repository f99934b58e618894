/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's memory, for workloads that read and write it and change no tables: `mib=` MiB at ARENA of a root of its own, mapped by
 * pages of 4 KiB or by superpages (large=1). All of it has been written once when arena_make() returns, so that no region has first faults.
 */
#ifndef GUEST_ARENA_H
#define GUEST_ARENA_H

#include "random.h"
#include "superpages.h"

#define ARENA     REGION
#define MIB       0x100000ul
#define LINE      64ul /* bytes: a cache line of every machine that is modelled */
#define ARENA_MAX 512  /* MiB */

static ulong arena_bytes, arena_frames; /* its length; its first frame's physical address. Contiguous */

/* Makes the arena and loads its root. `standard`: MiB without the parameter. */
static inline void arena_make(ulong standard)
{
	const ulong root = pt_new_root();
	const bool large = param("large", 0, 0, 1);

	arena_bytes = param("mib", standard, 4, ARENA_MAX) * MIB & ~(SUPERPAGE_BYTES - 1ul);
	arena_frames = superpages_alloc(arena_bytes / SUPERPAGE_BYTES);
	if (large) {
		pte_t *slots = superpage_slots(root);

		for (ulong i = 0; i < arena_bytes / SUPERPAGE_BYTES; i++)
			pte_set(&slots[i], (arena_frames + i * SUPERPAGE_BYTES) | PTE_USER_DATA | PTE_PS);
	} else {
		pt_map(pt_populate(root, ARENA, arena_bytes / PAGE_SIZE), arena_frames, arena_bytes / PAGE_SIZE, PTE_USER_DATA);
	}
	write_cr3(root);
	for (ulong at = 0; at < arena_bytes; at += PAGE_SIZE)
		poke(ARENA + at, 0);
}

/* What lies `at` bytes into the arena, by the kernel's own mapping of it. */
static inline ulong arena_word(ulong at)
{
	return *(volatile ulong *)phys_to_virt(arena_frames + at);
}

#endif
