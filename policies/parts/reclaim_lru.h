/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: lru. When no page of the pool is free, kept roots go in the order in which they were
 * last loaded, each with whatever only it holds; then the roots in use are emptied, in turn: were
 * it always the same vCPU's, an instruction that needs two pages might never have both.
 */
#ifndef PART_RECLAIM_LRU_H
#define PART_RECLAIM_LRU_H

#include "policy.h"

enum { RECLAIM_LRU_FREES_PINNED = 1 };

struct lru_page {
	u64 last_used; /* of a root: the clock when it was last loaded */
};
struct lru_domain {
	u64 clock; /* root loads so far */
};
SH_KEEPS_PAGE(lru)
SH_KEEPS_DOMAIN(lru)

SH_PART bool lru_older(const struct sh_page *root, const struct sh_page *than)
{
	return !than || lru_page(root)->last_used < lru_page(than)->last_used;
}

/* The pinned root that was loaded longest ago and is not loaded now; NULL: none. */
SH_PART struct sh_page *lru_oldest_kept(const struct sh_domain *s)
{
	struct sh_page *oldest = NULL;

	pool_for_each(s, sp)
		if (sp->pinned && !sp->loaded && lru_older(sp, oldest))
			oldest = sp;
	return oldest;
}

/* The loaded root that was loaded or emptied longest ago, but not after `began`; NULL: none. */
SH_PART struct sh_page *lru_oldest_loaded(const struct sh_domain *s, u64 began)
{
	struct sh_page *oldest = NULL;

	pool_for_each(s, sp)
		if (sp->used && sp->loaded && lru_page(sp)->last_used <= began && lru_older(sp, oldest))
			oldest = sp;
	return oldest;
}

SH_PART bool lru_make_room(struct domain *d, u32 want)
{
	struct sh_domain *s = d->shadow;
	struct sh_page *root;
	struct lru_domain *lru = lru_domain(d);
	u64 began = lru->clock;

	while (s->free < want && (root = lru_oldest_kept(s)))
		sh_unpin(d, root);
	while (s->free < want && (root = lru_oldest_loaded(s, began))) {
		sh_unhook(d, root);
		lru_page(root)->last_used = ++lru->clock;
	}
	return s->free >= want;
}

SH_PART void lru_root_used(struct domain *d, struct sh_page *root)
{
	lru_page(root)->last_used = ++lru_domain(d)->clock;
}

static const struct sh_reclaim reclaim_lru = {
	.keeps_page = &lru_keeps_page,
	.keeps_domain = &lru_keeps_domain,
	.make_room = lru_make_room,
	.root_used = lru_root_used,
};

#endif
