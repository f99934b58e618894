/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last part of the template (multi.h): common cases, short, of recipes that ask for it (policies/parts/ways_short.h). Where
 * links are in step with the guest's tables, a walk down the shadow says as much as walking the guest's upper tables
 * would, rights included, and the last table leads to the guest's level-1 table. Whatever is no common case goes to the
 * plain functions of the same names (multi_fill.h, multi_change.h).
 *
 * Must hold: the answer, what becomes of shadow and guest tables, and all books but the bytes touched are those of the plain
 * functions. tests/oracle/lockstep.c asks both and compares.
 */

/* The pages that the entry's books may take are there: the plain functions would make room for more. */
static inline bool short_has_room(const struct domain *d)
{
	return !SH_PART_PAGES || likely(d->shadow->free >= SH_PART_PAGES);
}

/*
 * The walk for va, from v's walk cache if the last one ended at the same leaf, as for most faults. What is cached holds while the
 * root is loaded and no link goes.
 */
static inline __attribute__((always_inline)) bool walk_cached(struct vcpu *v, gva_t va, struct sh_walk *walk)
{
	struct walk_cache *cache = &v->walk_cache[va >> (N > 3 ? 63 : 31) & 1];

	if (likely(cache->tag == va >> s_shift(2))) {
		*walk = (struct sh_walk){ cache->leaf, cache->all };
		return true;
	}
	if (!walk_loaded(v, va, walk))
		return false;
	*cache = (struct walk_cache){ va >> s_shift(2), walk->leaf, walk->all };
	return true;
}

/* ---- faults ---- */

/* The entry of a direct leaf for a write to memory that may be written. */
static __attribute__((noinline)) enum verdict short_direct_fill(struct vcpu *v, gva_t va, struct sh_page *leaf, gfn_t gfn,
								mfn_t mfn)
{
	u64 e;

	log_dirty_mark(v->domain, mfn);
	e = leaf_entry(v->domain, leaf, mfn, LINK_ALL | PTE_D);
	if (unlikely(unprefetched(s_get(leaf, s_slot(va, 1))) == e))
		return retry(v, va);
	leaf_fill(v, leaf, va, gfn, 0, e);
	return SH_FIXED;
}

/*
 * A write through a guest superpage, which is how 64-bit kernels reach their tables and clear pages that are to be some. The
 * link to the direct shadow has the superpage's rights, and PTE_RW only once it is dirty.
 */
static __attribute__((noinline)) enum verdict short_direct(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 all)
{
	gfn_t gfn = GFN((u64)leaf->gfn + s_slot(va, 1));
	mfn_t mfn = p2m_lookup(v->domain, gfn);
	enum verdict r;

	if (!(pfec & PFEC_W) || !(all & PTE_RW) || unlikely(!gw_allowed(v, all, pfec) || !mfn_valid(mfn)))
		return full_fault(v, va, pfec);
	if (unlikely(!short_has_room(v->domain)))
		return full_fault(v, va, pfec);
	if (policy.sync->may_write(frame_of(v->domain, mfn))) /* where superpages are mapped whole, it may be */
		return SUPER_HIGHEST_LEAF > 1 ? full_fault(v, va, pfec) : short_direct_fill(v, va, leaf, gfn, mfn);
	v->fault.va = va;
	v->fault.gpa = gfn_to_gpa(gfn) | (va & ~PAGE_MASK);
	r = policy.sync->table_write(v, gfn);
	if (r == SH_FIXED)
		return short_direct_fill(v, va, leaf, gfn, mfn);
	soft_keep(v, va, pfec, mfn);
	return r;
}

/* The call is apart and the last one, like all that is rare, so that the caller needs no stack. */
static __attribute__((noinline)) enum verdict short_prefetch(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	prefetch(v, leaf, slot);
	return SH_FIXED;
}

static __attribute__((noinline)) enum verdict short_sweep(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	sweep(v, leaf, slot);
	return SH_FIXED;
}

/* Entries beside the one that was filled may be filled, too. */
static inline __attribute__((always_inline)) enum verdict short_beside(struct vcpu *v, struct sh_page *leaf, u64 slot)
{
	if (PREFETCH_LOOKS_AROUND && unlikely(sweeps_now(v, leaf)))
		return short_sweep(v, leaf, slot);
	return PREFETCH_LOOKS_AROUND && worth_a_look_at_table(leaf, slot) ? short_prefetch(v, leaf, slot) : SH_FIXED;
}

