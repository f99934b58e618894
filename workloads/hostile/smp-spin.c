/* SPDX-License-Identifier: BSD-2-Clause */
/* The first CPU halts for ever, the second loops for ever, both deaf to interrupts. */
#include "../lib/smp.h"

void ipi_came(void) {}

static void other_cpu(ulong cpu)
{
	for (;;)
		__asm__ volatile("");
}

void workload_main(void)
{
	print("spinning on the second CPU\n");
	smp_start(pt_new_root(), USER_BASE, 32);
	__asm__ volatile("cli; hlt");
}
