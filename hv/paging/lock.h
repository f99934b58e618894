/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's lock. Whoever handles an event of one of its vCPUs holds it from the
 * moment when the vCPU has left the guest until it is about to go back: one exit,
 * handled to its end, is the longest time that others wait. Paging, devices,
 * regions and counters of the domain are used under it.
 *
 * A domain with one vCPU needs none and takes none: paging_lock is called by the
 * several-vCPU paths alone.
 *
 * What must always hold:
 *  - it is a ticket lock: nobody waits for more exits than there are other vCPUs;
 *  - who waits is not in the guest, and answers what other pCPUs ask of it (plat_lock_wait);
 *  - who holds it may wait for others to leave the guest, never for the lock's next holder.
 */
#ifndef PAGING_LOCK_H
#define PAGING_LOCK_H

#include "plat.h"

static inline void paging_lock(struct vcpu *v)
{
	struct domain *d = v->domain;
	u32 ticket = __atomic_fetch_add(&d->lock.next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&d->lock.serving, __ATOMIC_ACQUIRE) != ticket)
		plat_lock_wait();
	d->acting = v;
}

static inline void paging_unlock(struct vcpu *v)
{
	struct domain *d = v->domain;

	__atomic_store_n(&d->lock.serving, d->lock.serving + 1, __ATOMIC_RELEASE);
}

#endif
