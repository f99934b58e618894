/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: rmap. A reverse map: for each frame the leaf shadow entries that map it
 * writable, so that nothing is ever searched for. After Virtual Iron's patch (seeds: "this
 * doubles the memory cost of shadow mode") and KVM's, whose map also keeps a single
 * mapping in the head itself. Both record every mapping; what is looked up here is
 * writable ones only, so only these are recorded.
 *
 * A head a frame names its latest mapping. A frame's further mappings are chained both ways, so that taking one off costs the same
 * wherever it is, through pages of links: a leaf shadow with an entry on a chain owns one, of the shadow pool, with a pair of links
 * for each of its entries; two, if it has more than a page of links has pairs.
 *
 * Must hold:
 *  - from each head a chain leads to every leaf entry that maps the frame writable, and to nothing else;
 *  - both links of an entry that is on no chain, or alone on one, are zero, so a page of links is all zeros again when its leaf is
 *    empty;
 *  - an entry that cannot be recorded for want of a page is not writable. Faults reserve pages.
 */
#ifndef PART_WRMAP_RMAP_H
#define PART_WRMAP_RMAP_H

#include "policy.h"

enum { WRMAP_RMAP_FINDS_ALL = 1 };

/* An entry's neighbours on its chain, by their places; 0: none. */
struct rmap_pair {
	u32 older, newer;
};
#define RMAP_PAIRS (PAGE_SIZE / sizeof(struct rmap_pair)) /* a page of links */

struct rmap_page {
	u32 links[SH_MAX_ENTRIES / RMAP_PAIRS]; /* of a leaf: its pages of links, by frame; 0: none yet */
};
struct rmap_domain {
	u32 *heads; /* a book, by mfn */
};
SH_KEEPS_PAGE(rmap)
SH_KEEPS_DOMAIN(rmap)

/* A place as in last_writer: the pool lies below 4 GiB. */
SH_PART u32 rmap_place(const struct sh_page *leaf, u32 slot)
{
	return leaf->mfn * SH_MAX_ENTRIES | slot;
}

/* NULL: its leaf has no page of links, so that the entry is on no chain with others. */
SH_PART struct rmap_pair *rmap_pair(u32 place)
{
	u32 slot = place % SH_MAX_ENTRIES, links = rmap_page(pool_page(place / SH_MAX_ENTRIES))->links[slot / RMAP_PAIRS];

	return links ? (struct rmap_pair *)pool_page(links)->table + slot % RMAP_PAIRS : NULL;
}

SH_PART void rmap_grown(struct domain *d, s64 pages)
{
	u64 now = d->counter[PN_CNT_rmap_pages] += (u64)pages;

	if (now > d->counter[PN_CNT_rmap_pages_peak])
		d->counter[PN_CNT_rmap_pages_peak] = now;
}

SH_PART bool rmap_init(struct domain *d)
{
	rmap_domain(d)->heads = sh_book_alloc(d, sizeof(u32));
	if (!rmap_domain(d)->heads)
		return false;
	rmap_grown(d, (s64)sh_book_pages(d, sizeof(u32)));
	return true;
}

SH_PART void rmap_exit(struct domain *d)
{
	sh_book_free(d, rmap_domain(d)->heads, sizeof(u32));
}

/* Its pair, for which its leaf gets a page of links if need be; NULL: there is no page left. */
SH_PART struct rmap_pair *rmap_make_pair(struct domain *d, u32 place)
{
	struct sh_page *leaf = pool_page(place / SH_MAX_ENTRIES);
	u32 *links = &rmap_page(leaf)->links[place % SH_MAX_ENTRIES / RMAP_PAIRS];

	if (!*links) {
		const struct sh_page *page = sh_take_page(d, leaf);

		if (!page)
			return NULL;
		*links = page->mfn;
		rmap_grown(d, 1);
	}
	return rmap_pair(place);
}

/* The frame is mapped elsewhere already: the new entry goes before. */
static __attribute__((noinline, unused)) bool rmap_chain(struct domain *d, u32 *head, u32 place)
{
	struct rmap_pair *older = rmap_make_pair(d, *head), *own = older ? rmap_make_pair(d, place) : NULL;

	if (!own)
		return false;
	older->newer = place;
	own->older = *head;
	*head = place;
	return true;
}

SH_PART bool rmap_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	u32 *head = &rmap_domain(d)->heads[mfn.n];

	if (unlikely(*head))
		return rmap_chain(d, head, rmap_place(leaf, slot));
	*head = rmap_place(leaf, slot);
	return true;
}

static __attribute__((noinline, unused)) void rmap_unchain(u32 *head, u32 place)
{
	struct rmap_pair *own = rmap_pair(place);

	if (own->newer)
		rmap_pair(own->newer)->older = own->older;
	else
		*head = own->older;
	if (own->older)
		rmap_pair(own->older)->newer = own->newer;
	*own = (struct rmap_pair){ 0 };
}

SH_PART void rmap_unmapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	u32 *head = &rmap_domain(d)->heads[mfn.n], place = rmap_place(leaf, slot);

	if (likely(*head == place && !rmap_page(leaf)->links[slot / RMAP_PAIRS]))
		*head = 0;
	else
		rmap_unchain(head, place);
}

SH_PART void rmap_gone(struct domain *d, struct sh_page *leaf)
{
	for (u32 i = 0; i < ARRAY_SIZE(rmap_page(leaf)->links); i++) {
		u32 *links = &rmap_page(leaf)->links[i];

		if (!*links)
			continue;
		sh_give_page(d, pool_page(*links));
		*links = 0;
		rmap_grown(d, -1);
	}
}

SH_PART void rmap_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct domain *d = v->domain;
	u32 place;

	while ((place = rmap_domain(d)->heads[mfn.n])) {
		v->bytes += 8;
		COUNT(d, wrmap_rmap_hit);
		BUG_ON(!sh_revoke_entry(d, pool_page(place / SH_MAX_ENTRIES), place % SH_MAX_ENTRIES, mfn));
	}
}

SH_PART u32 rmap_listed(const struct domain *d, mfn_t mfn, u32 place)
{
	const struct rmap_pair *pair = place ? rmap_pair(place) : NULL;

	return place ? pair ? pair->older : 0 : rmap_domain(d)->heads[mfn.n];
}

static const struct sh_wrmap wrmap_rmap = {
	.keeps_page = &rmap_keeps_page,
	.keeps_domain = &rmap_keeps_domain,
	.revoke = rmap_revoke,
	.init = rmap_init,
	.exit = rmap_exit,
	.mapped = rmap_mapped,
	.unmapped = rmap_unmapped,
	.gone = rmap_gone,
	.listed = rmap_listed,
	.pages = 2, /* for the entry and for the one before it on the chain */
};

#endif
