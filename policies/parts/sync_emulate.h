/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: emulate. Every write to a guest table is trapped and emulated, and reaches
 * all shadows of the table at once (Xen 3.0.3, "shadow2").
 *
 * Must hold: a shadow is listed at its guest frame and in the hash from its first
 * moment to its last; a frame with shadows is mapped writable nowhere; so every
 * shadow agrees with its table, or gives less, whenever the guest runs.
 *
 * Roots are pinned: a guest that loads a root again finds it as it left it.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "policy.h"

enum { SYNC_PROTECTS_TABLES = 1, SYNC_KEEPS_ROOTS = 1, SYNC_UNSYNCS = 0, SYNC_TAKES_SNAPSHOTS = 0 };

SH_PART struct sh_page *emulate_find(struct domain *d, u32 gfn, u32 role)
{
	return sh_hash_find(d->shadow, gfn, role);
}

SH_PART void emulate_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	sh_hash_add(v->domain->shadow, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_promote(v, sp, va);
}

SH_PART void emulate_gone(struct domain *d, struct sh_page *sp)
{
	sh_hash_remove(d->shadow, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_demote(d, sp);
}

SH_PART void emulate_root_made(struct domain *d, struct sh_page *root)
{
	sh_pin(root);
}
SH_PART void emulate_root_left(struct vcpu *v, struct sh_page *root) {}
SH_PART bool emulate_may_write(const struct frame_info *f)
{
	return !f->shadows;
}
SH_PART enum verdict emulate_table_write(struct vcpu *v, gfn_t gfn)
{
	return SH_EMULATE;
}

/* A link in sync leads to the right child. Its rights can only have grown: a superpage's dirty bit was set just now. */
SH_PART bool emulate_keep_link(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want)
{
	return true;
}

/* The shadow followed the guest's write already; only hardware may remember. */
SH_PART void emulate_invlpg(struct vcpu *v, gva_t va)
{
	sh_flush_page(v, va);
}

SH_PART bool emulate_in_sync(const struct sh_page *sp)
{
	return true;
}

static const struct sh_sync sync_part = {
	.find = emulate_find,
	.made = emulate_made,
	.gone = emulate_gone,
	.root_made = emulate_root_made,
	.root_left = emulate_root_left,
	.may_write = emulate_may_write,
	.table_write = emulate_table_write,
	.keep_link = emulate_keep_link,
	.links_in_step = true,
	.invlpg = emulate_invlpg,
	.in_sync = emulate_in_sync,
};

#endif
