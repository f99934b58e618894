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

enum { WRMAP_FIXUP_FINDS_ALL = 0, FIXUPS = 2 /* a table */, FIXUP_ROWS = 32 /* tables that can have them */ };

/* A leaf entry that maps a table out of sync writable. */
struct fixup {
	struct sh_page *leaf; /* NULL: none */
	u32 slot;
};

struct fixup_page {
	u8 row; /* the first shadow's of a frame out of sync: 1 + its number; 0: none */
};
struct fixup_domain {
	u32 used; /* a bit for each row */
	struct fixup row[FIXUP_ROWS][FIXUPS];
};
SH_KEEPS_PAGE(fixup)
SH_KEEPS_DOMAIN(fixup)

/* Where a table out of sync remembers. */
SH_PART struct fixup *fixup_row(const struct domain *d, const struct sh_page *table)
{
	const u8 row = fixup_page(table)->row;

	return row ? *(fixup_domain(d)->row + row - 1) : NULL;
}

/* A row to remember in, if there is one left. */
SH_PART void fixup_unsynced(struct domain *d, struct sh_page *first)
{
	struct fixup_domain *all = fixup_domain(d);
	const u32 row = (u32)__builtin_ctz(~all->used);

	if (all->used == ~0u)
		return;
	all->used |= 1u << row;
	for (u32 i = 0; i < FIXUPS; i++)
		all->row[row][i].leaf = NULL;
	fixup_page(first)->row = (u8)(row + 1);
}

SH_PART void fixup_synced(struct domain *d, struct sh_page *first, struct sh_page *next)
{
	const u8 row = fixup_page(first)->row;

	if (next)
		fixup_page(next)->row = row;
	else if (row)
		fixup_domain(d)->used &= ~(1u << (row - 1));
	fixup_page(first)->row = 0;
}

static __attribute__((noinline, unused)) void fixup_add(struct domain *d, struct fixup *row, mfn_t mfn, struct sh_page *leaf,
							u32 slot)
{
	struct fixup *room = NULL;

	for (u32 i = 0; i < FIXUPS; i++) {
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
	*room = (struct fixup){ leaf, slot };
}

SH_PART bool fixup_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	const struct sh_page *table = frame_of(d, mfn)->shadows;

	if (unlikely(table && fixup_page(table)->row))
		fixup_add(d, fixup_row(d, table), mfn, leaf, slot);
	return true;
}

SH_PART void fixup_gone(struct domain *d, struct sh_page *leaf)
{
	struct fixup_domain *all = fixup_domain(d);

	if (ROLE_LEVEL(leaf->role) != 1)
		return;
	for (u32 row = 0, left = all->used; left; row++, left >>= 1)
		for (u32 i = 0; left & 1 && i < FIXUPS; i++)
			if (all->row[row][i].leaf == leaf)
				all->row[row][i].leaf = NULL;
}

SH_PART void fixup_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct fixup *row = fixup_row(v->domain, table);

	if (!row)
		return;
	for (u32 i = 0; i < FIXUPS && f->writable; i++) {
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
	const struct fixup *row = table ? fixup_row(d, table) : NULL;

	for (u32 i = 0; row && i < FIXUPS; i++)
		if (row[i].leaf == leaf && row[i].slot == slot)
			return true;
	return !row;
}

static const struct sh_wrmap wrmap_fixup = {
	.keeps_page = &fixup_keeps_page,
	.keeps_domain = &fixup_keeps_domain,
	.revoke = fixup_revoke,
	.mapped = fixup_mapped,
	.gone = fixup_gone,
	.unsynced = fixup_unsynced,
	.synced = fixup_synced,
	.knows = fixup_knows,
};

#endif
