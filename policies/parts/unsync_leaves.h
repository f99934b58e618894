/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sync parts have in common that let level-1 tables go out of sync: at a write
 * to a table whose every shadow is one of level 1, the guest is given the page to write
 * to; writes to all other tables are emulated. Its entries are pulled through one by
 * one when an access faults, INVLPG follows the one entry that it names, and whatever flushes the whole
 * TLB brings all tables back.
 *
 * Must hold, in addition to what kept_shadows.h says, and sync_emulate.h of tables in sync:
 *  - an entry of a shadow out of sync was derived from the guest's since the last flush that covered it, as in a TLB;
 *  - links are in step always, and whatever can be reached by a new link, or by one whose rights changed, is in sync
 *    at that moment: an old entry never shows at an address, or with rights, that it had not when it was good.
 *
 * The including part says what may be out of sync at once (UNSYNC_TABLES a vCPU, 0: no limit; the oldest
 * comes back when there are more), whether snapshots are kept (SYNC_TAKES_SNAPSHOTS), and when a table goes: its
 * hook table_write.
 */
#ifndef PART_UNSYNC_LEAVES_H
#define PART_UNSYNC_LEAVES_H

#include "kept_shadows.h"

enum { SYNC_PROTECTS_TABLES = 1, SYNC_KEEPS_ROOTS = 1, SYNC_UNSYNCS = 1, SYNC_UNSYNCS_LINKS = 0, SYNC_LINKS_IN_STEP = 1 };

SH_PART struct sh_page *unsync_find(struct domain *d, u32 gfn, u32 role)
{
	struct sh_page *sp = sh_hash_find(d->shadow, gfn, role);

	if (!sp || likely(!d->unsync) || (sp->role & (ROLE_DIRECT | ROLE_PDPTES)) == ROLE_DIRECT)
		return sp;
	if (ROLE_LEVEL(sp->role) > 1) /* and what is below it */
		sh_resync_all(d->acting);
	else if (sp->unsync)
		sh_resync(d->acting, sp);
	return sp;
}

SH_PART void unsync_made(struct vcpu *v, struct sh_page *sp, gva_t va)
{
	const struct frame_info *f = sp->role & ROLE_DIRECT ? NULL : sh_frame(v->domain, GFN(sp->gfn));

	if (f && f->shadows && f->shadows->unsync)
		sh_resync(v, f->shadows);
	kept_made(v, sp, va);
}

/* A snapshot serves one way to read the table: quadrants of the same role, but no second role. */
SH_PART bool unsync_may_go(const struct frame_info *f)
{
	const u32 role = f->shadows->role & ~ROLE_PLACE;

	for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		if (ROLE_LEVEL(sp->role) != 1 || (SYNC_TAKES_SNAPSHOTS && (sp->role & ~ROLE_PLACE) != role))
			return false;
	return true;
}

/* Are as many tables out of sync as may be at once? */
SH_PART bool unsync_full(const struct domain *d)
{
	return UNSYNC_TABLES && d->shadow->unsync_frames >= UNSYNC_TABLES * d->nr_vcpus;
}

SH_PART enum verdict unsync_go(struct vcpu *v, struct frame_info *f)
{
	struct sh_domain *s = v->domain->shadow;

	if (unsync_full(v->domain))
		sh_resync(v, s->unsync_first);
	return sh_unsync(v, f, SYNC_TAKES_SNAPSHOTS, false) ? SH_FIXED : SH_EMULATE;
}

/* As soon as it may. */
SH_PART enum verdict unsync_table_write(struct vcpu *v, gfn_t gfn)
{
	struct frame_info *f = sh_frame(v->domain, gfn);

	return unsync_may_go(f) ? unsync_go(v, f) : SH_EMULATE;
}

SH_PART void unsync_invlpg(struct vcpu *v, gva_t va)
{
	if (unlikely(v->domain->unsync))
		sh_resync_page(v, va);
	else
		sh_flush_page(v, va);
}

#endif
