/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): the audit of one shadow page. It derives every
 * entry a second time and counts what the entries refer to; audit.c compares the
 * counts with the books.
 */

/* `e` may lack PTE_RW where `most` has it, and may be a prefetched form; otherwise they must be equal. */
static inline bool gives_no_more(u64 e, u64 most)
{
	e = unprefetched(e);
	return e == most || (e | PTE_RW) == most;
}

/* The guest's entry that a shadow's entry was derived from. */
static inline u64 audit_entry(const struct sh_page *sp, u32 index)
{
	return SYNC_TAKES_SNAPSHOTS && sp->snapshot ? snapshot_entry(sp->snapshot, index) : guest_entry(sp, index);
}

static void audit_leaf(struct domain *d, struct sh_page *sp, u32 slot, u64 e, struct audit *a)
{
	mfn_t mfn = pte_mfn(e);
	u64 most;

	if (mfn.n - d->first_mfn.n >= d->nr_pages) {
		audit_report(a, "smfn %x slot %u: %lx maps no frame of the domain", sp->mfn, slot, e);
		return;
	}
	if (counted(e)) {
		frame_of(d, mfn)->seen++;
		if (!SH_ALL(wrmap, knows, d, mfn, sp, slot))
			audit_report(a, "smfn %x slot %u: %lx is a writable mapping that wrmap does not know", sp->mfn, slot, e);
	}
	if (sh_hidden(frame_of(d, mfn)))
		audit_report(a, "smfn %x slot %u: %lx maps a hidden table", sp->mfn, slot, e);
	if (e & PTE_RW && !policy.sync->may_write(frame_of(d, mfn)))
		audit_report(a, "smfn %x slot %u: %lx maps a guest table writable", sp->mfn, slot, e);
	if (e & PTE_RW && !log_dirty_may_write(d, mfn))
		audit_report(a, "smfn %x slot %u: %lx maps a clean frame writable", sp->mfn, slot, e);
	if (e & PTE_RW && d->log_dirty && !sp->logged)
		audit_report(a, "smfn %x slot %u: %lx is writable, and log-dirty does not know of the page", sp->mfn, slot, e);
	if (sp->role & ROLE_DIRECT) {
		mfn_t backing = p2m_lookup(d, GFN((u64)sp->gfn + slot));

		most = mfn_valid(backing) ? leaf_entry(d, sp, backing, LINK_ALL | PTE_D) : 0;
	} else if (policy.sync->in_sync(sp) || SYNC_TAKES_SNAPSHOTS) {
		most = leaf_derive_in(d, sp, audit_entry(sp, first_index(sp) + slot), role_rsvd(sp->role));
	} else {
		return;
	}
	if (AD_HIDES_TABLES && sp->hidden) { /* hardware adds to them */
		most |= PTE_A | PTE_D;
		e |= PTE_A | PTE_D;
	}
	if (!gives_no_more(e, most))
		audit_report(a, "smfn %x slot %u: %lx, derived %lx", sp->mfn, slot, e, most);
}

/* What the slot of a page in sync must link to, or of one with a snapshot; false: to nothing. */
static bool audit_want(const struct sh_page *sp, u32 slot, u32 level, struct want *want)
{
	u32 place = ROLE_MAKE(level - 1, child_quadrant(slot, level));

	if (sp->role & ROLE_PDPTES) {
		if (level == 3)
			return derive_link(guest_entry(sp, slot), slot, level, sp->role, want);
		*want = (struct want){ sp->gfn, (sp->role & ~ROLE_PLACE) | place, LINK_ALL };
		return true;
	}
	if (sp->role & ROLE_DIRECT) {
		*want = (struct want){ sp->gfn + (slot << SHADOW_BITS * (level - 1)), direct_role(level - 1),
				       link_form(LINK_ALL, level) };
		return true;
	}
	if (level > G) {
		*want = (struct want){ sp->gfn, (sp->role & ~ROLE_PLACE) | place, link_form(LINK_ALL, level) };
		return true;
	}
	u32 index = QUADRANTS ? (slot + ROLE_QUADRANT(sp->role) * ENTRIES) >> (level - 1) : slot;
	return derive_link(audit_entry(sp, index), slot, level, sp->role, want);
}

static __attribute__((unused)) bool audit_named(const struct lpage_info *l, u32 smfn)
{
	for (u32 i = 0; i < SH_WRITERS; i++)
		if (l->writer[i] == smfn)
			return true;
	return false;
}

