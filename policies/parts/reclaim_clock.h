/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: clock. When no page of the pool is free, a hand goes round it: a kept root that it comes to goes, with whatever only it
 * holds, unless it was loaded since the hand was there before. Then the roots in use are emptied, in turn: were it always the same
 * vCPU's, an instruction that needs two pages might never have both.
 *
 * Xen keeps its pinned shadows in the order in which they were last loaded. A root load would pay for that order; here it pays one
 * store, and an eviction no more than it frees pages, however large the pool is.
 */
#ifndef PART_RECLAIM_CLOCK_H
#define PART_RECLAIM_CLOCK_H

#include "policy.h"

enum { RECLAIM_CLOCK_FREES_PINNED = 1 };

struct clock_page {
	bool loaded; /* a root: since the hand was there */
};
struct clock_domain {
	u32 hand; /* the next page, by its frame, which need not be the pool's any more */
	u32 turn; /* the vCPU whose root is emptied next, modulo their number */
};
SH_KEEPS_PAGE(clock)
SH_KEEPS_DOMAIN(clock)

/* The second time round no kept root is spared. */
SH_PART void clock_unpin_kept(struct domain *d, u32 want)
{
	const struct sh_domain *s = d->shadow;
	struct sh_page *sp = pool_go_on(s, clock_domain(d)->hand);

	for (u32 left = 2 * (s->pages + s->idle); left && s->free < want; left--) {
		if (sp->pinned && !sp->loaded && !clock_page(sp)->loaded)
			sh_unpin(d, sp);
		clock_page(sp)->loaded = false;
		sp = pool_next_round(s, sp);
	}
	clock_domain(d)->hand = sp->mfn;
}

SH_PART void clock_empty_loaded(struct domain *d, u32 want)
{
	for (u32 left = d->nr_vcpus; left && d->shadow->free < want; left--) {
		const struct vcpu *v = d->vcpu[clock_domain(d)->turn++ % d->nr_vcpus];

		if (v->root)
			sh_unhook(d, v->root);
	}
}

SH_PART bool clock_make_room(struct domain *d, u32 want)
{
	clock_unpin_kept(d, want);
	clock_empty_loaded(d, want);
	return d->shadow->free >= want;
}

SH_PART void clock_root_used(struct domain *d, struct sh_page *root)
{
	clock_page(root)->loaded = true;
}

static const struct sh_reclaim reclaim_clock = {
	.keeps_page = &clock_keeps_page,
	.keeps_domain = &clock_keeps_domain,
	.make_room = clock_make_room,
	.root_used = clock_root_used,
};

#endif
