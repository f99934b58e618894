/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cheapest trip there is: CPUID, which every hypervisor intercepts. leaf=N asks for another leaf than 0: kernels ask for 1 most, of
 * which a bit follows CR4.
 *
 * It measures the way out and back in, under every other figure; natively it
 * is just the instruction. The phase "empty" measures the brackets themselves; "port" is OUT to port 0x80, where no device is and
 * kernels write to for the delay.
 * Serves: the floor that T1-T7 are to be seen against.
 */
#include "lib/guest.h"

#define DELAY_PORT 0x80

static u32 cpuid_ebx(u32 leaf)
{
	u32 a = leaf, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b;
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000);
	u32 leaf = (u32)param("leaf", 0, 0, 13), ebx = cpuid_ebx(leaf), last = 0;

	region_begin("empty");
	region_end(1);

	region_begin("cpuid");
	for (ulong i = 0; i < ops; i++)
		last = cpuid_ebx(leaf);
	region_end(ops);
	need(ebx && last == ebx, "CPUID answered %x, then %x", ebx, last);

	region_begin("port");
	for (ulong i = 0; i < ops; i++)
		__asm__ volatile("outb %%al, %0" : : "i"(DELAY_PORT), "a"(0));
	region_end(ops);
}
