/* SPDX-License-Identifier: BSD-2-Clause */
/* The one loop in which a pCPU waits for another. */
#include "wait.h"

#include "cpu.h"
#include "pcpu.h"

#define LOOKS         1000 /* between two times that it is asked for */
#define LOOK_MOST_US  1000 /* what counts of the time between two looks at the clock: we may have been away ourselves */
#define LOOKS_A_CLOCK 50
#define EARLY_TSC_KHZ 4000000 /* before it is measured: none is faster */

/* A few looks. Under QEMU's -icount a PAUSE gives the others their turn. */
static bool look(const struct wait *w)
{
	for (int i = 0; i < LOOKS_A_CLOCK; i++) {
		if (w->is_over(w->what))
			return true;
		pcpu_stand_if_asked();
		cpu_relax();
	}
	return w->is_over(w->what);
}

bool wait_for(const struct wait *w)
{
	const u64 khz = tsc_khz ? tsc_khz : EARLY_TSC_KHZ, most = LOOK_MOST_US * khz / 1000;
	u64 waited = 0, last = rdtsc();

	for (unsigned looks = 0; waited < WAIT_LIMIT_MS * khz; looks += LOOKS_A_CLOCK) {
		if (w->ask && looks % LOOKS == 0)
			w->ask(w->what);
		if (look(w))
			return true;
		u64 now = rdtsc();
		waited += now - last < most ? now - last : most;
		last = now;
	}
	return false;
}