/* The entry was filled from ge. */
static inline __attribute__((always_inline)) enum verdict short_filled(struct vcpu *v, struct sh_page *leaf, u64 slot, u64 ge)
{
	leaf_filled(v, v->domain, leaf, slot, ge);
	return short_beside(v, leaf, slot);
}

/* The same, and somebody wants to know it. */
static __attribute__((noinline, cold)) enum verdict short_filled_traced(struct vcpu *v, struct sh_page *leaf, gva_t va, u64 ge,
									u64 e)
{
	const u64 slot = s_slot(va, 1);

	leaf_filled(v, v->domain, leaf, slot, ge);
	trace_fill(v, leaf, va, pte_gfn(ge), e);
	return short_beside(v, leaf, slot);
}

/* One leaf entry is filled, for an access that is allowed and marked, and not a write to a table that must not be written. */
static __attribute__((noinline)) enum verdict short_fill_any(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge,
							     mfn_t mfn)
{
	const u32 slot = s_slot(va, 1);
	struct domain *const d = v->domain;
	u64 e;

	if (unlikely(!short_has_room(d)) || (!(pfec & PFEC_W) && sh_hidden(frame_of(d, mfn))))
		return full_fault(v, va, pfec);
	if (pfec & PFEC_W)
		log_dirty_mark(d, mfn);
	e = leaf_entry_in(d, leaf, mfn, ge);
	if (unlikely(unprefetched(s_get(leaf, slot)) == e))
		return retry(v, va);
	leaf_put(d, leaf, slot, e);
	return unlikely(TRACES_FILL) ? short_filled_traced(v, leaf, va, ge, e) : short_filled(v, leaf, slot, ge);
}

/* A leaf entry that is there gets more rights, or has led elsewhere. The frame is no table, and no write is recorded. */
static __attribute__((noinline)) enum verdict short_refill(struct vcpu *v, gva_t va, mfn_t mfn, struct sh_page *leaf, u64 ge)
{
	const u64 slot = va >> s_shift(1) & (ENTRIES - 1);
	const u64 old = s_get(leaf, slot), e = leaf_entry_whole(mfn, ge);

	if (unlikely(unprefetched(old) == e))
		return retry(v, va);
	leaf_change(v->domain, leaf, slot, old, e);
	return short_filled(v, leaf, slot, ge);
}

/* The guest writes to a table, and may not without being asked. */
static __attribute__((noinline)) enum verdict short_table_write(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge,
								mfn_t mfn)
{
	enum verdict r = policy.sync->table_write(v, pte_gfn(ge));

	if (r == SH_FIXED)
		return short_fill_any(v, va, pfec, leaf, ge, mfn);
	soft_keep(v, va, pfec, mfn);
	return r;
}

/* The entry leads to a device or to a table, or writes are recorded, or fills are traced. */
static __attribute__((noinline)) enum verdict short_present(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge)
{
	const mfn_t mfn = p2m_lookup(v->domain, pte_gfn(ge));

	v->fault.gpa = gfn_to_gpa(pte_gfn(ge)) | (va & ~PAGE_MASK);
	if (unlikely(!mfn_valid(mfn)))
		return policy.spare->answer ? full_fault(v, va, pfec) : SH_MMIO;
	if (pfec & PFEC_W && !policy.sync->may_write(frame_of(v->domain, mfn)))
		return short_table_write(v, va, pfec, leaf, ge, mfn);
	return short_fill_any(v, va, pfec, leaf, ge, mfn);
}

/*
 * The entry for an access that is allowed and marked. The commonest comes first: none is there yet, and it is to be writable. `traced` is a
 * constant.
 */
