/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): following changes of guest tables, taking rights
 * and entries away, and finding what translates an address.
 */

/* The next entry at or after `slot` that is not zero; ENTRIES: none. */
static u32 next_live(const struct sh_page *sp, u32 slot)
{
	u32 first = 0, end = slot & ~(SH_STRETCH - 1u);

	while (sh_next_live(sp, entries_of(sp), &first, &end))
		for (slot = slot < first ? first : slot; slot < end; slot++)
			if (s_get(sp, slot))
				return slot;
	return ENTRIES;
}

/* ---- a guest's write ---- */

static __attribute__((noinline, cold)) void trace_emulate(struct vcpu *v, gfn_t gfn, const u8 *p, u32 bytes)
{
	const u32 offset = (u32)((uintptr_t)p & ~PAGE_MASK);

	trace_now(v, PN_EV_emulate, gfn_to_gpa(gfn) | offset, g_get(p - offset, offset / GUEST_BYTES), bytes);
}

/* What a slot links to by the guest's entry as it stands; gfn is of the part that the slot covers. False: nothing yet.
 */
static inline bool derive_link(u64 ge, u32 slot, u32 level, u32 role, struct want *want)
{
	bool pse = role & ROLE_PSE, leaf;

	if (!(ge & PTE_P))
		return false;
	if (!(G == 3 && level == 3) && (!policy.ad->may_map(ge) || gw_is_rsvd(ge, level, G, pse, role_rsvd(role))))
		return false;
	leaf = gw_is_leaf(ge, level, G, pse);
	want->rights = link_form(link_rights(ge, level, leaf), level);
	if (leaf) {
		u32 part = child_quadrant(slot, level) << SHADOW_BITS * (level - 1);

		want->gfn = (u32)gw_leaf_gfn(ge, level, G).n + part;
		want->role = direct_role(level - 1);
	} else {
		want->gfn = (u32)pte_gfn(ge).n;
		want->role = table_role(role) | ROLE_MAKE(level - 1, child_quadrant(slot, level));
	}
	return true;
}

/* In a large pool a fault finds, by and by, who may write to a parked table, before that is linked again (sh_searched). */
static inline bool unpark_waits(const struct domain *d, const struct want *want)
{
	const mfn_t mfn = p2m_lookup(d, GFN(want->gfn));

	return !(want->role & ROLE_DIRECT) && mfn_valid(mfn) && frame_of(d, mfn)->writable && !frame_of(d, mfn)->shadows;
}

/* Only shadows that exist already are linked: a fault makes the others when they are needed. */
static void validate_link(struct domain *d, struct sh_page *sp, u32 slot, u64 ge, u32 level)
{
	u64 old = s_get(sp, slot);
	struct want want = { 0 };
	struct sh_page *c = NULL;

	if (derive_link(ge, slot, level, sp->role, &want) && !(is_super(old) && super_agrees(d, old, &want)) &&
	    !(policy.sync->unpark && sh_searches_long(d) && unpark_waits(d, &want)))
		c = policy.sync->find(d, want.gfn, want.role);
	if (is_super(old) && super_agrees(d, old, &want))
		return;
	if (c ? old == (mfn_to_hpa(MFN(c->mfn)) | want.rights) : !old)
		return;
	link_put(d, sp, slot, c, want.rights);
}

/* First slot that stands for a guest entry; ENTRIES and above: none in this quadrant. */
static inline u32 slot_of(u32 role, u32 index)
{
	u32 level = ROLE_LEVEL(role);

	return QUADRANTS ? (index << (level - 1)) - ROLE_QUADRANT(role) * ENTRIES : index;
}

/* The guest's write changed its entry: the leaf follows. */
static inline __attribute__((always_inline)) void leaf_follow(struct domain *d, struct sh_page *sp, u32 slot, u64 e)
{
	const u64 old = leaf_set(d, sp, slot, e, false);

	if (!INVLPG_EXITS_ALWAYS && old & PTE_P && (old ^ e) & (PTE_P | PTE_ADDR))
		sh_code_moved(d, old);
	SH_EACH(reclaim, changed, d, old, e);
}

