/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for the emulator's tests: the same in every run (xorshift64*).
 */
#ifndef TESTS_EMUL_RANDOM_H
#define TESTS_EMUL_RANDOM_H

#include "hv/base/types.h"

static u64 rnd_state = 1;

/* seed: not 0. */
static inline void rnd_seed(u64 seed)
{
	rnd_state = seed * 0x9e3779b97f4a7c15ull;
}

static inline u64 rnd(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 2685821657736338717ull;
}

#endif
