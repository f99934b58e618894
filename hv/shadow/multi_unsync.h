/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): tables out of sync, and what a fault fills beside
 * the entry that it asks for.
 *
 * Must hold of a shadow out of sync whose frame has a snapshot: each of its entries that
 * is not zero was derived from the snapshot's entry, or gives less. So an entry whose guest entry is still the
 * snapshot's needs nothing at a resync, and whoever derives one from the guest's writes the snapshot, too.
 */

static void validate_link(struct domain *d, struct sh_page *sp, u32 slot, u64 ge, u32 level);

static inline u64 snapshot_entry(const struct sh_page *snapshot, u32 index)
{
	return GUEST_BYTES == 4 ? ((const u32 *)snapshot->table)[index] : ((const u64 *)snapshot->table)[index];
}

/* Guest entry `index` of a table was just followed, being ge. */
static inline __attribute__((always_inline)) void followed(struct sh_page *sp, u32 index, u64 ge)
{
	if (!SYNC_TAKES_SNAPSHOTS || !sp->snapshot)
		return;
	if (GUEST_BYTES == 4)
		((u32 *)sp->snapshot->table)[index] = (u32)ge;
	else
		((u64 *)sp->snapshot->table)[index] = ge;
}

/* The guest's entry behind slot 0 of a level-1 shadow. */
static inline u32 first_index(const struct sh_page *sp)
{
	return QUADRANTS ? ROLE_QUADRANT(sp->role) * ENTRIES : 0;
}

/* An entry as it would be if it had not been prefetched. */
static inline u64 plain_entry(u64 e)
{
	return prefetched(e) ? (e & ~SH_PREFETCHED) | PTE_A : e;
}

/* ---- resync ---- */

/*
 * A stretch of a level-1 shadow; returns how many had changed. `first`: guest entry behind slot 0. An
 * entry that is not there may stay away: a fault brings it. Only where a resync is what answers faults must it be
 * looked at.
 */
static inline __attribute__((always_inline)) u32 resync_stretch(struct domain *d, struct sh_page *sp, u32 slot,
								u32 first)
{
	const bool completes = policy.sync->resyncs_at_faults;
	const u64 rsvd = role_rsvd(sp->role);
	const u32 end = slot + SH_STRETCH;
	u32 changed = 0;
	u64 any = 0;

	for (; slot < end; slot++) {
		const u64 old = s_get(sp, slot);
		u64 ge, e;

		if (!old && !completes)
			continue;
		ge = guest_entry(sp, first + slot);
		if (SYNC_TAKES_SNAPSHOTS && ge == snapshot_entry(sp->snapshot, first + slot) && (old || !completes)) {
			any |= old;
			continue;
		}
		e = leaf_derive(d, ge, rsvd);
		any |= e;
		if (e == plain_entry(old))
			continue;
		leaf_put(d, sp, slot, e);
		changed++;
	}
	if (!any)
		sp->live[end / SH_STRETCH - 1] = 0;
	return changed;
}

static u32 resync_leaf(struct vcpu *v, struct sh_page *sp)
{
	const u32 first = first_index(sp);
	u32 changed = 0;

	for (u32 slot = 0; slot < ENTRIES; slot += SH_STRETCH) {
		if (!sp->live[slot / SH_STRETCH] && !policy.sync->resyncs_at_faults)
			continue;
		v->bytes += SH_STRETCH * (SHADOW_BYTES + GUEST_BYTES + (SYNC_TAKES_SNAPSHOTS ? GUEST_BYTES : 0));
		changed += resync_stretch(v->domain, sp, slot, first);
	}
	return changed;
}

/* Links above level 1, in recipes that let such tables go: every one whose guest entry changed, or which may be there
 * now. */
static u32 resync_links(struct vcpu *v, struct sh_page *sp)
{
	const u32 level = ROLE_LEVEL(sp->role);
	u32 changed = 0;

	v->bytes += PAGE_SIZE + 2 * (ENTRIES * GUEST_BYTES >> (QUADRANTS ? level - 1 : 0));
	for (u32 slot = 0; slot < ENTRIES; slot++) {
		u32 index = QUADRANTS ? (slot + ROLE_QUADRANT(sp->role) * ENTRIES) >> (level - 1) : slot;
		u64 ge = guest_entry(sp, index);
		bool same = ge == snapshot_entry(sp->snapshot, index);

		if (same && (!ge || s_get(sp, slot)))
			continue;
		validate_link(v->domain, sp, slot, ge, level);
		changed += !same;
	}
	return changed;
}

