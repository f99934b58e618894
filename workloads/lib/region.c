/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measured regions. Under the hypervisor they are bracketed by the quiet
 * hypercalls; elsewhere by writes to a port. The figure is what the TSC says: nothing
 * is subtracted from it (null-exit's phase "empty" shows what an empty region
 * costs).
 */
#include "guest.h"
#include "hypercall_abi.h"
#include "private.h"

u64 region_start;

bool hypervisor;
static char name[PN_PHASE_NAME];

void region_init(void)
{
	u32 a = PN_CPUID_BASE, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	hypervisor = b == PN_CPUID_EBX && c == PN_CPUID_ECX && d == PN_CPUID_EDX;
}

u32 hypercall(u32 nr, u32 b, u32 c, u32 d, u32 s)
{
	__asm__ volatile("vmmcall" : "+a"(nr) : "b"(b), "c"(c), "d"(d), "S"(s) : "memory");
	return nr;
}

void region_open(const char *phase)
{
	u32 word[PN_PHASE_NAME / 4], error;

	memset(name, 0, sizeof(name));
	need(str_copy(name, sizeof(name), phase), "too long for a phase: %s", phase);
	memcpy(word, name, sizeof(word));
	if (!hypervisor) {
		outb(PN_REGION_PORT, 1);
		return;
	}
	error = hypercall(PN_HC_QUIET_BEGIN, word[0], word[1], word[2], word[3]);
	need(!error, "the region %s was refused: %#x", phase, error);
}

void region_close(ulong ops, u64 ticks)
{
	u32 error = 0;

	if (hypervisor)
		error = hypercall(PN_HC_QUIET_END, ops, (u32)ticks, (u32)(ticks >> 32), 0);
	else
		outb(PN_REGION_PORT, 0);
	need(!error, "the region %s did not end: %#x", name, error);
	print("@region %s %lu %llu\n", name, ops, (unsigned long long)ticks);
}
