/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): superpage entries, of recipes whose super part makes
 * them. One stands at level 2, maps ENTRIES frames and is a leaf: it has the accessed bit, and the dirty bit.
 *
 * Must hold of each:
 *  - its frames lie in one piece, aligned, and are the p2m's for the guest's;
 *  - if it has PTE_RW, no frame below is a guest table (the super part's books count both), and log-dirty is off; with
 *    SUPER_FEW_WRITERS all that map a block so stand in shadow pages that its book names;
 *  - when it goes or changes, all of the guest's TLB is flushed: the guest's superpage may be twice as large.
 */

static __attribute__((unused)) void super_comes(struct domain *d, const struct sh_page *sp, u64 e)
{
	for (u32 f = 0; f < ENTRIES && e & PTE_RW; f += SH_LPAGE) {
		struct lpage_info *l = lpage_info_of(d, MFN(pte_mfn(e).n + f));

		l->maps++;
		sh_lpage_writer(l, sp->mfn);
	}
}

static __attribute__((unused)) void super_gone(struct domain *d, u64 e)
{
	for (u32 f = 0; f < ENTRIES && e & PTE_RW; f += SH_LPAGE)
		lpage_info_of(d, MFN(pte_mfn(e).n + f))->maps--;
	if (!INVLPG_EXITS_ALWAYS)
		sh_code_gone(d);
	sh_flush(d);
}

/* Is the memory of ENTRIES guest frames from gfn on in one aligned piece? */
static __attribute__((unused)) bool super_is_whole(const struct domain *d, u64 gfn)
{
	mfn_t first = p2m_lookup(d, GFN(gfn));

	if (!mfn_valid(first) || first.n % ENTRIES || gfn % ENTRIES)
		return false;
	for (u32 i = ENTRIES - 1; i > 0; i--)
		if (p2m_lookup(d, GFN(gfn + i)).n != first.n + i)
			return false;
	return true;
}

static inline bool super_has_table(const struct domain *d, mfn_t first)
{
	for (u32 f = 0; f < ENTRIES; f += SH_LPAGE)
		if (lpage_info_of(d, MFN(first.n + f))->tables)
			return true;
	return false;
}

/* Is it mapped writable by superpage entries of as many others as may do so? */
static inline bool super_has_writers(const struct domain *d, mfn_t first, const struct sh_page *but)
{
	for (u32 f = 0; f < ENTRIES && SUPER_FEW_WRITERS; f += SH_LPAGE)
		if (!sh_lpage_has_room(d, MFN(first.n + f), but->mfn))
			return true;
	return false;
}

/* What `sp` may have for the superpage at gfn with the rights of its link. 0: it has to be splintered. */
static __attribute__((noinline, unused)) u64 super_entry(const struct domain *d, const struct sh_page *sp, u64 gfn, u64 rights)
{
	mfn_t first = p2m_lookup(d, GFN(gfn));

	if (!super_is_whole(d, gfn))
		return 0;
	if (rights & PTE_RW && (d->log_dirty || super_has_table(d, first) || super_has_writers(d, first, sp)))
		return 0;
	return mfn_to_hpa(first) | rights | PTE_PS | PTE_A | PTE_D;
}

/* Does it map what a link would lead to, with no more rights? */
static __attribute__((unused)) bool super_agrees(const struct domain *d, u64 e, const struct want *want)
{
	u64 rights = e & (LINK_RIGHTS | PTE_A), most = want->rights & (LINK_RIGHTS | PTE_A);

	return want->role == direct_role(1) && mfn_eq(pte_mfn(e), p2m_lookup(d, GFN(want->gfn))) &&
	       (rights == most || (rights | PTE_RW) == most);
}

static inline struct want want_link(const struct vcpu *v, const struct gw *w, gva_t va, u32 level);

/* A fault's level-2 entry: true if it is a superpage entry by now. One that was splintered stays so. */
static __attribute__((unused)) bool super_fill(struct vcpu *v, const struct gw *w, struct sh_page *sp, gva_t va, bool *changed)
{
	struct domain *d = v->domain;
	u32 slot = s_slot(va, 2);
	u64 old = s_get(sp, slot), e = 0;
	struct want want;

	if (old & PTE_P && !is_super(old))
		return false;
	if (!G || w->leaf > 1) {
		want = want_link(v, w, va, 2);
		e = super_entry(d, sp, want.gfn, want.rights);
	}
	if (e && e == old)
		return true;
	if (old)
		link_put(d, sp, slot, NULL, 0);
	if (!e)
		return false;
	v->bytes += SHADOW_BYTES;
	super_comes(d, sp, e);
	s_set(sp, slot, e);
	sp->entries++;
	COUNT(d, super_direct);
	TRACE(v, fill, va, want.gfn, e);
	*changed = true;
	return true;
}

static void mode_take_super(struct domain *d, struct sh_page *sp, mfn_t first, u64 frames, u64 bit)
{
	for (u32 slot = 0; SUPER_HIGHEST_LEAF > 1 && slot < ENTRIES; slot++) {
		u64 e = s_get(sp, slot);

		if (is_super(e) && e & bit && pte_mfn(e).n < first.n + frames && first.n < pte_mfn(e).n + ENTRIES)
			link_put(d, sp, slot, NULL, 0);
	}
}

static bool mode_maps_super(struct sh_page *sp, mfn_t first)
{
	for (u32 slot = 0; SUPER_HIGHEST_LEAF > 1 && slot < ENTRIES; slot++) {
		u64 e = s_get(sp, slot);

		if (is_super(e) && e & PTE_RW && pte_mfn(e).n < first.n + SH_LPAGE && first.n < pte_mfn(e).n + ENTRIES)
			return true;
	}
	return false;
}
