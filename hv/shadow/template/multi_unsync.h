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
	return g_get(snapshot->table, index);
}

/* Guest entry `index` of a table was just followed, being ge. */
static inline __attribute__((always_inline)) void followed(struct sh_page *sp, u64 index, u64 ge)
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

/* ---- resync ---- */

/* An entry that did not simply lose rights is derived again. True: it had changed. */
static __attribute__((noinline)) bool resync_entry(struct domain *d, struct sh_page *sp, u32 slot, u64 ge)
{
	const u64 old = s_get(sp, slot), e = leaf_derive(d, sp, ge, role_rsvd(sp->role));

	if (!SYNC_TAKES_SNAPSHOTS && e == unprefetched(old))
		return false;
	leaf_change(d, sp, slot, old, e);
	return true;
}

/* An entry that gives no write access by now, and none at all if `gone`, becomes `e`; its stretch is live, or old is 0. */
static inline __attribute__((always_inline)) void resync_less(struct domain *d, struct sh_page *sp, void *table, u32 slot,
							      u64 old, u64 e, bool gone)
{
	if (SHADOW_BYTES != 8 || unlikely(!counted(old))) {
		leaf_change(d, sp, slot, old, e & ~PTE_RW);
		return;
	}
	leaf_uncount(d, sp, slot, pte_mfn(old));
	if (gone)
		prefetched_gone(d, sp, slot, old, 0);
	s_store(table, slot, e);
}

/*
 * What a resync meets most are writable entries in a row, of which the guest took the same away: all, as
 * when it unmaps or a process ends, or the right to write, as when it forks. For these it pays to have a loop that does nothing
 * else: a third of such a resync. Both return the first slot that is otherwise.
 */
#define RESYNC_IN_ROWS (SYNC_TAKES_SNAPSHOTS && SHADOW_BYTES == 8 && GUEST_BYTES == 8 && !AD_HIDES_TABLES && !SYNC_UNSYNCS_LINKS)

static inline bool is_writable(u64 old)
{
	return (old & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW);
}

/* What a row's loop does of leaf_uncount(): `frames` is the domain's, at hand. */
static inline __attribute__((always_inline)) void row_uncount(struct domain *d, struct sh_page *sp, struct frame_info *frames,
							      u64 slot, u64 old)
{
	_Static_assert(sizeof(*frames) == 16, "a frame's number and its place are one shift apart");
	((struct frame_info *)((u8 *)frames + ((old & PTE_ADDR) >> (PAGE_SHIFT - 4))))->writable--;
	SH_EACH(wrmap, unmapped, d, pte_mfn(old), sp, (u32)slot);
}

/* One pointer goes along; the shadow's entry lies at a fixed distance from the guest's. */
static inline __attribute__((always_inline)) u64 resync_gone(struct domain *d, struct sh_page *sp, u64 slot, u64 end,
							     const u64 *guest)
{
	struct frame_info *const frames = d->frame;
	const u64 *at = guest + slot, *const last = guest + end, distance = (u64)sp->table - (u64)guest;
	u32 seen[0x12]; /* by SH_PREFETCHED (0x10) and PTE_A (1), as an entry has them */

	_Static_assert(SH_PREFETCHED >> 5 == 0x10 && PTE_A >> 5 == 1, "what `seen` goes by");
	seen[0] = seen[1] = seen[0x10] = seen[0x11] = 0;
	for (; at < last; at++) {
		void *const place = (u8 *)at + distance;
		const u64 old = s_entry(place, 0), ge = g_get(at, 0);

		if (ge & PTE_P || !is_writable(old))
			break;
		row_uncount(d, sp, frames, (u64)(at - guest), old);
		if (PREFETCH_LOOKS_AROUND)
			seen[old >> 5 & 0x11]++;
		s_store(place, 0, policy.spare->absent(ge, SH_ABSENT_GUEST));
	}
	COUNT_ADD(d, prefetch_wasted, seen[0x10]);
	COUNT_ADD(d, prefetch_used, seen[0x11]);
	return (u64)(at - guest);
}

