/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: mine. A page has become a guest page table, and the engine has to take write access to it away wherever it is mapped writable. This
 * part finds nothing: the next in the chain, scan, looks through every shadow of the domain.
 *
 * Must hold: write access is only taken from a shadow entry that maps the very frame (sh_revoke_at sees to that).
 */
#ifndef PART_WRMAP_MINE_H
#define PART_WRMAP_MINE_H

#include "policy.h"

/*
 * f->writable counts the writable mappings of machine frame mfn. The page is about to become a table of the role table->role, to translate va:
 * ROLE_LEVEL() is its level, 1 for one whose entries map pages, ROLE_GUEST_LEVELS() how many levels the guest has.
 */
SH_PART void mine_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	/* sh_revoke_at(v, address, mfn) */
}

static const struct sh_wrmap wrmap_mine = { .revoke = mine_revoke };

#endif
