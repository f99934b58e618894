/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Division of 64-bit numbers, which the compiler calls for in 32-bit code, by its own names. Bit by
 * bit: only results that are printed are divided, never inside a region.
 */
#include "guest.h"

u64 __udivmoddi4(u64 n, u64 d, u64 *rest);
u64 __udivdi3(u64 n, u64 d);
u64 __umoddi3(u64 n, u64 d);

u64 __udivmoddi4(u64 n, u64 d, u64 *rest)
{
	u64 q = 0, r = 0;

	for (int bit = 63; bit >= 0; bit--) {
		bool over = r >> 63;

		r = r << 1 | (n >> bit & 1);
		q <<= 1;
		if (over || r >= d) {
			r -= d;
			q |= 1;
		}
	}
	*rest = r;
	return q;
}

u64 __udivdi3(u64 n, u64 d)
{
	u64 rest;

	return __udivmoddi4(n, d, &rest);
}

u64 __umoddi3(u64 n, u64 d)
{
	u64 rest;

	__udivmoddi4(n, d, &rest);
	return rest;
}
