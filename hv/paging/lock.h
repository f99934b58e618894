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
 *  - who waits is not in the guest, and answers what other pCPUs ask of it (plat_wait);
 *  - who holds it may stand for the trace's sake (hv/domain/stand.c), for as long as that takes: others wait on;
 *  - who waits in vain crashes the domain and breaks the lock: nobody gets it any more, and who does not get it
 *    leaves the domain without a look at anything that it guards;
 *  - who holds it may wait for others to leave the guest, never for the lock's next holder.
 */
#ifndef PAGING_LOCK_H
#define PAGING_LOCK_H

#include "plat.h"

struct lock_turn {
	struct domain *d;
	u32 ticket;
};

static inline bool lock_is_served(const struct lock_turn *t)
{
	return __atomic_load_n(&t->d->lock.serving, __ATOMIC_ACQUIRE) == t->ticket;
}

static inline bool lock_is_over(const void *turn)
{
	const struct lock_turn *t = turn;

	return lock_is_served(t) || __atomic_load_n(&t->d->lock.broken, __ATOMIC_ACQUIRE);
}

static inline bool lock_wait(const struct lock_turn *t)
{
	bool over;

	do
		over = plat_wait(lock_is_over, t);
	while (!over && __atomic_load_n(&t->d->stands_since, __ATOMIC_RELAXED));
	if (over)
		return !__atomic_load_n(&t->d->lock.broken, __ATOMIC_ACQUIRE);
	__atomic_store_n(&t->d->lock.broken, 1, __ATOMIC_RELEASE);
	/* No ticket that is given out from now on is served, so that everybody comes to look whether it is broken. */
	__atomic_fetch_add(&t->d->lock.serving, 1u << 31, __ATOMIC_RELEASE);
	plat_domain_crash(t->d, "a vCPU held the domain's lock for too long");
	return false;
}

/* False: it is broken, and the domain has crashed. */
static inline bool __attribute__((warn_unused_result)) paging_lock(struct vcpu *v)
{
	struct lock_turn t = { v->domain, __atomic_fetch_add(&v->domain->lock.next, 1, __ATOMIC_RELAXED) };

	if (unlikely(!lock_is_served(&t)) && !lock_wait(&t))
		return false;
	v->domain->acting = v;
	return true;
}

static inline void paging_unlock(struct vcpu *v)
{
	struct domain *d = v->domain;

	__atomic_store_n(&d->lock.serving, d->lock.serving + 1, __ATOMIC_RELEASE);
}

#endif