static inline __attribute__((always_inline)) enum verdict short_fill_as(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf,
									u64 ge, bool traced)
{
	const u64 slot = va >> s_shift(1) & (ENTRIES - 1);
	struct domain *const d = v->domain;
	const mfn_t mfn = p2m_lookup(d, pte_gfn(ge));

	if (unlikely(!mfn_valid(mfn)) || unlikely(!short_has_room(d) || frame_of(d, mfn)->shadows || d->log_dirty))
		return short_present(v, va, pfec, leaf, ge);
	if (!ge_writable(ge) || s_get(leaf, slot) & PTE_P || unlikely(!leaf_count(d, leaf, slot, mfn)))
		return traced ? short_present(v, va, pfec, leaf, ge) : short_refill(v, va, mfn, leaf, ge);
	s_set(leaf, slot, leaf_entry_read(mfn, ge) | PTE_RW);
	if (traced)
		return short_filled_traced(v, leaf, va, ge, leaf_entry_read(mfn, ge) | PTE_RW);
	return short_filled(v, leaf, slot, ge);
}

static __attribute__((noinline, cold)) enum verdict short_fill_traced(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf,
								      u64 ge)
{
	return short_fill_as(v, va, pfec, leaf, ge, true);
}

static __attribute__((noinline)) enum verdict short_fill(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge)
{
	if (unlikely(TRACES_FILL))
		return short_fill_traced(v, va, pfec, leaf, ge);
	return short_fill_as(v, va, pfec, leaf, ge, false);
}

/*
 * Do the links' rights, and the guest's entry with its marks, give the access as it is? Bits of the fault's code and of entries
 * are the same, P, W, U, and the marks follow.
 */
static inline __attribute__((always_inline)) bool short_allowed(u64 ge, u64 links, u32 pfec)
{
	const u64 needs = PTE_P | pfec | PTE_A | (pfec & PFEC_W) / PFEC_W * PTE_D;

	return !(needs & ~(ge & (links | PTE_D)));
}

/* A fault that the rights allow once the guest's entry is marked: the first access, or the first write. The links are marked. */
static __attribute__((noinline)) enum verdict short_mark(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge,
							 u64 all)
{
	const u64 marked = ge | PTE_A | (pfec & PFEC_W ? PTE_D : 0);

	if (AD_HIDES_TABLES || marked == ge || (pfec & PFEC_W && !(all & PTE_RW)))
		return full_fault(v, va, pfec);
	if (!gw_mark_entry(v, p2m_lookup(v->domain, GFN(leaf->gfn)), gw_offset(va, 1, G), ge, marked, G))
		return full_fault(v, va, pfec);
	return short_fill(v, va, pfec, leaf, marked);
}

/* The pair's .fault: the cases that the shadow and the guest's level-1 entry decide; full_fault has all others. */
static enum verdict short_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	struct sh_walk walk;
	enum verdict r;
	u64 ge;

	if (unlikely(!walk_cached(v, va, &walk)))
		return full_fault(v, va, pfec);
	if (policy.spare->answer && policy.sync->in_sync(walk.leaf) && spare_answers(v, va, pfec, &walk, &r))
		return r;
	if (walk.leaf->role & ROLE_DIRECT)
		return short_direct(v, va, pfec, walk.leaf, walk.all);
	v->bytes += GUEST_BYTES;
	ge = guest_entry(walk.leaf, va >> 12 & (PAGE_SIZE / GUEST_BYTES - 1));
	v->fault.va = va;
	if (!(ge & PTE_P)) {
		v->fault.pfec = pfec & (PFEC_W | PFEC_U | PFEC_I);
		if (policy.spare->answer)
			remember_absent(&walk, va);
		return SH_GUEST_FAULT;
	}
	if (unlikely(pfec >= PFEC_RSVD || ge & v->rsvd))
		return full_fault(v, va, pfec);
	if (likely(short_allowed(ge, walk.all, pfec)))
		return AD_HIDES_TABLES ? short_present(v, va, pfec, walk.leaf, ge) : short_fill(v, va, pfec, walk.leaf, ge);
	if (gw_allowed(v, walk.all & ge, pfec))
		return short_mark(v, va, pfec, walk.leaf, ge, walk.all & ge);
	v->fault.pfec = (pfec & (PFEC_W | PFEC_U)) | PFEC_P;
	return SH_GUEST_FAULT;
}

/* ---- emulation's accesses ---- */

