/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaving the guest's paging mode and coming back: mode.S of the architecture. Both functions need the page
 * at mode_code's physical address mapped there at that address, writable, by the root in use; mode_trip() needs it
 * mapped so by there's root as well.
 */
#ifndef GUEST_MODE_H
#define GUEST_MODE_H

#include "guest.h"
#include "mode_code.h"

#define MODE_CODE_BYTES 512 /* both functions, from mode_code */

struct mode_trip {
	ulong there_cr3, there_cr4; /* of a 32-bit paging mode */
	ulong va;                   /* one 32-bit word is read here, there */
	ulong here_cr3, here_cr4;
};

/* Paging off, there's mode on, the read, paging off, here's mode on again. What was read. */
u32 mode_trip(const struct mode_trip *trip);
/* Paging off and on again. */
void mode_toggle(void);

#endif
