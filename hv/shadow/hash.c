/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of kept shadows, by guest frame and role. A shadow is in it exactly
 * once, from when it is made until it goes, if the recipe's sync part keeps shadows.
 */
#include "policy.h"

static inline struct sh_page **bucket(const struct sh_domain *s, u32 gfn, u32 role)
{
	return &s->hash[(gfn * 0x9e3779b1u + role * 0x85ebca6bu) >> 7 & s->hash_mask];
}

struct sh_page *sh_hash_find(const struct sh_domain *s, u32 gfn, u32 role)
{
	struct sh_page *sp = *bucket(s, gfn, role);

	while (sp && (sp->gfn != gfn || sp->role != role))
		sp = sp->hash_next;
	return sp;
}

void sh_hash_add(struct sh_domain *s, struct sh_page *sp)
{
	struct sh_page **b = bucket(s, sp->gfn, sp->role);

	sp->hash_next = *b;
	*b = sp;
}

void sh_hash_remove(struct sh_domain *s, struct sh_page *sp)
{
	struct sh_page **p = bucket(s, sp->gfn, sp->role);

	while (*p != sp)
		p = &(*p)->hash_next;
	*p = sp->hash_next;
	sp->hash_next = NULL;
}
