/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the TSC runs: the one plausible figure among a few measured ones and what CPUID says. */
#ifndef HOST_TSC_H
#define HOST_TSC_H

#include "types.h"

/*
 * One measurement against another clock. What happened between two of our own instructions may have taken any time (the
 * emulator lost its CPU, a firmware interrupt), so the true number of ticks is only known to lie between two others.
 */
struct tsc_window {
	u64 least, most;
};

#define TSC_WINDOWS 8 /* measured at most */

/* Do the measurements so far suffice? Two narrow ones that agree do. */
bool tsc_enough(const struct tsc_window *w, unsigned n);

/*
 * Ticks a window, from n of them (one at least): those of `claimed`, CPUID's own figure (0: it has none), if that lies within what was
 * measured; otherwise the middle of what the windows have in common that do not contradict each other.
 */
u64 tsc_choose(u64 claimed, const struct tsc_window *w, unsigned n);

/* CPUID's figures, kHz, from the words of its leaves; 0: it says nothing. */
struct tsc_leaves {
	u32 hypervisor_khz;                     /* 0x40000010, EAX */
	u32 denominator, numerator, crystal_hz; /* 0x15: EAX, EBX, ECX */
	u32 base_mhz;                           /* 0x16: EAX */
};
u64 tsc_claimed_khz(const struct tsc_leaves *l);

#endif
