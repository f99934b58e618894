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
	d->shadow->last_writer = sh_book_alloc(d, sizeof(u32));
	return d->shadow->last_writer;
}

SH_PART void last_writer_exit(struct domain *d)
{
	sh_book_free(d, d->shadow->last_writer, sizeof(u32));
}

SH_PART bool last_writer_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	if (!frame_of(d, mfn)->writable)
		d->shadow->last_writer[mfn.n] = last_writer_place(leaf, slot);
	return true;
}

SH_PART void last_writer_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct domain *d = v->domain;
	u32 place = d->shadow->last_writer[mfn.n];
	struct sh_page *leaf;

	v->bytes += 8;
	if (place && pool_owns(d->shadow, place / SH_MAX_ENTRIES)) {
		leaf = pool_page(place / SH_MAX_ENTRIES);
		if (leaf->used && ROLE_LEVEL(leaf->role) == 1 &&
		    sh_revoke_entry(d, leaf, place % SH_MAX_ENTRIES, mfn)) {
			COUNT(d, wrmap_last_hit);
			return;
		}
	}
	COUNT(d, wrmap_last_miss);
}

static const struct sh_wrmap wrmap_last_writer = {
	.revoke = last_writer_revoke,
	.init = last_writer_init,
	.exit = last_writer_exit,
	.mapped = last_writer_mapped,
};

#endif
