/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for another pCPU, or for a device that answers for one. There is no other way to do it than this.
 *
 * What must always hold:
 *  - every wait has an end: what is waited for comes, or WAIT_LIMIT_MS are over and the caller is told so. The compiler
 *    insists that it listens;
 *  - only time in which the waiter itself got on counts, so that neither a measured region for which it stood still nor a
 *    machine with other work to do is taken for a pCPU that hangs;
 *  - who waits stands still when a measured region asks for it: the pCPU that is waited for may be the one that asks.
 */
#ifndef HOST_WAIT_H
#define HOST_WAIT_H

#include "types.h"

#define WAIT_LIMIT_MS 2000 /* of TSC time */

struct wait {
	bool (*is_over)(const void *what); /* has it come? */
	void (*ask)(const void *what);     /* ask for it, first and now and again; NULL: it comes by itself */
	const void *what;
};

/* True: it came. False: it did not within the limit. */
bool wait_for(const struct wait *w) __attribute__((warn_unused_result));

#endif