static u32 mode_resync(struct vcpu *v, struct sh_page *sp)
{
	if (!G || !SYNC_UNSYNCS)
		return 0;
	if (ROLE_LEVEL(sp->role) == 1)
		return resync_leaf(v, sp);
	/* Levels that the guest lacks lead to the shadows of the same frame, whatever the frame says. */
	return policy.sync->resyncs_at_faults && ROLE_LEVEL(sp->role) <= G ? resync_links(v, sp) : 0;
}

/* Is one of the tables that translate va out of sync? */
static bool way_unsync(struct vcpu *v, gva_t va)
{
	const struct domain *d = v->domain;
	gfn_t table = gw_root_gfn(v);

	for (u32 level = G; level > 0; level--) {
		mfn_t mfn = p2m_lookup(d, table);
		u64 e = v->pdpte[va >> 30 & 3];

		if (G != 3 || level != 3) { /* else the vCPU holds the entry, no table */
			if (!mfn_valid(mfn))
				return false;
			const struct sh_page *sp = frame_of(d, mfn)->shadows;
			if (sp && sp->unsync)
				return true;
			const u8 *p = (const u8 *)plat_map(mfn) + gw_offset(va, level, G);
			e = G == 2 ? *(const volatile u32 *)p : *(const volatile u64 *)p;
			v->bytes += GUEST_BYTES;
		}
		if (!(e & PTE_P) || gw_is_leaf(e, level, G, v->pse))
			return false;
		table = pte_gfn(e);
	}
	return false;
}

/* ---- prefetch ---- */

/* What a neighbour may be filled with; bit 0 is clear: nothing, its own access would fault all the same. */
static inline u64 neighbour(const struct domain *d, const struct sh_page *leaf, u32 slot, u64 *ge)
{
	mfn_t mfn;
	u64 e;

	if (leaf->role & ROLE_DIRECT) {
		mfn = p2m_lookup(d, GFN((u64)leaf->gfn + slot));
		*ge = LINK_ALL | PTE_D;
		e = mfn_valid(mfn) ? leaf_entry(d, mfn, *ge) : 0;
	} else {
		*ge = guest_entry(leaf, first_index(leaf) + slot);
		if (!(*ge & PTE_P) || (*ge & PTE_RW && !policy.ad->may_write(*ge)))
			return 0;
		e = leaf_derive(d, *ge, role_rsvd(leaf->role));
	}
	/* A table out of sync may be written, but that should be asked for. */
	if (counted(e) && frame_of(d, pte_mfn(e))->shadows)
		e &= ~PTE_RW;
	return e;
}

/* The accessed bit stays clear, so that hardware tells whether the entry was ever used. */
static __attribute__((noinline)) void prefetch(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	struct domain *d = v->domain;
	u32 first, end, n = 0;

	policy.prefetch->window(slot, ENTRIES, &first, &end);
	for (u32 i = first; i < end; i++) {
		u64 ge, e;

		if (i == slot)
			continue;
		if (s_get(leaf, i) & PTE_P) {
			if (policy.prefetch->stops_at_present)
				break;
			continue;
		}
		e = neighbour(d, leaf, i, &ge);
		if (!(e & PTE_P))
			break;
		leaf_put(d, leaf, i, (e & ~PTE_A) | SH_PREFETCHED);
		followed(leaf, first_index(leaf) + i, ge);
		n++;
	}
	if (!n)
		return;
	v->bytes += n * (GUEST_BYTES + SHADOW_BYTES);
	COUNT_ADD(d, prefetched, n);
	TRACE(v, prefetch, leaf->mfn, slot, n);
}

/* ---- one entry ---- */

/* The entry that a fault on va asks for, from the guest's entry ge where the leaf shadows a table. */
static inline __attribute__((always_inline)) void leaf_fill(struct vcpu *v, struct sh_page *leaf, gva_t va, gfn_t gfn,
							    u64 ge, u64 e)
{
	const u32 slot = s_slot(va, 1);

	leaf_put(v->domain, leaf, slot, e);
	v->bytes += SHADOW_BYTES;
	COUNT(v->domain, fill);
	TRACE(v, fill, va, gfn.n, e);
	if (SYNC_UNSYNCS && leaf->unsync) {
		followed(leaf, first_index(leaf) + slot, ge);
		COUNT(v->domain, pull_through);
		TRACE(v, pull_through, va, gfn.n, e);
	}
	if (PREFETCH_LOOKS_AROUND)
		prefetch(v, leaf, slot);
}
