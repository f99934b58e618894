/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cr3-reload and invlpg share: one mapped page, flushed again and again while nothing has changed,
 * and at the end once after a change, which must then count. The including file says how it flushes.
 */
#ifndef GUEST_FLUSH_H
#define GUEST_FLUSH_H

#include "guest.h"

static ulong second; /* the frame after the change */
static pte_t *slot;

/* Returns the root, which is loaded. */
static ulong flush_prepare(void)
{
	ulong root = pt_new_root(), first = pages_alloc(1);

	second = pages_alloc(1);
	slot = pt_populate(root, USER_BASE, 1);
	poke((ulong)phys_to_virt(first), 1);
	poke((ulong)phys_to_virt(second), 2);
	pt_map(slot, first, 1, PTE_USER_DATA);
	write_cr3(root);
	need(peek(USER_BASE) == 1, "the first page is not there");
	return root;
}

/* The entry changes; the caller flushes next. */
static void flush_change(void)
{
	need(peek(USER_BASE) == 1, "the first page has gone");
	pt_map(slot, second, 1, PTE_USER_DATA);
}

#endif