/* A level-1 entry, where guest entries and shadow entries go by the same numbers. */
static inline __attribute__((always_inline)) void follow_leaf(struct domain *d, struct sh_page *sp, u32 slot, u64 rsvd)
{
	u64 ge = guest_entry(sp, slot);

	leaf_follow(d, sp, slot, leaf_derive_in(d, sp, ge, rsvd));
	followed(sp, slot, ge);
}

static __attribute__((noinline)) void validate_many(struct domain *d, struct sh_page *sp, u32 first, u32 last)
{
	u32 level = ROLE_LEVEL(sp->role);

	if (level > G) /* it leads to the shadows of the same frame, whatever the frame says */
		return;
	for (u32 i = first; i <= last; i++) {
		u32 slot = slot_of(sp->role, i);
		u64 ge = guest_entry(sp, i);

		if (slot >= ENTRIES)
			continue;
		followed(sp, i, ge);
		if (level == 1) {
			leaf_follow(d, sp, slot, leaf_derive_in(d, sp, ge, role_rsvd(sp->role)));
			continue;
		}
		validate_link(d, sp, slot, ge, level);
		for (u32 part = 1; QUADRANTS && part < 1u << (level - 1); part++)
			validate_link(d, sp, slot + part, ge, level);
	}
}

static void mode_validate(struct domain *d, struct sh_page *sp, u32 offset, u32 bytes)
{
	u32 first = offset / GUEST_BYTES, last = (offset + bytes - 1) / GUEST_BYTES;

	if (!QUADRANTS && likely(first == last && ROLE_LEVEL(sp->role) == 1))
		follow_leaf(d, sp, first, role_rsvd(sp->role));
	else
		validate_many(d, sp, first, last);
}

/* Bytes were stored at t: shadows of the frame follow. */
static void mode_wrote(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	struct domain *d = v->domain;
	struct frame_info *f = frame_of(d, t->mfn);
	const u32 offset = (u32)((uintptr_t)t->p & ~PAGE_MASK);
	const struct sh_page *sp = f->shadows;

	log_dirty_mark(d, t->mfn);
	if (!sp)
		return;
	v->bytes += 2 * bytes; /* the guest's entry and the shadow's */
	COUNT(d, emulate_ok);
	sh_validate(d, f, offset, bytes);
	if (TRACE_ON(emulate))
		trace_emulate(v, GFN(sp->gfn), t->p, bytes);
	SH_EACH(reclaim, written, v, f, t->p, bytes);
}

static enum verdict mode_write(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access)
{
	struct sh_target t;
	enum verdict r;

	access = (access & ~PFEC_I) | PFEC_W;
	if (unlikely(!soft_hit(v, va, access, &t)) && unlikely((r = mode_translate(v, va, access, &t)) != SH_FIXED))
		return r;
	if (AD_HIDES_TABLES)
		sh_settle(v->domain, t.p, bytes, true);
	gw_store(&t, buf, bytes);
	mode_wrote(v, &t, bytes);
	return SH_FIXED;
}

/* ---- hidden tables ---- */

static void mode_hide(struct domain *d, struct sh_page *sp)
{
	for (u32 slot = 0; AD_HIDES_TABLES && slot < ENTRIES; slot++)
		leaf_set(d, sp, slot, leaf_derive_in(d, sp, guest_entry(sp, first_index(sp) + slot), role_rsvd(sp->role)), false);
}

static void mode_show(struct domain *d, struct sh_page *sp)
{
	for (u32 slot = next_live(sp, 0); AD_HIDES_TABLES && slot < ENTRIES; slot = next_live(sp, slot + 1)) {
		const u64 old = s_take(sp, slot);

		harvest(d, sp, slot, old);
		leaf_change(d, sp, slot, old, leaf_derive(d, sp, guest_entry(sp, first_index(sp) + slot), role_rsvd(sp->role)));
	}
}

