/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads CR3 with an address where it has no memory: its next instruction has no translation. */
#include "../lib/guest.h"
#include "no-traps.h"

#define NOWHERE 0x7000000000 /* 448 GiB: within 40 bits of physical address, beyond any guest's memory */

void workload_main(void)
{
	print("about to load a wild root\n");
	no_traps();
	write_cr3(NOWHERE);
	print("still here\n");
}
