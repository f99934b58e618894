/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes its own interrupt table away and raises an exception: a real machine would reset. */
#include "../lib/guest.h"
#include "no-traps.h"

void workload_main(void)
{
	print("about to triple-fault\n");
	no_traps();
	__asm__ volatile("ud2");
}
