/* SPDX-License-Identifier: BSD-2-Clause */
/* The second CPU ends in a triple fault while the first computes: the machine is one. */
#include "../lib/smp.h"
#include "no-traps.h"

void ipi_came(void) {}

static void other_cpu(ulong cpu)
{
	no_traps();
	for (;;)
		__asm__ volatile("ud2");
}

void workload_main(void)
{
	print("the second CPU is about to triple-fault\n");
	smp_start(pt_new_root(), USER_BASE, 32);
	for (;;)
		__asm__ volatile("");
}