/* An access to a page that the shadow leads to: SH_FIXED or SH_MMIO. NO_VERDICT: the guest's walk must tell. */
#define NO_VERDICT ((enum verdict)(SH_OOM + 1))
static inline __attribute__((always_inline)) enum verdict short_walk_to(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	struct sh_walk walk;
	u64 ge = PTE_D | LINK_ALL; /* a direct shadow's: its link has no PTE_RW while the guest's superpage lacks PTE_D */
	gfn_t gfn;

	if ((G >= 4 && gw_canonical(va, G) != va) || unlikely(access & PFEC_I) || !walk_cached(v, va, &walk))
		return NO_VERDICT;
	v->bytes += GUEST_BYTES;
	gfn = GFN((u64)walk.leaf->gfn + s_slot(va, 1));
	if (!(walk.leaf->role & ROLE_DIRECT)) {
		ge = guest_entry(walk.leaf, va >> 12 & (PAGE_SIZE / GUEST_BYTES - 1));
		gfn = pte_gfn(ge);
	}
	if (unlikely(ge & v->rsvd || !short_allowed(ge, walk.all, access & (PFEC_W | PFEC_U))) ||
	    unlikely(access & PFEC_SMAP && walk.all & ge & PTE_US))
		return NO_VERDICT;
	t->mfn = p2m_lookup(v->domain, gfn);
	if (unlikely(!mfn_valid(t->mfn))) {
		v->fault.va = va;
		v->fault.gpa = gfn_to_gpa(gfn) | (va & ~PAGE_MASK);
		return SH_MMIO;
	}
	t->p = (u8 *)plat_map(t->mfn) + (va & ~PAGE_MASK);
	soft_keep(v, va, access, t->mfn);
	return SH_FIXED;
}

static enum verdict short_translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	enum verdict r = short_walk_to(v, va, access, t);

	return likely(r != NO_VERDICT) ? r : mode_translate(v, va, access, t);
}

static void short_wrote_else(struct vcpu *v, const struct sh_target *t, u32 bytes);

/*
 * What sh_validate comes to for one entry of a table that has one shadow, made in the mode that v is in. `traced`, a constant: somebody wants
 * to know it.
 */
static inline __attribute__((always_inline)) void short_wrote(struct vcpu *v, const struct sh_target *t, u32 bytes, bool traced)
{
	struct domain *d = v->domain;
	struct frame_info *f = frame_of(d, t->mfn);
	const u32 offset = (u32)((uintptr_t)t->p & ~PAGE_MASK);
	struct sh_page *sp = f->shadows;

	if (QUADRANTS || (!traced && TRACE_ON(emulate)) ||
	    unlikely(!sp || sp->same_frame || (sp->role & ~ROLE_PLACE) != v->role) ||
	    unlikely(offset % GUEST_BYTES + bytes > GUEST_BYTES)) {
		if (traced)
			mode_wrote(v, t, bytes);
		else
			short_wrote_else(v, t, bytes);
		return;
	}
	log_dirty_mark(d, t->mfn);
	v->bytes += 2 * bytes;
	COUNT(d, emulate_ok);
	if (likely(ROLE_LEVEL(sp->role) == 1))
		follow_leaf(d, sp, offset / GUEST_BYTES, v->rsvd);
	else
		validate_link(d, sp, offset / GUEST_BYTES, guest_entry(sp, offset / GUEST_BYTES), ROLE_LEVEL(sp->role));
	if (traced)
		trace_emulate(v, GFN(sp->gfn), t->p, bytes);
	SH_EACH(reclaim, written, v, f, t->p, bytes);
}

static __attribute__((noinline)) void short_wrote_else(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	if (TRACE_ON(emulate))
		short_wrote(v, t, bytes, true);
	else
		mode_wrote(v, t, bytes);
}

/* The pair's .write: emulation's store, where the shadow leads to the page. */
static enum verdict short_write(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access)
{
	struct sh_target t;
	enum verdict r;

	access = (access & ~PFEC_I) | PFEC_W;
	if (unlikely(!soft_hit(v, va, access, &t)) && unlikely((r = short_walk_to(v, va, access, &t)) != SH_FIXED))
		return r == SH_MMIO ? r : mode_write(v, va, buf, bytes, access);
	if (AD_HIDES_TABLES)
		sh_settle(v->domain, t.p, bytes, true);
	gw_store(&t, buf, bytes);
	short_wrote(v, &t, bytes, false);
	return SH_FIXED;
}
