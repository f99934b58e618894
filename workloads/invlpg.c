/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INVLPG of a mapped page whose entry has not changed.
 *
 * Kernels flush single pages after every change to a live entry. Serves: the
 * part of fork-cow's "cow-invlpg" that is the flush.
 */
#include "lib/flush.h"

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000);

	flush_prepare();
	invlpg(USER_BASE);

	region_begin("invlpg");
	for (ulong i = 0; i < ops; i++)
		invlpg(USER_BASE);
	region_end(ops);

	flush_change();
	invlpg(USER_BASE);
	need(peek(USER_BASE) == 2, "INVLPG did not flush the page");
}
