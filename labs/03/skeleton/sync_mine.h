/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: mine. The naive shadow, whose roots are kept: a root that is loaded again is found again, and emptied. Whatever the guest has done to
 * its tables meanwhile, nothing old is left, so this is right. It is slow.
 *
 * Must hold: a shadow below a root has exactly one link and is never found again, so that a leaf entry is a translation which was walked for
 * its own address since the last flush of it, as in a TLB.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "policy.h"

enum {
	SYNC_PROTECTS_TABLES = 0, /* the guest writes its tables, and nobody sees it */
	SYNC_KEEPS_ROOTS = 0,     /* 0: each CR3 load asks for its root, be it the one that is loaded already */
	SYNC_UNSYNCS = 0,
	SYNC_UNSYNCS_LINKS = 0,
	SYNC_LINKS_IN_STEP = 0,
	SYNC_TAKES_SNAPSHOTS = 0,
};

SH_PART struct sh_page *mine_find(struct domain *d, u32 gfn, u32 role)
{
	return NULL;
}

SH_PART struct sh_page *mine_find_root(struct domain *d, u32 gfn, u32 role)
{
	struct sh_page *root = sh_hash_find(d->shadow, gfn, role);

	if (root)
		sh_unhook(d, root);
	return root;
}

SH_PART void mine_made(struct vcpu *v, struct sh_page *sp, gva_t va) {}

SH_PART void mine_root_made(struct domain *d, struct sh_page *root)
{
	if (root->role & ROLE_PDPTES) /* of a PAE guest: it stands for four values, not for a table, and goes when it is left */
		return;
	sh_hash_add(d->shadow, root);
	sh_pin(root);
}

SH_PART void mine_gone(struct domain *d, struct sh_page *sp)
{
	if (sh_hash_find(d->shadow, sp->gfn, sp->role) == sp)
		sh_hash_remove(d->shadow, sp);
}

SH_PART bool mine_may_write(const struct frame_info *f)
{
	return true;
}

/* Is asked only where mine_may_write says no. */
SH_PART enum verdict mine_table_write(struct vcpu *v, gfn_t gfn)
{
	return SH_EMULATE;
}

/* A link whose rights or target the guest has changed is never amended: old leaves below new rights would be a translation that never was. */
SH_PART bool mine_keep_link(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want)
{
	return child->gfn == gfn && child->role == role && have == want;
}

SH_PART void mine_invlpg(struct vcpu *v, gva_t va)
{
	sh_drop_page(v, va);
	sh_flush_page(v, va);
}

SH_PART bool mine_in_sync(const struct sh_page *sp)
{
	return false;
}

static const struct sh_sync sync_part = {
	.find = mine_find,
	.find_root = mine_find_root,
	.made = mine_made,
	.gone = mine_gone,
	.root_made = mine_root_made,
	.may_write = mine_may_write,
	.table_write = mine_table_write,
	.keep_link = mine_keep_link,
	.invlpg = mine_invlpg,
	.in_sync = mine_in_sync,
};

#endif
