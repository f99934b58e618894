/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: scan. Look through every leaf shadow of the domain, beginning with the one
 * in which the last scan found something: a guest that maps tables through temporary
 * mappings uses the same few entries for them.
 *
 * Must hold: when it returns, no writable mapping of the frame is left.
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

static const struct sh_wrmap wrmap_scan = { .revoke = scan_revoke };

#endif
