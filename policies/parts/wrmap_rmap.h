/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: rmap. A reverse map: for each frame the leaf shadow entries that map it
 * writable, so that nothing is ever searched for. After Virtual Iron's patch (seeds: "this
 * doubles the memory cost of shadow mode") and KVM's, whose map also keeps a single
 * mapping in the head itself. Both record every mapping; what is looked up here is
 * writable ones only, so only these are recorded.
 *
 * A head a frame names its latest mapping. A frame's further mappings are chained through pages
 * of links: a leaf shadow whose entry has a successor owns one, of the shadow pool, with a
 * link for each of its entries.
 *
 * Must hold:
 *  - from each head a chain leads to every leaf entry that maps the frame writable, and to nothing else;
 *  - a link is zero unless its entry is on a chain and not the last one, so a page of links is
 *    all zeros again when its leaf is empty;
 *  - an entry that cannot be recorded for want of a page is not writable. Faults reserve pages.
 */
#ifndef PART_WRMAP_RMAP_H
#define PART_WRMAP_RMAP_H

#include "policy.h"

enum { WRMAP_RMAP_FINDS_ALL = 1 };

struct rmap_page {
	struct sh_page *links; /* of a leaf: its page of links, or NULL */
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

SH_PART u32 *rmap_link(u32 place)
{
	const struct sh_page *links = rmap_page(pool_page(place / SH_MAX_ENTRIES))->links;

	return links ? (u32 *)links->table + place % SH_MAX_ENTRIES : NULL;
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

/* The frame is mapped elsewhere already: the new entry goes before. */
static __attribute__((noinline, unused)) bool rmap_chain(struct domain *d, u32 *head, struct sh_page *leaf, u32 slot)
{
	struct rmap_page *own = rmap_page(leaf);

	if (!own->links) {
		own->links = sh_take_page(d, leaf);
		if (!own->links)
			return false;
		rmap_grown(d, 1);
	}
	((u32 *)own->links->table)[slot] = *head;
	*head = rmap_place(leaf, slot);
	return true;
}

SH_PART bool rmap_mapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	u32 *head = &rmap_domain(d)->heads[mfn.n];

	if (unlikely(*head))
		return rmap_chain(d, head, leaf, slot);
	*head = rmap_place(leaf, slot);
	return true;
}

static __attribute__((noinline, unused)) void rmap_unchain(u32 *at, u32 place)
{
	u32 *link = rmap_link(place);

	while (*at != place)
		at = rmap_link(*at);
	*at = link ? *link : 0;
	if (link)
		*link = 0;
}

SH_PART void rmap_unmapped(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot)
{
	u32 *head = &rmap_domain(d)->heads[mfn.n], place = rmap_place(leaf, slot);

	if (likely(*head == place && !rmap_page(leaf)->links))
		*head = 0;
	else
		rmap_unchain(head, place);
}

SH_PART void rmap_gone(struct domain *d, struct sh_page *leaf)
{
	struct rmap_page *own = rmap_page(leaf);

	if (!own->links)
		return;
	sh_give_page(d, own->links);
	own->links = NULL;
	rmap_grown(d, -1);
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
	const u32 *link = place ? rmap_link(place) : &rmap_domain(d)->heads[mfn.n];

	return link ? *link : 0;
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
	.pages = 1,
};

#endif
