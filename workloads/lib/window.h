/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that reaches its page tables through a window (window=1): it maps the table that it is about to read or write at one address
 * and unmaps it afterwards, with INVLPG, as 32-bit Linux does by kmap_local_page() where tables lie in high memory. So each table has had
 * many short-lived writable mappings at the same place, and none that lasts.
 *
 * The window's own table is low memory: it has a lasting mapping.
 *
 * Functions that take `window`, a constant where they are inlined, go through it or not.
 */
#ifndef GUEST_WINDOW_H
#define GUEST_WINDOW_H

#include "guest.h"

/* Behind the memory that a guest has, in the part of the kernel half that the boot tables cover. */
#define WINDOW_BASE (DIRECT_BASE + DIRECT_MAX - SUPERPAGE_BYTES)

#define WINDOW_INLINE static inline __attribute__((always_inline))

static pte_t *window_slot;

/* Is it asked for? If so, it is there from now on, in roots that are made afterwards. */
static inline bool window_asked(void)
{
	if (!param("window", 0, 0, 1))
		return false;
	window_slot = window_prepare();
	return true;
}

/* What lies at `p` in the kernel's map of memory, reached through the window until window_close(). One page at a time. */
WINDOW_INLINE void *window_open(bool window, void *p)
{
	const ulong pa = virt_to_phys(p);

	if (!window)
		return p;
	pte_set(window_slot, (pa & ~(ulong)(PAGE_SIZE - 1)) | PTE_WINDOW);
	return (void *)(WINDOW_BASE + pa % PAGE_SIZE);
}

WINDOW_INLINE void window_close(bool window)
{
	if (!window)
		return;
	pte_clear(window_slot);
	invlpg(WINDOW_BASE);
}

#endif