static void mode_settle(struct domain *d, struct sh_page *sp, u32 offset, u32 bytes, bool write)
{
	u32 first = offset / GUEST_BYTES, last = (offset + bytes - 1) / GUEST_BYTES;

	for (u32 i = first; AD_HIDES_TABLES && i <= last; i++) {
		u32 slot = slot_of(sp->role, i);

		if (slot >= ENTRIES || !s_get(sp, slot))
			continue;
		if (write)
			leaf_put(d, sp, slot, 0);
		else
			harvest(d, sp, slot, s_marked(sp, slot, s_get(sp, slot)));
	}
}

/*
 * Is the leaf entry what the guest's is good for, whoever may write to the frame at this moment? Write access is good only while
 * the guest's entry is marked dirty, unless hardware marks it itself.
 */
static bool leaf_agrees(const struct domain *d, struct sh_page *sp, gva_t va)
{
	u64 ge = guest_entry(sp, gw_offset(va, 1, G) / GUEST_BYTES), e = s_get(sp, s_slot(va, 1));
	u64 want = leaf_derive_in(d, sp, ge, role_rsvd(sp->role));
	bool writable = AD_HIDES_TABLES && sp->hidden ? ge & PTE_RW : ge_writable(ge);

	return !((e ^ want) & ~(u64)PTE_RW) && (writable || !(e & PTE_P && e & PTE_RW));
}

/* A link that is not there promises nothing. One that is there is compared without looking its child up, which may resync. */
static bool link_agrees(struct domain *d, const struct sh_page *sp, gva_t va, u32 level)
{
	u64 ge = guest_entry(sp, gw_offset(va, level, G) / GUEST_BYTES), e = s_get(sp, s_slot(va, level));
	struct want want = { 0 };
	const struct sh_page *c;

	if (!(e & PTE_P))
		return true;
	if (is_super(e) || !derive_link(ge, s_slot(va, level), level, sp->role, &want))
		return false;
	c = link_child(d, e);
	return c->gfn == want.gfn && c->role == want.role && e == (mfn_to_hpa(MFN(c->mfn)) | want.rights);
}

/* A link that changes here leads to other tables: they are read in their turn. */
static void mode_recheck(struct vcpu *v, gva_t va)
{
	struct domain *d = v->domain;
	struct sh_page *sp = sh_root(v);

	for (u32 level = N; sp; level--) {
		/* PAE top entries are read when CR3 is loaded, and never again. */
		bool stands_for_table = sp->guest && level <= G && !(G == 3 && level == 3);
		u64 e;

		if (stands_for_table && policy.sync->in_sync(sp) &&
		    !(level == 1 ? leaf_agrees(d, sp, va) : link_agrees(d, sp, va, level))) {
			mode_validate(d, sp, gw_offset(va, level, G), GUEST_BYTES);
			if (!INVLPG_EXITS_ALWAYS)
				sh_flush(d);
		}
		if (level == 1)
			return;
		e = s_get(sp, s_slot(va, level));
		sp = e & PTE_P && !is_super(e) ? link_child(d, e) : NULL;
	}
}

/* ---- taking away ---- */

static bool mode_revoke(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	const u64 e = s_get(leaf, slot);

	if (!counted(e) || pte_mfn(e).n != mfn.n)
		return false;
	if (AD_HIDES_TABLES) {
		leaf_put(d, leaf, slot, 0);
		return true;
	}
	leaf_uncount(d, leaf, slot, mfn);
	s_store(leaf->table, slot, s_marked(leaf, slot, e) & ~PTE_RW);
	return true;
}

