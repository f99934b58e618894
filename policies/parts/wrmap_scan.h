/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: scan. Look through every leaf shadow of the domain, beginning with the one
 * in which the last scan found something: a guest that maps tables through temporary
 * mappings uses the same few entries for them.
 *
 * Must hold: when it returns, no writable mapping of the frame is left.
 *
 * In a large pool the search is done before, in pieces, a piece a fault: the guest tries again between them, and may map the frame
 * again; so the last look is always revoke's.
 */
#ifndef PART_WRMAP_SCAN_H
#define PART_WRMAP_SCAN_H

#include "policy.h"

enum { WRMAP_SCAN_FINDS_ALL = 1 };

struct scan_domain {
	struct sh_page *last; /* the page in which the last scan hit; NULL: it is gone */
	/*
	 * Each vCPU's search in pieces, so that two do not have each other begin anew for ever: the machine frame, pages so far, the page to go
	 * on with (by frame; not always the pool's any more).
	 */
	struct scan_search {
		u64 mfn, pages;
		u32 at;
	} search[MAX_VCPUS];
};
SH_KEEPS_DOMAIN(scan)

SH_PART void scan_one(struct vcpu *v, struct sh_page *leaf, struct frame_info *f, mfn_t mfn)
{
	if (!leaf->used || ROLE_LEVEL(leaf->role) != 1)
		return;
	v->bytes += PAGE_SIZE;
	if (sh_revoke_in(v->domain, leaf, f, mfn))
		scan_domain(v->domain)->last = leaf;
}

SH_PART void scan_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	const struct sh_domain *s = v->domain->shadow;
	struct sh_page *last = scan_domain(v->domain)->last;

	COUNT(v->domain, wrmap_scan);
	if (last)
		scan_one(v, last, f, mfn);
	pool_for_each(s, leaf) {
		if (!f->writable)
			return;
		scan_one(v, leaf, f, mfn);
	}
}

/* Where the last piece for this frame ended; another frame begins anew. */
SH_PART struct sh_page *scan_place(const struct sh_domain *s, struct scan_search *search, mfn_t mfn)
{
	if (search->mfn == mfn.n)
		return pool_go_on(s, search->at);
	search->pages = 0;
	search->mfn = mfn.n;
	return pool_block_first(s->blocks);
}

SH_PART bool scan_search(struct vcpu *v, struct frame_info *f, mfn_t mfn, u32 pages)
{
	const struct sh_domain *s = v->domain->shadow;
	struct scan_search *search = &scan_domain(v->domain)->search[v->id];
	struct sh_page *leaf = scan_place(s, search, mfn);

	for (; f->writable && pages; pages--) {
		scan_one(v, leaf, f, mfn);
		leaf = pool_next_round(s, leaf);
		search->pages++;
	}
	search->at = leaf->mfn;
	if (f->writable && search->pages < 2ull * s->pages)
		return false;
	search->mfn = 0;
	return true;
}

SH_PART void scan_gone(struct domain *d, struct sh_page *sp)
{
	if (scan_domain(d)->last == sp)
		scan_domain(d)->last = NULL;
}

static const struct sh_wrmap wrmap_scan = {
	.keeps_domain = &scan_keeps_domain,
	.revoke = scan_revoke,
	.search = scan_search,
	.gone = scan_gone,
};

#endif
