/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to its console for ever, as fast as it can. */
#include "../lib/guest.h"

void workload_main(void)
{
	for (ulong i = 0;; i++)
		print("flood %lu\n", i);
}
