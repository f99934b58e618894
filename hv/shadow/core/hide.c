/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a level-1 table is hidden and when it is shown. hide.h says what must hold meanwhile.
 *
 * Hiding costs a search for the table's mappings and a pass over its entries, showing another pass. A table
 * whose hiding spared little before the guest looked again is hidden later the next time.
 */
#include "hide.h"

enum {
	HIDE_SOON = 2,   /* faults for bits of a shown table until it is hidden again */
	HIDE_LATE = 128, /* the most, doubling each time that it did not pay */
	HIDE_PAID = 8,   /* bits brought up to date at once that make hiding worth while */
};

static void set_hidden(struct frame_info *f, bool hidden)
{
	for (struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		sp->hidden = hidden;
}

void sh_hide_new(struct domain *d, struct frame_info *f, struct sh_page *sp)
{
	const struct sh_page *other = sp->same_frame;

	if (!AD_HIDES_TABLES)
		return;
	sp->marks = other ? other->marks : 0;
	sp->marks_limit = other ? other->marks_limit : HIDE_SOON;
	sp->hidden = ROLE_LEVEL(sp->role) == 1 && (!other || other->hidden);
	if (other && other->hidden && !sp->hidden) { /* no longer a level-1 table only */
		f->shadows = sp->same_frame;
		sh_show(d, f);
		sp->same_frame = f->shadows;
		f->shadows = sp;
	}
}

void sh_show(struct domain *d, struct frame_info *f)
{
	u64 before = d->counter[PN_CNT_ad_synced], n;
	struct sh_page *sp;

	COUNT(d, ad_show);
	for (sp = f->shadows; sp; sp = sp->same_frame)
		sp->mode->show(d, sp);
	set_hidden(f, false);
	n = d->counter[PN_CNT_ad_synced] - before;
	for (sp = f->shadows; sp; sp = sp->same_frame) {
		sp->marks = 0;
		if (n >= HIDE_PAID)
			sp->marks_limit = HIDE_SOON;
		else if (sp->marks_limit < HIDE_LATE)
			sp->marks_limit *= 2;
	}
	sh_flush(d);
}

static bool may_hide(const struct frame_info *f)
{
	if (!f->shadows || f->shadows->hidden)
		return false;
	for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		if (ROLE_LEVEL(sp->role) != 1)
			return false;
	return true;
}

void sh_marked(struct vcpu *v, mfn_t mfn, gva_t va)
{
	struct domain *d = v->domain;
	struct frame_info *f = frame_of(d, mfn);

	if (!may_hide(f) || ++f->shadows->marks < f->shadows->marks_limit)
		return;
	if (sh_searches_long(d)) {
		sh_revoke_known(v, f, mfn, f->shadows, va);
		if (f->writable) /* more than this exit's work: it stays shown */
			return;
	}
	COUNT(d, ad_hide);
	if (f->writable)
		sh_revoke_all(v, f, mfn, f->shadows, va);
	set_hidden(f, true);
	for (struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		sp->mode->hide(d, sp);
	sh_flush(d);
}

void sh_settle(struct domain *d, const void *at, u32 bytes, bool write)
{
	struct frame_info *f = frame_of(d, plat_virt_to_mfn(at));
	u32 offset = (u32)((uintptr_t)at & ~PAGE_MASK);

	if (!sh_hidden(f))
		return;
	if (bytes > PAGE_SIZE - offset)
		bytes = PAGE_SIZE - offset;
	for (struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
		sp->mode->settle(d, sp, offset, bytes, write);
}

void sh_settle_all(struct domain *d)
{
	if (!AD_HIDES_TABLES || !d->shadow)
		return;
	pool_for_each(d->shadow, sp)
		if (sp->used && sp->hidden && ROLE_LEVEL(sp->role) == 1)
			sp->mode->settle(d, sp, 0, PAGE_SIZE, false);
}