static void audit_super(struct domain *d, struct sh_page *sp, u32 slot, u64 e, struct audit *a)
{
	struct want want = { 0 };

	if (ROLE_LEVEL(sp->role) != 2 || pte_mfn(e).n % ENTRIES || pte_mfn(e).n < d->first_mfn.n ||
	    pte_mfn(e).n + ENTRIES > d->first_mfn.n + d->nr_pages) {
		audit_report(a, "smfn %x slot %u: %lx is no superpage of the domain", sp->mfn, slot, e);
		return;
	}
	for (u32 f = 0; f < ENTRIES && e & PTE_RW; f += SH_LPAGE) {
		struct lpage_info *l = lpage_info_of(d, MFN(pte_mfn(e).n + f));

		l->seen++;
		if (SUPER_FEW_WRITERS && !audit_named(l, sp->mfn))
			audit_report(a, "smfn %x slot %u: the book of %lx does not name it", sp->mfn, slot, e);
	}
	if (!maps_directly(sp->role) && !policy.sync->in_sync(sp))
		return;
	if (!audit_want(sp, slot, 2, &want) || !super_agrees(d, e, &want) || !super_is_whole(d, want.gfn))
		audit_report(a, "smfn %x slot %u: %lx is not what the guest's superpage gives", sp->mfn, slot, e);
}

static void audit_link(struct domain *d, struct sh_page *sp, u32 slot, u64 e, u32 level, struct audit *a)
{
	u64 smfn = pte_mfn(e).n;
	struct want want;
	struct sh_page *c;

	if (is_super(e)) {
		audit_super(d, sp, slot, e, a);
		return;
	}
	if (!pool_owns(d->shadow, smfn) || !pool_page(smfn)->used) {
		audit_report(a, "smfn %x slot %u: %lx links to no shadow in use", sp->mfn, slot, e);
		return;
	}
	c = pool_page(smfn);
	c->seen++;
	if (ROLE_LEVEL(c->role) != level - 1)
		audit_report(a, "smfn %x slot %u: level %u links to level %u", sp->mfn, slot, level, ROLE_LEVEL(c->role));
	if (!(sp->role & ROLE_DIRECT) && !policy.sync->in_sync(sp) && !sp->snapshot)
		return;
	if (!audit_want(sp, slot, level, &want) || want.gfn != c->gfn || want.role != c->role ||
	    !gives_no_more(link_have(e, level), want.rights))
		audit_report(a, "smfn %x slot %u: %lx is not what the guest's entry gives", sp->mfn, slot, e);
}

/* What an absent entry remembers must be what the guest's entry would have it remember. Marks may have been added. */
static void audit_absent(struct domain *d, struct sh_page *sp, u32 slot, u64 e, struct audit *a)
{
	u64 now;

	if (!policy.spare->answer || sp->role & ROLE_DIRECT || !policy.sync->in_sync(sp))
		return;
	now = leaf_derive(d, sp, guest_entry(sp, slot + ROLE_QUADRANT(sp->role) * ENTRIES), role_rsvd(sp->role));
	if ((now ^ e) & ~(PTE_A | PTE_D))
		audit_report(a, "smfn %x slot %u: %lx remembers what should be %lx", sp->mfn, slot, e, now);
}

/* Hardware's copy of an entry. The guest may have changed it, which harms nobody else, but it does not do so by chance. */
static void audit_hw(const struct sh_page *sp, u32 slot, u64 e, u32 level, struct audit *a)
{
	if (APART && !hw_copies(sp, slot, e, level > 1 && e & PTE_P && !is_super(e)))
		audit_report(a, "smfn %x slot %u: %lx, but hardware has %lx", sp->mfn, slot, e, s_entry(hw_table(sp), slot));
}

static void mode_audit(struct domain *d, struct sh_page *sp, struct audit *a)
{
	u32 level = ROLE_LEVEL(sp->role), entries = 0;

	for (u32 slot = 0; slot < entries_of(sp); slot++) {
		u64 e = s_get(sp, slot);

		audit_hw(sp, slot, e, level, a);

		entries += e != 0;
		if (e && !sh_is_live(sp, slot))
			audit_report(a, "smfn %x slot %u: not zero, but not marked as live", sp->mfn, slot);
		if (e && !(e & PTE_P) && level == 1)
			audit_absent(d, sp, slot, e, a);
		if (!(e & PTE_P))
			continue;
		if (level == 1)
			audit_leaf(d, sp, slot, e, a);
		else
			audit_link(d, sp, slot, e, level, a);
	}
	if (level > 1 && sp->entries != entries)
		audit_report(a, "smfn %x: %u entries, its book says %u", sp->mfn, entries, sp->entries);
}
