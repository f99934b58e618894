/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: lru. When the pool runs out, kept roots go in the order in which they were
 * last loaded, each with whatever only it holds; then the roots in use are emptied.
 */
#ifndef PART_RECLAIM_LRU_H
#define PART_RECLAIM_LRU_H

#include "policy.h"

enum { RECLAIM_LRU_FREES_PINNED = 1 };

SH_PART bool lru_make_room(struct domain *d, u32 want)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *root;

	while (s->free < want && (root = pool_oldest_root(s)))
		sh_unpin(d, root);
	pool_for_each(s, sp)
		if (s->free < want && sp->used && sp->loaded)
			sh_unhook(d, sp);
	return s->free >= want;
}

SH_PART void lru_root_used(struct domain *d, struct sh_page *root)
{
	root->last_used = ++d->shadow->clock;
}

static const struct sh_reclaim reclaim_lru = { .make_room = lru_make_room, .root_used = lru_root_used };

#endif
