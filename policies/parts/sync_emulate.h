/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: emulate. Every write to a guest table is trapped and emulated, and reaches
 * all shadows of the table at once (Xen 3.0.3, "shadow2").
 *
 * Must hold, in addition to what kept_shadows.h says: a frame with shadows is mapped writable nowhere; so every
 * shadow agrees with its table, or gives less, whenever the guest runs.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "kept_shadows.h"

enum {
	SYNC_PROTECTS_TABLES = 1,
	SYNC_KEEPS_ROOTS = 1,
	SYNC_UNSYNCS = 0,
	SYNC_UNSYNCS_LINKS = 0,
	SYNC_LINKS_IN_STEP = 1,
	SYNC_TAKES_SNAPSHOTS = 0,
};

SH_PART void emulate_gone(struct domain *d, struct sh_page *sp)
{
	sh_hash_remove(d->shadow, sp);
	if (!(sp->role & ROLE_DIRECT))
		sh_demote(d, sp);
}

SH_PART bool emulate_may_write(const struct frame_info *f)
{
	return !f->shadows;
}
SH_PART enum verdict emulate_table_write(struct vcpu *v, gfn_t gfn)
{
	return SH_EMULATE;
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
	.find = kept_find,
	.find_root = kept_find,
	.made = kept_made,
	.gone = emulate_gone,
	.root_made = kept_root_made,
	.may_write = emulate_may_write,
	.table_write = emulate_table_write,
	.keep_link = kept_keep_link,
	.invlpg = emulate_invlpg,
	.in_sync = emulate_in_sync,
};

#endif