/* The guest's table, behind a leaf in sync, gives write access to that frame still: its entry is derived anew. */
static void grant_by_table(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	u64 e;

	if (!leaf->guest || !policy.sync->in_sync(leaf))
		return;
	e = leaf_derive_in(d, leaf, guest_entry(leaf, first_index(leaf) + slot), role_rsvd(leaf->role));
	if ((e & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW) && mfn_eq(pte_mfn(e), mfn))
		leaf_put(d, leaf, slot, e);
}

static void mode_grant(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn)
{
	const u64 e = s_get(leaf, slot);

	if ((e & (PTE_P | PTE_RW)) != PTE_P || !mfn_eq(pte_mfn(e), mfn) || !log_may_write(d, leaf, mfn))
		return;
	if (!maps_directly(leaf->role)) {
		grant_by_table(d, leaf, slot, mfn);
		return;
	}
	if (AD_HIDES_TABLES) /* it is counted already */
		leaf_put(d, leaf, slot, e | PTE_RW);
	else
		leaf_gain(d, leaf, slot, mfn, s_marked(leaf, slot, e) | PTE_RW);
}

static u32 mode_revoke_in(struct domain *d, struct sh_page *leaf, struct frame_info *f, mfn_t mfn)
{
	u32 found = 0;

	for (u32 slot = next_live(leaf, 0); slot < ENTRIES && f->writable; slot = next_live(leaf, slot + 1))
		found += mode_revoke(d, leaf, slot, mfn);
	return found;
}

static u32 mode_take(struct domain *d, struct sh_page *leaf, mfn_t first, u64 frames, u64 bit)
{
	const u64 has = PTE_P | bit;
	u32 found = 0;

	for (u32 start = 0, end = 0; sh_next_live(leaf, ENTRIES, &start, &end);)
		for (u32 slot = start; slot < end; slot++) {
			const u64 e = s_get(leaf, slot);

			if ((e & has) != has || pte_mfn(e).n - first.n >= frames)
				continue;
			leaf_put(d, leaf, slot, bit == PTE_P ? 0 : s_marked(leaf, slot, e) & ~bit);
			found++;
		}
	return found;
}

static void mode_forget(struct domain *d, struct sh_page *leaf)
{
	for (u32 slot = next_live(leaf, 0); slot < ENTRIES; slot = next_live(leaf, slot + 1))
		if (!(s_get(leaf, slot) & PTE_P))
			leaf_put(d, leaf, slot, 0);
}

static void mode_relink(struct domain *d, struct sh_page *sp)
{
	void *const table = sp->table;

	for (u32 first = 0, end = 0, left = sp->entries; left && sh_next_live(sp, ENTRIES, &first, &end);)
		for (u32 slot = first; left && slot < end; slot++) {
			if (!s_entry(table, slot))
				continue;
			left--;
			validate_link(d, sp, slot, guest_entry(sp, slot), ROLE_LEVEL(sp->role));
		}
}

static void mode_unlink(struct domain *d, struct sh_page *parent, u32 slot)
{
	link_put(d, parent, slot, NULL, 0);
}

static void mode_unlink_child(struct domain *d, struct sh_page *parent, const struct sh_page *child)
{
	for (u32 slot = next_live(parent, 0); slot < ENTRIES; slot = next_live(parent, slot + 1)) {
		u64 e = s_get(parent, slot);

		if (e & PTE_P && pte_mfn(e).n == child->mfn)
			link_put(d, parent, slot, NULL, 0);
	}
}

static void empty_leaf(struct domain *d, struct sh_page *leaf)
{
	void *const table = leaf->table;

	for (u32 first = 0, end = 0; sh_next_live(leaf, ENTRIES, &first, &end);)
		for (u32 slot = first; slot < end; slot++) {
			const u64 e = s_entry(table, slot);

			if (AD_HIDES_TABLES && e)
				leaf_put(d, leaf, slot, 0);
			else if (e & PTE_P)
				leaf_lose(d, leaf, slot, e, 0);
			if (!AD_HIDES_TABLES && e)
				s_store(table, slot, 0);
		}
}

