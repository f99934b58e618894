/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: last_writer. A page that becomes a page table has, typically, exactly one
 * writable mapping, the one that took its count from zero to one: remember for each
 * frame where that was (the shadow2 slides' future optimisation 1).
 *
 * Must hold: what is remembered is a hint. The entry may have gone, or its shadow be another
 * by now; it is believed only when a leaf shadow in use maps the very frame there.
 */
#ifndef PART_WRMAP_LAST_WRITER_H
#define PART_WRMAP_LAST_WRITER_H

#include "policy.h"

enum { WRMAP_LAST_WRITER_FINDS_ALL = 0 };

struct last_writer_domain {
	u32 *places; /* a book, by mfn */
};
SH_KEEPS_DOMAIN(last_writer)

/*
 * A shadow page and a slot in 32 bits. The pool lies below 4 GiB, because 2-level hardware
 * tables reach no further.
 */
SH_PART u32 last_writer_place(const struct sh_page *leaf, u32 slot)
{
	return leaf->mfn * SH_MAX_ENTRIES | slot;
}

SH_PART bool last_writer_init(struct domain *d)
{
	last_writer_domain(d)->places = sh_book_alloc(d, sizeof(u32));
	return last_writer_domain(d)->places;
}

SH_PART void last_writer_exit(struct domain *d)
{
	sh_book_free(d, last_writer_domain(d)->places, sizeof(u32));
}

SH_PART bool last_writer_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	if (!frame_of(d, mfn)->writable)
		last_writer_domain(d)->places[mfn.n] = last_writer_place(leaf, slot);
	return true;
}

/* The leaf shadow in use that is remembered for the frame; NULL: none. */
SH_PART struct sh_page *last_writer_leaf(const struct domain *d, mfn_t mfn, u32 *slot)
{
	const u32 place = last_writer_domain(d)->places[mfn.n];
	struct sh_page *leaf;

	*slot = place % SH_MAX_ENTRIES;
	if (!place || !pool_owns(d->shadow, place / SH_MAX_ENTRIES))
		return NULL;
	leaf = pool_page(place / SH_MAX_ENTRIES);
	return leaf->used && ROLE_LEVEL(leaf->role) == 1 ? leaf : NULL;
}

SH_PART void last_writer_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	u32 slot;
	struct sh_page *leaf = last_writer_leaf(v->domain, mfn, &slot);

	v->bytes += 8;
	if (leaf && sh_revoke_entry(v->domain, leaf, slot, mfn))
		COUNT(v->domain, wrmap_last_hit);
	else
		COUNT(v->domain, wrmap_last_miss);
}

SH_PART void last_writer_restore(struct domain *d, mfn_t mfn)
{
	u32 slot;
	struct sh_page *leaf = last_writer_leaf(d, mfn, &slot);

	if (leaf)
		sh_grant_entry(d, leaf, slot, mfn);
}

static const struct sh_wrmap wrmap_last_writer = {
	.keeps_domain = &last_writer_keeps_domain,
	.revoke = last_writer_revoke,
	.restore = last_writer_restore,
	.init = last_writer_init,
	.exit = last_writer_exit,
	.mapped = last_writer_mapped,
};

#endif
