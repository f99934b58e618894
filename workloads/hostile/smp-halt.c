/* SPDX-License-Identifier: BSD-2-Clause */
/* Both CPUs halt with interrupts off: nobody is left to wake them. */
#include "../lib/smp.h"

void ipi_came(void) {}

static void other_cpu(ulong cpu)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

void workload_main(void)
{
	print("halting both CPUs\n");
	smp_start(pt_new_root(), USER_BASE, 32);
	__asm__ volatile("cli; hlt");
}
