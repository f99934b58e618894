/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cheapest trip there is: CPUID, which every hypervisor intercepts.
 *
 * It measures the way out and back in, under every other figure; natively it
 * is just the instruction. The phase "empty" measures the brackets themselves.
 * Serves: the floor that T1-T7 are to be seen against.
 */
#include "lib/guest.h"

static u32 cpuid_vendor(void)
{
	u32 a = 0, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return b;
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000);
	u32 vendor = cpuid_vendor(), last = 0;

	region_begin("empty");
	region_end(1);

	region_begin("cpuid");
	for (ulong i = 0; i < ops; i++)
		last = cpuid_vendor();
	region_end(ops);
	need(vendor && last == vendor, "CPUID answered %x, then %x", vendor, last);
}
