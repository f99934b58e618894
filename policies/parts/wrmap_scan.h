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

SH_PART void scan_one(struct vcpu *v, struct sh_page *leaf, struct frame_info *f, mfn_t mfn)
{
	if (!leaf->used || ROLE_LEVEL(leaf->role) != 1)
		return;
	v->bytes += PAGE_SIZE;
	if (sh_revoke_in(v->domain, leaf, f, mfn))
		v->domain->shadow->wrmap_last = leaf;
}

SH_PART void scan_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	struct sh_domain *s = v->domain->shadow;

	COUNT(v->domain, wrmap_scan);
	if (s->wrmap_last)
		scan_one(v, s->wrmap_last, f, mfn);
	pool_for_each(s, leaf) {
		if (!f->writable)
			return;
		scan_one(v, leaf, f, mfn);
	}
}

/* Where the last piece for this frame ended; another frame begins anew. */
SH_PART struct sh_page *scan_place(struct sh_domain *s, mfn_t mfn)
{
	if (s->search.mfn == mfn.n)
		return pool_go_on(s, s->search.at);
	s->search.pages = 0;
	s->search.mfn = mfn.n;
	return pool_block_first(s->blocks);
}

SH_PART bool scan_search(struct vcpu *v, struct frame_info *f, mfn_t mfn, u32 pages)
{
	struct sh_domain *s = v->domain->shadow;
	struct sh_page *leaf = scan_place(s, mfn);

	for (; f->writable && pages; pages--) {
		scan_one(v, leaf, f, mfn);
		leaf = pool_next_round(s, leaf);
		s->search.pages++;
	}
	s->search.at = leaf->mfn;
	if (f->writable && s->search.pages < 2ull * s->pages)
		return false;
	s->search.mfn = 0;
	return true;
}

static const struct sh_wrmap wrmap_scan = { .revoke = scan_revoke, .search = scan_search };

#endif
