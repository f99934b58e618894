/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measured regions for programs in a guest: what lies between penumbra_region_begin() and penumbra_region_end() gets a row of its own in
 * the results. From user mode, as any user, under every recipe. Where there is no Penumbra beneath (natively, or under another
 * hypervisor) the TSC alone is read, and root's regions are marked at a port besides (PN_REGION_PORT): other users may not write there.
 *
 * Both return 0, or -1 with errno. Regions do not nest, and a process has one at a time; begin and end belong into one source file.
 */
#ifndef PENUMBRA_REGION_H
#define PENUMBRA_REGION_H

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <x86intrin.h>

#include "hypercall_abi.h"

static struct {
	char name[PN_PHASE_NAME + 1];
	unsigned long long ticks; /* TSC at its begin */
} penumbra_region;

static inline int penumbra_is_here(void)
{
	unsigned a, b, c, d;

	__cpuid(PN_CPUID_BASE, a, b, c, d);
	return b == PN_CPUID_EBX && c == PN_CPUID_ECX && d == PN_CPUID_EDX;
}

static inline uint32_t penumbra_hypercall(uint32_t nr, uint32_t b, uint32_t c, uint32_t d, uint32_t s)
{
	__asm__ volatile("vmmcall" : "+a"(nr) : "b"(b), "c"(c), "d"(d), "S"(s) : "memory");
	return nr;
}

/*
 * Begin (1) or end (0) for who watches the machine from outside, where there is no hypercall for it. Only the superuser can say so. The port is
 * the process's for this alone: one that may use ports takes longer to fork.
 */
static inline void penumbra_mark(unsigned char value)
{
	if (ioperm(PN_REGION_PORT, 1, 1))
		return;
	outb(value, PN_REGION_PORT);
	ioperm(PN_REGION_PORT, 1, 0);
}

/* EINVAL: no name of 1 to 16 bytes without blanks. EBUSY: this guest is in a region already. */
static inline int penumbra_region_begin(const char *name)
{
	uint32_t word[PN_PHASE_NAME / 4] = { 0 };
	size_t n = strlen(name);

	if (!n || n > PN_PHASE_NAME || strpbrk(name, " \t\n")) {
		errno = EINVAL;
		return -1;
	}
	memcpy(word, name, n);
	memcpy(penumbra_region.name, name, n + 1);
	if (!penumbra_is_here()) {
		penumbra_mark(1);
	} else if (penumbra_hypercall(PN_HC_QUIET_BEGIN, word[0], word[1], word[2], word[3])) {
		errno = EBUSY;
		return -1;
	}
	penumbra_region.ticks = __rdtsc();
	return 0;
}

/* After `ops` operations, at least 1; natively it prints the region's line. EINVAL: none was begun, or it took too long and is gone. */
static inline int penumbra_region_end(unsigned long long ops)
{
	unsigned long long ticks = __rdtsc() - penumbra_region.ticks;

	if (penumbra_is_here()) {
		if (!penumbra_hypercall(PN_HC_QUIET_END, (uint32_t)ops, (uint32_t)ticks, (uint32_t)(ticks >> 32), 0))
			return 0;
	} else if (penumbra_region.name[0]) {
		penumbra_mark(0);
		printf("@region %s %llu %llu\n", penumbra_region.name, ops, ticks);
		fflush(stdout);
		penumbra_region.name[0] = 0;
		return 0;
	}
	errno = EINVAL;
	return -1;
}

#endif
