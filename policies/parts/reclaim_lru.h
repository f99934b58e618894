/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: lru. When the pool runs out, kept roots go in the order in which they were
 * last loaded, each with whatever only it holds; then the roots in use are emptied, in turn: were
 * it always the same vCPU's, an instruction that needs two pages might never have both.
 */
#ifndef PART_RECLAIM_LRU_H
#define PART_RECLAIM_LRU_H

#include "policy.h"

enum { RECLAIM_LRU_FREES_PINNED = 1 };

/* The loaded root that was loaded or emptied longest ago, but not after `began`; NULL: none. */
SH_PART struct sh_page *lru_oldest_loaded(const struct sh_domain *s, u64 began)
{
	struct sh_page *oldest = NULL;

	pool_for_each(s, sp)
		if (sp->used && sp->loaded && sp->last_used <= began && (!oldest || sp->last_used < oldest->last_used))
			oldest = sp;
	return oldest;
}

SH_PART bool lru_make_room(struct domain *d, u32 want)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *root;
	u64 began = s->clock;

	while (s->free < want && (root = pool_oldest_root(s)))
		sh_unpin(d, root);
	while (s->free < want && (root = lru_oldest_loaded(s, began))) {
		sh_unhook(d, root);
		root->last_used = ++s->clock;
	}
	return s->free >= want;
}

SH_PART void lru_root_used(struct domain *d, struct sh_page *root)
{
	root->last_used = ++d->shadow->clock;
}

static const struct sh_reclaim reclaim_lru = { .make_room = lru_make_room, .root_used = lru_root_used };

#endif