static inline __attribute__((always_inline)) u64 resync_protected(struct domain *d, struct sh_page *sp, u64 slot, u64 end,
								  const u64 *guest, const u64 *snapshot)
{
	struct frame_info *const frames = d->frame;
	u64 *const table = sp->table;

	for (; slot < end; slot++) {
		const u64 old = s_entry(table, slot), ge = g_get(guest, slot);

		if (ge != (snapshot[slot] & ~PTE_RW) || !is_writable(old))
			break;
		row_uncount(d, sp, frames, slot, old);
		s_store(table, slot, (old & ~PTE_RW) | (policy.spare->flags ? policy.spare->flags(ge) : 0));
	}
	return slot;
}

/*
 * Entries [slot, end) of a level-1 shadow; returns how many had changed. `guest`, `snapshot`: the entries behind slot 0. A shadow
 * entry that is not there may stay away: a fault brings it. Only where a resync is what answers faults must it be
 * looked at.
 */
static inline __attribute__((always_inline)) u32 resync_some(struct domain *d, struct sh_page *sp, u32 slot, u32 end,
							     const void *guest, const void *snapshot)
{
	const bool completes = SYNC_UNSYNCS_LINKS;
	void *const table = sp->table;
	u32 changed = 0;

	for (; slot < end; slot++) {
		const u64 old = s_entry(table, slot);
		u64 ge, was = 0;

		if (!completes && !old)
			continue;
		ge = g_get(guest, slot);
		if (SYNC_TAKES_SNAPSHOTS) {
			was = GUEST_BYTES == 4 ? ((const u32 *)snapshot)[slot] : ((const u64 *)snapshot)[slot];
			if (ge == was && (!completes || old || (!policy.spare->answer && !(ge & PTE_P))))
				continue;
		}
		if (RESYNC_IN_ROWS && is_writable(old)) {
			const u32 next = (u32)(ge & PTE_P ? resync_protected(d, sp, slot, end, guest, snapshot) :
							    resync_gone(d, sp, slot, end, guest));

			if (next != slot) {
				changed += next - slot;
				slot = next - 1;
				continue;
			}
		}
		if (!(ge & PTE_P)) {
			resync_less(d, sp, table, slot, old, policy.spare->absent(ge, SH_ABSENT_GUEST), true);
			changed++;
		} else if (SYNC_TAKES_SNAPSHOTS && ge == (was & ~PTE_RW) && old & PTE_P) {
			u64 flags = policy.spare->flags ? policy.spare->flags(ge) : 0;

			resync_less(d, sp, table, slot, old, (s_marked(sp, slot, old) & ~PTE_RW) | flags, false);
			changed++;
		} else {
			changed += resync_entry(d, sp, slot, ge);
		}
	}
	return changed;
}

/* Entries in a row that a resync reads: those that there are, or all. */
static inline bool resync_next(const struct sh_page *sp, u32 *first, u32 *end)
{
	if (!SYNC_UNSYNCS_LINKS)
		return sh_next_live(sp, ENTRIES, first, end);
	*first = *end;
	*end = ENTRIES;
	return *first < ENTRIES;
}