static void mode_empty(struct domain *d, struct sh_page *sp)
{
	if (ROLE_LEVEL(sp->role) == 1)
		empty_leaf(d, sp);
	else
		for (u32 slot = 0; sp->entries; slot++) {
			slot = next_live(sp, slot);
			link_put(d, sp, slot, NULL, 0);
		}
	memset(sp->live, 0, sizeof(sp->live));
	if (G == 3 && sp->role & ROLE_PDPTES && !sp->refs)
		memset(pdpte_copy(sp), 0, PAE_ENTRIES * sizeof(u64));
}

static void unhook_user_of(struct domain *d, struct sh_page *table)
{
	for (u32 slot = next_live(table, 0); slot < ENTRIES; slot = next_live(table, slot + 1))
		if ((s_get(table, slot) & (PTE_P | PTE_US)) == (PTE_P | PTE_US))
			link_put(d, table, slot, NULL, 0);
}

/* Top entries of PAE tables have no rights: those below tell. A root that no guest table stands behind tells nothing. */
static void mode_unhook_user(struct domain *d, struct sh_page *root)
{
	if (N == G && N != 3)
		unhook_user_of(d, root);
	for (u32 slot = 0; N == 3 && slot < 4; slot++)
		if (s_get(root, slot) & PTE_P)
			unhook_user_of(d, link_child(d, s_get(root, slot)));
}

/* ---- by address ---- */

/*
 * A link to a direct shadow stands for the superpage that the flush names as a
 * whole; a 32-bit guest's superpage has two, side by side. Entries that the walk did not reach are zero and match nothing.
 */
static inline bool links_direct(const struct domain *d, u64 e)
{
	return is_super(e) || (e & PTE_P && maps_directly(link_child(d, e)->role));
}

static void mode_drop_page(struct vcpu *v, gva_t va)
{
	struct domain *d = v->domain;
	struct sh_page *sp = sh_root(v);
	struct gw w;

	memset(w.e, 0, (G + 1) * sizeof(w.e[0]));
	w.gfn = GFN(0);
	w.leaf = 0;
	gw_walk(v, &w, va, G);
	for (u32 level = N; sp && level > 1; level--) {
		u32 slot = s_slot(va, level);
		u64 e = s_get(sp, slot);
		struct want want = want_link(v, &w, va, level);
		struct sh_page *c;

		if (QUADRANTS && level == 2 && links_direct(d, s_get(sp, slot ^ 1)))
			link_put(d, sp, slot ^ 1, NULL, 0);
		if (!(e & PTE_P))
			return;
		c = link_child(d, e);
		if (links_direct(d, e) ||
		    !policy.sync->keep_link(c, want.gfn, want.role, link_have(e, level), link_form(want.rights, level))) {
			link_put(d, sp, slot, NULL, 0);
			return;
		}
		sp = c;
	}
	if (sp)
		leaf_put(d, sp, s_slot(va, 1), 0);
}

/* Links are in step. */
static struct sh_page *mode_resync_page(struct vcpu *v, gva_t va)
{
	struct sh_walk walk;
	u32 slot = s_slot(va, 1), index;
	u64 ge;

	if (!G || !SYNC_UNSYNCS || !SYNC_LINKS_IN_STEP || !walk_loaded(v, va, &walk) || !walk.leaf->unsync)
		return NULL;
	index = first_index(walk.leaf) + slot;
	ge = guest_entry(walk.leaf, index);
	v->bytes += GUEST_BYTES + SHADOW_BYTES;
	COUNT(v->domain, resync_page);
	if (SYNC_TAKES_SNAPSHOTS && ge == snapshot_entry(walk.leaf->snapshot, index) && s_get(walk.leaf, slot))
		return walk.leaf;
	leaf_put(v->domain, walk.leaf, slot, leaf_derive(v->domain, walk.leaf, ge, role_rsvd(walk.leaf->role)));
	followed(walk.leaf, index, ge);
	return NULL;
}
