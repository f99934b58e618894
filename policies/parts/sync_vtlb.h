/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync: vtlb. The shadow is a big TLB: filled at faults, dumped whole at every
 * root load, and the guest writes its tables freely meanwhile.
 *
 * Must hold: no shadow is shared, kept or found again: each has exactly one link and
 * stands for one range of addresses of one vCPU. A leaf entry is therefore a
 * translation that was walked for its own address since the last flush of it, as
 * in a TLB. For the same reason a link whose rights or target the guest has changed is never
 * amended: old leaves below new rights would be a translation that never was.
 */
#ifndef PART_SYNC_H
#define PART_SYNC_H

#include "policy.h"

enum {
	SYNC_PROTECTS_TABLES = 0,
	SYNC_KEEPS_ROOTS = 0,
	SYNC_UNSYNCS = 0,
	SYNC_UNSYNCS_LINKS = 0,
	SYNC_LINKS_IN_STEP = 0,
	SYNC_TAKES_SNAPSHOTS = 0,
};

SH_PART struct sh_page *vtlb_find(struct domain *d, u32 gfn, u32 role)
{
	return NULL;
}
SH_PART void vtlb_made(struct vcpu *v, struct sh_page *sp, gva_t va) {}
SH_PART void vtlb_gone(struct domain *d, struct sh_page *sp) {}

SH_PART void vtlb_root_left(struct vcpu *v, struct sh_page *root)
{
	COUNT(v->domain, dump);
	TRACE(v, dump, v->domain->counter[PN_CNT_shadow_used]);
}

SH_PART bool vtlb_may_write(const struct frame_info *f)
{
	return true;
}
/* No write needs to be asked about (vtlb_may_write), so this is not called. */
SH_PART enum verdict vtlb_table_write(struct vcpu *v, gfn_t gfn)
{
	return SH_RETRY;
}

SH_PART bool vtlb_keep_link(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want)
{
	return child->gfn == gfn && child->role == role && have == want;
}

SH_PART void vtlb_invlpg(struct vcpu *v, gva_t va)
{
	sh_drop_page(v, va);
	sh_flush_page(v, va);
}

SH_PART bool vtlb_in_sync(const struct sh_page *sp)
{
	return false;
}

static const struct sh_sync sync_part = {
	.find = vtlb_find,
	.find_root = vtlb_find,
	.made = vtlb_made,
	.gone = vtlb_gone,
	.root_left = vtlb_root_left,
	.may_write = vtlb_may_write,
	.table_write = vtlb_table_write,
	.keep_link = vtlb_keep_link,
	.invlpg = vtlb_invlpg,
	.in_sync = vtlb_in_sync,
};

#endif
