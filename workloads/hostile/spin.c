/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops for ever without a single trip. */
#include "../lib/guest.h"

void workload_main(void)
{
	print("spinning\n");
	for (;;)
		__asm__ volatile("");
}
