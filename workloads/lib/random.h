/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers without a pattern, the same in every run. */
#ifndef GUEST_RANDOM_H
#define GUEST_RANDOM_H

#include "types.h"

/* xorshift64: a full period, so every value but 0 is met sooner or later. Never 0 after another. */
static inline u64 random_next(u64 x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

#endif
