/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: sweep. As adaptive; and at a fault that was hidden from the guest, as no fault of its own came before it, the entries
 * around are looked through, and what can be filled is, holes or not. A process that was forked or loaded has its tables full before it
 * runs, and touches here and there: what is marked accessed is filled at the fault that had to be. A sweep that has found nothing makes the
 * table's next wait for hidden faults, for more each time.
 *
 * Must hold: what is filled is what adaptive might fill.
 */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "reach.h"

enum { PREFETCH_LOOKS_AROUND = 1, SWEEP_SWATH = 128, SWEEP_WAITS = 63 };

struct sweep_page {
	s8 reach;      /* of a leaf: as in adaptive */
	u8 wait, left; /* hidden faults between two sweeps; before the next */
};
struct sweep_domain {
	u64 guest_faults; /* of the vCPU that acted last, when it last filled an entry */
};
SH_KEEPS_PAGE(sweep)
SH_KEEPS_DOMAIN(sweep)

SH_PART void sweep_made(struct sh_page *sp)
{
	*sweep_page(sp) = (struct sweep_page){ 0 };
}

SH_PART bool sweep_sweeps(const struct vcpu *v, struct sh_page *leaf)
{
	struct sweep_domain *d = sweep_domain(v->domain);
	struct sweep_page *p = sweep_page(leaf);
	const bool hidden = d->guest_faults == v->trip[TRIP_pf_guest].count;

	d->guest_faults = v->trip[TRIP_pf_guest].count;
	if (!hidden)
		return false;
	if (!p->left)
		return true;
	p->left--;
	return false;
}

SH_PART void sweep_swept(struct domain *d, struct sh_page *leaf, u32 filled)
{
	struct sweep_page *p = sweep_page(leaf);

	p->wait = filled ? 0 : p->wait < SWEEP_WAITS ? 2 * p->wait + 1 : SWEEP_WAITS;
	p->left = p->wait;
}

SH_PART bool sweep_learn(struct sh_page *leaf, bool upwards)
{
	return reach_learn(&sweep_page(leaf)->reach, upwards);
}

SH_PART void sweep_window(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end)
{
	reach_window(sweep_page(leaf)->reach, slot, entries, first, end);
}

static const struct sh_prefetch prefetch_part = {
	.keeps_page = &sweep_keeps_page,
	.keeps_domain = &sweep_keeps_domain,
	.window = sweep_window,
	.upwards = true,
	.learn = sweep_learn,
	.made = sweep_made,
	.sweeps = sweep_sweeps,
	.swept = sweep_swept,
	.swath = SWEEP_SWATH,
};

#endif
