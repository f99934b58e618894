/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sync parts have in common that keep shadows: they are found again by frame and role, stand for their
 * frames in the engine's books, and roots are pinned, so that a guest which loads a root again finds it as it left it.
 *
 * Must hold: a shadow is in the hash, and listed at its guest frame if a table stands behind it, from its
 * first moment to its last; a frame with shadows is mapped writable nowhere unless all of them are out of sync.
 */
#ifndef PART_KEPT_SHADOWS_H
#define PART_KEPT_SHADOWS_H

#include "policy.h"

SH_PART struct sh_page *kept_find(struct domain *d, u32 gfn, u32 role)
{
	return sh_hash_find(d->shadow, gfn, role);
}

SH_PART void kept_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	sh_hash_add(v->domain->shadow, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_promote(v, sp, va);
}

SH_PART void kept_root_made(struct domain *d, struct sh_page *root)
{
	sh_pin(root);
}

/* A link in step leads to the right child. Its rights can only have grown: a superpage's dirty bit was set just now. */
SH_PART bool kept_keep_link(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want)
{
	return true;
}

/* ---- where tables go out of sync ---- */

SH_PART void kept_unsync_gone(struct domain *d, struct sh_page *sp)
{
	sh_hash_remove(d->shadow, sp);
	sh_unsync_gone(d, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_demote(d, sp);
}

SH_PART bool kept_unsync_may_write(const struct frame_info *f)
{
	return !f->shadows || f->shadows->unsync;
}

/* Here, so that the compiler sees that there is one. */
SH_PART void kept_unsync_flush(struct vcpu *v)
{
	sh_resync_all(v);
}

SH_PART void kept_unsync_give_back(struct domain *d)
{
	sh_resync_all(d->acting);
	sh_snapshots_give_back(d);
}

SH_PART bool kept_unsync_in_sync(const struct sh_page *sp)
{
	return !sp->unsync;
}

#endif