static u32 resync_leaf(struct vcpu *v, struct sh_page *sp)
{
	const u32 first = first_index(sp) * GUEST_BYTES;
	const u8 *guest = (const u8 *)sp->guest + first;
	const u8 *snapshot = SYNC_TAKES_SNAPSHOTS ? (const u8 *)sp->snapshot->table + first : NULL;
	u32 changed = 0;

	for (u32 slot = 0, end = 0; resync_next(sp, &slot, &end);) {
		v->bytes += (end - slot) * (SHADOW_BYTES + GUEST_BYTES + (SYNC_TAKES_SNAPSHOTS ? GUEST_BYTES : 0));
		changed += resync_some(v->domain, sp, slot, end, guest, snapshot);
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
	return SYNC_UNSYNCS_LINKS && ROLE_LEVEL(sp->role) <= G ? resync_links(v, sp) : 0;
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

/*
 * Fill an entry beside the one asked for from the guest's entry ge. False: its own access would fault all
 * the same. The accessed bit stays clear, so that hardware tells whether an entry was ever used. A table out of sync
 * may be written, but that should be asked for.
 */
static inline __attribute__((always_inline)) bool prefetch_one(struct domain *d, struct sh_page *leaf, u32 slot, u64 ge,
							       gfn_t gfn)
{
	mfn_t mfn = p2m_lookup(d, gfn);
	u64 e;

	if (unlikely(!mfn_valid(mfn)))
		return false;
	e = mfn_to_hpa(mfn) | PTE_D | SH_PREFETCHED | (ge & (PTE_P | PTE_US | PTE_NX));
	if (policy.spare->flags)
		e |= policy.spare->flags(ge);
	if (ge & PTE_RW && !frame_of(d, mfn)->shadows && log_may_write(d, leaf, mfn) && leaf_count(d, leaf, slot, mfn))
		e |= PTE_RW;
	s_set(leaf, slot, e);
	return true;
}

/* Does the guest's entry give a mapping that needs no mark? */
static inline bool marked_entry(u64 ge, u64 rsvd)
{
	return ge & PTE_P && policy.ad->may_map(ge) && !(ge & rsvd) && (!(ge & PTE_RW) || policy.ad->may_write(ge));
}

static inline void count_prefetched(struct vcpu *v, const struct sh_page *leaf, u32 slot, u32 n)
{
	if (!n)
		return;
	v->bytes += n * (GUEST_BYTES + SHADOW_BYTES);
	COUNT_ADD(v->domain, prefetched, n);
	TRACE(v, prefetch, leaf->mfn, slot, n);
}

/* All entries around the slot that can be filled are, wherever they stand. */
static __attribute__((noinline)) void sweep(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	struct domain *const d = v->domain;
	const u64 rsvd = role_rsvd(leaf->role);
	const u32 index = first_index(leaf), first = slot & ~(policy.prefetch->swath - 1);
	const void *const guest = leaf->guest, *const table = leaf->table;
	u32 n = 0;

	for (u32 i = first; i < first + policy.prefetch->swath; i++) {
		const u64 ge = g_get(guest, index + i),
			  gives = policy.prefetch->sweeps_clean && !policy.ad->may_write(ge) ? ge & ~PTE_RW : ge;

		if (!marked_entry(gives, rsvd) || s_entry(table, i) & PTE_P || !prefetch_one(d, leaf, i, gives, pte_gfn(ge)))
			continue;
		followed(leaf, index + i, ge);
		n++;
	}
	policy.prefetch->swept(d, leaf, n);
	count_prefetched(v, leaf, slot, n);
}

static __attribute__((noinline)) void prefetch(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	struct domain *d = v->domain;
	const u64 rsvd = role_rsvd(leaf->role);
	const u32 index = first_index(leaf);
	u32 first, end, n = 0;

	policy.prefetch->window(leaf, slot, ENTRIES, &first, &end);
	for (u32 i = first; i < end; i++) {
		const bool present = s_get(leaf, i) & PTE_P;
		u64 ge;

		if (present && policy.prefetch->upwards && i != slot)
			break;
		if (present)
			continue;
		if (leaf->role & ROLE_DIRECT) {
			if (!prefetch_one(d, leaf, i, LINK_ALL | PTE_D, GFN((u64)leaf->gfn + i)))
				break;
		} else {
			ge = guest_entry(leaf, index + i);
			if (!marked_entry(ge, rsvd) || !prefetch_one(d, leaf, i, ge, pte_gfn(ge)))
				break;
			followed(leaf, index + i, ge);
		}
		n++;
	}
	count_prefetched(v, leaf, slot, n);
}

/* Does the part want to look, having heard whether the entry before is in use? */
static inline __attribute__((always_inline)) bool learns(struct sh_page *leaf, u32 slot)
{
	const u64 used = PTE_P | PTE_A;

	if (!policy.prefetch->learn)
		return true;
	return policy.prefetch->learn(leaf, !slot || (s_marked(leaf, slot - 1, s_get(leaf, slot - 1)) & used) == used);
}

/* Is the first entry to be tried one that could be filled? A demand fault's most often is not, a copy-on-write fault's there. */
static inline __attribute__((always_inline)) bool worth_a_look_at_table(struct sh_page *leaf, u64 slot)
{
	u32 first, end;

	if (policy.prefetch->upwards && !(guest_entry(leaf, first_index(leaf) + (slot + 1) % ENTRIES) & PTE_P))
		return false;
	policy.prefetch->window(leaf, slot, ENTRIES, &first, &end);
	if (first < slot)
		return true;
	if (first >= end || (!policy.prefetch->upwards && !(guest_entry(leaf, first_index(leaf) + first) & PTE_P)))
		return false;
	return (!policy.prefetch->upwards || !(s_get(leaf, first) & PTE_P)) && learns(leaf, slot);
}

static inline __attribute__((always_inline)) bool worth_a_look(struct sh_page *leaf, u32 slot)
{
	if (!(leaf->role & ROLE_DIRECT))
		return worth_a_look_at_table(leaf, slot);
	if (policy.prefetch->upwards && (slot + 1 == ENTRIES || s_get(leaf, slot + 1) & PTE_P))
		return false;
	return learns(leaf, slot);
}

/* Is all of the table to be looked through, now that an entry of it was filled? */
static inline __attribute__((always_inline)) bool sweeps_now(const struct vcpu *v, struct sh_page *leaf)
{
	return policy.prefetch->sweeps && !(leaf->role & ROLE_DIRECT) && policy.prefetch->sweeps(v, leaf);
}

#define TRACES_FILL (trace_mask & (BIT(PN_EV_fill) | BIT(PN_EV_pull_through)))

static __attribute__((noinline, cold)) void trace_fill(struct vcpu *v, const struct sh_page *leaf, gva_t va, gfn_t gfn, u64 e)
{
	TRACE(v, fill, va, gfn.n, e);
	if (leaf->unsync)
		TRACE(v, pull_through, va, gfn.n, e);
}

/* The books of an entry that a fault filled from the guest's entry ge. */
static inline __attribute__((always_inline)) void leaf_filled(struct vcpu *v, struct domain *d, struct sh_page *leaf, u64 slot,
							      u64 ge)
{
	v->bytes += SHADOW_BYTES;
	COUNT(d, fill);
	if (SYNC_TAKES_SNAPSHOTS ? !leaf->snapshot : !SYNC_UNSYNCS || !leaf->unsync)
		return;
	followed(leaf, first_index(leaf) + slot, ge);
	COUNT(d, pull_through);
	if (policy.sync->pulled)
		policy.sync->pulled(d, leaf);
}

/* The entry that a fault on va asks for, from the guest's entry ge where the leaf shadows a table. */
static inline __attribute__((always_inline)) void leaf_fill(struct vcpu *v, struct sh_page *leaf, gva_t va, gfn_t gfn, u64 ge,
							    u64 e)
{
	const u32 slot = s_slot(va, 1);

	leaf_put(v->domain, leaf, slot, e);
	leaf_filled(v, v->domain, leaf, slot, ge);
	if (unlikely(TRACES_FILL))
		trace_fill(v, leaf, va, gfn, e);
	if (PREFETCH_LOOKS_AROUND && unlikely(sweeps_now(v, leaf)))
		sweep(v, leaf, slot);
	else if (PREFETCH_LOOKS_AROUND && worth_a_look(leaf, slot))
		prefetch(v, leaf, slot);
}
