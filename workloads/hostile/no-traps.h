/* SPDX-License-Identifier: BSD-2-Clause */
/* For guests that must not survive: after it, any exception is a triple fault. */
#ifndef HOSTILE_NO_TRAPS_H
#define HOSTILE_NO_TRAPS_H

#include "types.h"

static inline void no_traps(void)
{
	struct {
		u16 limit;
		ulong base;
	} __attribute__((packed)) nothing = { 0, 0 };

	__asm__ volatile("lidt %0" : : "m"(nothing));
}

#endif
