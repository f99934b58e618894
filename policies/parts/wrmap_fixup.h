/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: fixup. A table out of sync remembers the two shadow entries that map it
 * writable, so that a resync need not look for them (Xen 3.3). It was mapped writable nowhere when it went, so these
 * are all that there are: a third one costs the first its write access.
 *
 * Must hold: every entry that maps a table out of sync writable is remembered by it, as long as
 * the table has a row to remember in.
 */
#ifndef PART_WRMAP_FIXUP_H
#define PART_WRMAP_FIXUP_H

#include "policy.h"

enum { WRMAP_FIXUP_FINDS_ALL = 0 };

/* Where a table out of sync remembers. */
SH_PART struct sh_fixup *fixup_row(const struct domain *d, const struct sh_page *table)
{
	return table->fixups ? d->shadow->fixup[table->fixups - 1] : NULL;
}

static __attribute__((noinline, unused)) void fixup_add(struct domain *d, struct sh_fixup *row, mfn_t mfn, struct sh_page *leaf,
							u32 slot)
{
	struct sh_fixup *room = NULL;

	for (u32 i = 0; i < SH_FIXUPS; i++) {
		if (row[i].leaf == leaf && row[i].slot == slot)
			return;
		if (!room && (!row[i].leaf || !sh_maps_writable(row[i].leaf, row[i].slot, mfn)))
			room = &row[i];
	}
	if (!room) {
		COUNT(d, wrmap_fixup_evict);
		sh_revoke_entry(d, row[0].leaf, row[0].slot, mfn);
		sh_flush(d);
		row[0] = row[1];
		room = &row[1];
	}
	*room = (struct sh_fixup){ leaf, slot };
}

SH_PART bool fixup_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	const struct sh_page *table = frame_of(d, mfn)->shadows;

	if (unlikely(table && table->fixups))
		fixup_add(d, fixup_row(d, table), mfn, leaf, slot);
	return true;
}

SH_PART void fixup_gone(struct domain *d, struct sh_page *leaf)
{
	struct sh_domain *s = d->shadow;

	if (ROLE_LEVEL(leaf->role) != 1)
		return;
	for (u32 row = 0, left = s->fixups_used; left; row++, left >>= 1)
		for (u32 i = 0; left & 1 && i < SH_FIXUPS; i++)
			if (s->fixup[row][i].leaf == leaf)
				s->fixup[row][i].leaf = NULL;
}

SH_PART void fixup_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct sh_fixup *row = fixup_row(v->domain, table);

	for (u32 i = 0; row && i < SH_FIXUPS && f->writable; i++) {
		if (!row[i].leaf)
			continue;
		v->bytes += 8;
		if (sh_revoke_entry(v->domain, row[i].leaf, row[i].slot, mfn))
			COUNT(v->domain, wrmap_fixup_hit);
		else
			COUNT(v->domain, wrmap_fixup_miss);
	}
}

SH_PART bool fixup_knows(const struct domain *d, mfn_t mfn, const struct sh_page *leaf, u32 slot)
{
	const struct sh_page *table = frame_of(d, mfn)->shadows;
	const struct sh_fixup *row = table ? fixup_row(d, table) : NULL;

	for (u32 i = 0; row && i < SH_FIXUPS; i++)
		if (row[i].leaf == leaf && row[i].slot == slot)
			return true;
	return !row;
}

static const struct sh_wrmap wrmap_fixup = {
	.revoke = fixup_revoke,
	.mapped = fixup_mapped,
	.gone = fixup_gone,
	.knows = fixup_knows,
	.fixups = true,
};

#endif
