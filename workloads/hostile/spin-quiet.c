/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops for ever inside a measured region, where every other pCPU is held. */
#include "../lib/guest.h"

void workload_main(void)
{
	print("spinning in a region\n");
	region_begin("spin");
	for (;;)
		__asm__ volatile("");
}
