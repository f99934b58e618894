/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of kept shadows, by guest frame and role. A shadow is in it exactly
 * once, from when it is made until it goes, if the recipe's sync part keeps shadows.
 */
#include "policy.h"

void sh_hash_add(struct sh_domain *s, struct sh_page *sp)
{
	struct sh_page **b = sh_bucket(s, sp->gfn, sp->role);

	sp->hash_next = *b;
	*b = sp;
}

void sh_hash_remove(struct sh_domain *s, struct sh_page *sp)
{
	struct sh_page **p = sh_bucket(s, sp->gfn, sp->role);

	while (*p != sp)
		p = &(*p)->hash_next;
	*p = sp->hash_next;
	sp->hash_next = NULL;
}

void sh_hash_fit(struct sh_domain *s)
{
	u32 old_mask = s->hash_mask, mask;
	struct sh_page **old = s->hash, **hash;

	if (s->pages <= old_mask + 1u)
		return;
	hash = pool_hash_alloc(s->pages, &mask);
	if (!hash)
		return;
	s->hash = hash;
	s->hash_mask = mask;
	for (u32 i = 0; i <= old_mask; i++)
		for (struct sh_page *sp = old[i], *next; sp; sp = next) {
			next = sp->hash_next;
			sh_hash_add(s, sp);
		}
	pool_hash_free(old, old_mask);
}
