/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): the common cases, short. Where links are in step
 * with the guest's tables, three loads down the shadow say as much as walking the
 * guest's upper tables would, rights included, and the last table leads to the guest's
 * level-1 table. Whatever is not a plain case is left to the full walk (multi_fill.h).
 *
 * Must hold: a quick answer is the answer that the full walk would give.
 */

struct quick {
	struct sh_page *leaf;
	const u8 *entry; /* the shadow's level-1 entry */
	u64 all, any;    /* AND and OR of the links, and of the guest's leaf entry where there is one */
	u64 ge;          /* the guest's level-1 entry */
};

/* Down the loaded root to the leaf shadow for va, which `way` keeps. False: a link is missing. */
static __attribute__((noinline)) bool walk_way(struct vcpu *v, gva_t va, struct sh_way *way)
{
	const u8 *t = APART ? v->root->table : plat_map(hpa_to_mfn(v->hw_cr3));
	u64 e = 0, all = ~0ull, any = 0;

	v->bytes += (N - 1) * SHADOW_BYTES;
#pragma GCC unroll 4
	for (u32 level = N; level > 1; level--) {
		const u8 *p = t + s_slot(va, level) * SHADOW_BYTES;

		e = SHADOW_BYTES == 4 ? *(const u32 *)p : *(const u64 *)p;
		if (unlikely(!(e & PTE_P)) || (level == 2 && is_super(e)))
			return false;
		if (N != 3 || level != 3) {
			all &= e;
			any |= e;
		}
		t = plat_map(hpa_to_mfn(e & PTE_ADDR));
	}
	*way = (struct sh_way){ va >> s_shift(2), link_child(v->domain, e), all, any };
	return true;
}

/* The way that is kept for addresses like va. Whatever changes a link forgets the ways that go through it (sh_forget_ways,
 * sh_forget_ways_through). */
static inline struct sh_way *kept_way(struct vcpu *v, gva_t va)
{
	return &v->way[va >> (N > 3 ? 63 : 31) & 1];
}
static inline bool leads_to(const struct sh_way *way, gva_t va)
{
	return likely(way->place == va >> s_shift(2));
}

static inline __attribute__((always_inline)) void quick_along(const struct sh_way *way, gva_t va, struct quick *q)
{
	q->leaf = way->leaf;
	q->entry = (const u8 *)q->leaf->table + s_slot(va, 1) * SHADOW_BYTES;
	q->all = way->all;
	q->any = way->any;
}

/* Down to the leaf shadow for va, walking if need be. False: a link is missing. */
static inline __attribute__((always_inline)) bool quick_way(struct vcpu *v, gva_t va, struct quick *q)
{
	struct sh_way *way = kept_way(v, va);

	if (!leads_to(way, va) && !walk_way(v, va, way))
		return false;
	quick_along(way, va, q);
	return true;
}

/* Down to the guest's level-1 entry, the way being there. */
static inline __attribute__((always_inline)) void quick_entry(struct vcpu *v, gva_t va, struct quick *q)
{
	v->bytes += GUEST_BYTES;
	q->ge = guest_entry(q->leaf, va >> 12 & (PAGE_SIZE / GUEST_BYTES - 1));
	q->all &= q->ge;
	q->any |= q->ge;
}

/* Marked for the access, and for a write no read-only mapping that supervisors may write to. */
static inline __attribute__((always_inline)) bool quick_plain(const struct quick *q, u32 pfec)
{
	return !policy.ad->unmarked(q->all, q->ge, pfec & PFEC_W) && (q->all & PTE_RW || !(pfec & PFEC_W));
}

/* Present, no reserved bits, allowing the access, and plain. */
static inline __attribute__((always_inline)) bool quick_allowed(const struct vcpu *v, const struct quick *q, u32 pfec)
{
	return likely(!(q->ge & v->rsvd)) && quick_plain(q, pfec) && likely(gw_allowed(v, q->all, pfec));
}

static enum verdict full_fault(struct vcpu *v, gva_t va, u32 pfec);

/* Does hardware walk what the engine wrote, down to the entry for va? */
static bool hw_agrees(struct vcpu *v, gva_t va)
{
	const struct sh_page *sp = v->root;

	for (u32 level = N; sp; level--) {
		const u32 slot = s_slot(va, level);
		const u64 e = s_get(sp, slot);
		const bool link = level > 1 && e & PTE_P && !is_super(e);

		if (!hw_copies(sp, slot, e, link))
			return false;
		sp = link ? link_child(v->domain, e) : NULL;
	}
	return true;
}

/*
 * Nothing was wrong. Where hardware walks tables of its own the guest may have changed them, and would fault here
 * again and again.
 */
static inline enum verdict retry(struct vcpu *v, gva_t va)
{
	if (APART && unlikely(pool_hw_offset) && !hw_agrees(v, va))
		plat_domain_crash(v->domain, "it has written to the tables that hardware walks for %llx", (unsigned long long)va);
	return SH_RETRY;
}

/* The entry of a direct leaf for a write to memory that may be written. */
static __attribute__((noinline)) enum verdict direct_fill(struct vcpu *v, gva_t va, struct sh_page *leaf, gfn_t gfn, mfn_t mfn)
{
	u64 e;

	log_dirty_mark(v->domain, mfn);
	e = leaf_entry(v->domain, mfn, LINK_ALL | PTE_D);
	if (unlikely(plain_entry(s_get(leaf, s_slot(va, 1))) == e))
		return retry(v, va);
	leaf_fill(v, leaf, va, gfn, 0, e);
	return SH_FIXED;
}

/*
 * A write through a guest superpage, which is how 64-bit kernels reach their tables and clear pages that are to be some. The
 * link to the direct shadow has the superpage's rights, and PTE_RW only once it is dirty.
 */
static __attribute__((noinline)) enum verdict quick_direct(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 all)
{
	gfn_t gfn = GFN((u64)leaf->gfn + s_slot(va, 1));
	mfn_t mfn = p2m_lookup(v->domain, gfn);
	enum verdict r;

	if (!(pfec & PFEC_W) || !(all & PTE_RW) || unlikely(!gw_allowed(v, all, pfec) || !mfn_valid(mfn)))
		return full_fault(v, va, pfec);
	if (SH_PART_PAGES && unlikely(v->domain->shadow->free < SH_PART_PAGES))
		return full_fault(v, va, pfec);
	if (policy.sync->may_write(frame_of(v->domain, mfn))) /* where superpages are mapped whole, it may be */
		return SUPER_HIGHEST_LEAF > 1 ? full_fault(v, va, pfec) : direct_fill(v, va, leaf, gfn, mfn);
	v->fault.va = va;
	v->fault.gpa = gfn_to_gpa(gfn) | (va & ~PAGE_MASK);
	r = policy.sync->table_write(v, gfn);
	if (r == SH_FIXED)
		return direct_fill(v, va, leaf, gfn, mfn);
	soft_keep(v, va, pfec, mfn);
	return r;
}

static enum verdict quick_present(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge, u64 all);

/* A fault that the rights allow, but not without a mark: the first access, or the first write. The links are marked. */
static __attribute__((noinline)) enum verdict quick_mark(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge,
							 u64 all)
{
	const u64 marked = ge | PTE_A | (pfec & PFEC_W ? PTE_D : 0);
	const u32 index = va >> 12 & (PAGE_SIZE / GUEST_BYTES - 1);
	struct domain *d = v->domain;

	if (AD_HIDES_TABLES || marked == ge || (pfec & PFEC_W && !(all & PTE_RW)))
		return full_fault(v, va, pfec);
	if (!gw_swap_entry((u8 *)plat_map(p2m_lookup(d, GFN(leaf->gfn))) + index * GUEST_BYTES, ge, marked, G))
		return full_fault(v, va, pfec);
	v->bytes += GUEST_BYTES;
	log_dirty_mark(d, p2m_lookup(d, GFN(leaf->gfn)));
	d->counter[PN_CNT_set_accessed] += !(ge & PTE_A);
	d->counter[PN_CNT_set_dirty] += (marked & ~ge & PTE_D) != 0;
	return quick_present(v, va, pfec, leaf, marked, all | PTE_A);
}

/* An allowed access on a way that is there: the guest writes to a table, or needs the one leaf entry. */
static __attribute__((noinline)) enum verdict quick_present(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge,
							    u64 all)
{
	const struct quick q = { .leaf = leaf, .ge = ge, .all = all };
	struct domain *d = v->domain;
	mfn_t mfn;
	u64 e;

	if (unlikely(!quick_plain(&q, pfec)))
		return quick_mark(v, va, pfec, leaf, ge, all);
	mfn = p2m_lookup(d, pte_gfn(ge));
	v->fault.gpa = gfn_to_gpa(pte_gfn(ge)) | (va & ~PAGE_MASK);
	if (unlikely(!mfn_valid(mfn)))
		return policy.spare->answer ? full_fault(v, va, pfec) : SH_MMIO;
	if (pfec & PFEC_W && !policy.sync->may_write(frame_of(d, mfn))) {
		enum verdict r = policy.sync->table_write(v, pte_gfn(ge));

		if (r != SH_FIXED) {
			soft_keep(v, va, pfec, mfn);
			return r;
		}
	}
	if (SH_PART_PAGES && unlikely(d->shadow->free < SH_PART_PAGES))
		return full_fault(v, va, pfec);
	if (pfec & PFEC_W)
		log_dirty_mark(d, mfn);
	if (!(pfec & PFEC_W) && sh_hidden(frame_of(d, mfn)))
		return full_fault(v, va, pfec);
	e = leaf_entry_in(d, leaf, mfn, ge);
	if (unlikely(plain_entry(s_get(leaf, s_slot(va, 1))) == e))
		return retry(v, va);
	leaf_fill(v, leaf, va, pte_gfn(ge), ge, e);
	return SH_FIXED;
}

/* Apart and last, so that its caller needs little of a stack. */
static __attribute__((noinline)) enum verdict prefetch_fixed(struct vcpu *v, struct sh_page *leaf, u32 slot)
{
	prefetch(v, leaf, slot);
	return SH_FIXED;
}

/*
 * What of an access can be read from the entries alone: bits of the fault's code and of entries are the same, P, W, U, and the
 * marks follow. Faults with other bits in their code are not asked.
 */
#define PLAIN_FAULTS      8
#define PLAIN_NEEDS(pfec) (PTE_P | PTE_A | ((pfec)&PFEC_W ? PTE_RW | PTE_D : 0) | ((pfec)&PFEC_U ? PTE_US : 0))
static const u8 plain_needs[PLAIN_FAULTS] = { PLAIN_NEEDS(0), PLAIN_NEEDS(1), PLAIN_NEEDS(2), PLAIN_NEEDS(3),
					      PLAIN_NEEDS(4), PLAIN_NEEDS(5), PLAIN_NEEDS(6), PLAIN_NEEDS(7) };

/* Do the links' rights, and the guest's entry with its marks, give the access as it is? */
static inline __attribute__((always_inline)) bool plainly_allowed(const struct vcpu *v, u32 pfec, u64 ge, u64 links)
{
	return pfec < PLAIN_FAULTS && !(ge & v->not_plain) && !(plain_needs[pfec] & ~(ge & (links | PTE_D)));
}

/* The entry was filled from ge; the ones beside it may be, too. */
static inline __attribute__((always_inline)) enum verdict plain_filled(struct vcpu *v, struct sh_page *leaf, u64 slot, u64 ge)
{
	leaf_filled(v, v->domain, leaf, slot, ge);
	return PREFETCH_LOOKS_AROUND && worth_a_look_at_table(leaf, slot) ? prefetch_fixed(v, leaf, slot) : SH_FIXED;
}

/*
 * A plain fill that gives no write access, or must not (wrmap), or of an entry that is there: it gets more rights, or has led to
 * another frame.
 */
static __attribute__((noinline)) enum verdict plain_refill(struct vcpu *v, gva_t va, mfn_t mfn, struct sh_page *leaf, u64 ge)
{
	const u64 slot = va >> s_shift(1) & (ENTRIES - 1);
	const u64 old = s_get(leaf, slot), e = leaf_entry_plain(mfn, ge);

	if (unlikely(!((old ^ e) & ~(SH_PREFETCHED | PTE_A))))
		return retry(v, va);
	leaf_change(v->domain, leaf, slot, old, e);
	return plain_filled(v, leaf, slot, ge);
}

/*
 * They do: for the commonest of all faults, on a frame that is no table, with nothing to be recorded: an entry
 * that is not there becomes a writable one. What is as plain otherwise is plain_refill's, all else quick_present's.
 */
static __attribute__((noinline)) enum verdict quick_plain_fill(struct vcpu *v, gva_t va, u32 pfec, struct sh_page *leaf, u64 ge)
{
	const u64 slot = va >> s_shift(1) & (ENTRIES - 1);
	struct domain *const d = v->domain;
	const mfn_t mfn = p2m_lookup(d, pte_gfn(ge));

	if (unlikely(!mfn_valid(mfn) || frame_of(d, mfn)->shadows || TRACES_FILL))
		return quick_present(v, va, pfec, leaf, ge, kept_way(v, va)->all & ge);
	if (!ge_writable(ge) || s_get(leaf, slot) & PTE_P || unlikely(!SH_ALL(wrmap, mapped, d, mfn, leaf, slot)))
		return plain_refill(v, va, mfn, leaf, ge);
	frame_of(d, mfn)->writable++;
	s_set(leaf, slot, leaf_entry_read(mfn, ge) | PTE_RW);
	return plain_filled(v, leaf, slot, ge);
}

/* Memory that is none, at which the guest was before: its entry's rights are what the shadow's entry remembers. */
static __attribute__((noinline)) enum verdict quick_mmio(struct vcpu *v, gva_t va, u32 pfec, u64 e, u64 all)
{
	const struct quick q = { .ge = e, .all = all & e };

	if (pfec & PFEC_I || mfn_valid(p2m_lookup(v->domain, pte_gfn(e))) || !quick_allowed(v, &q, pfec))
		return full_fault(v, va, pfec);
	COUNT(v->domain, spare_mmio);
	v->fault.va = va;
	v->fault.gpa = gfn_to_gpa(pte_gfn(e)) | (va & ~PAGE_MASK);
	return SH_MMIO;
}

/* Is the answer in the shadow's entry already, its page being in sync? Then nothing of the guest's is read. */
static inline __attribute__((always_inline)) bool quick_spare(struct vcpu *v, gva_t va, u32 pfec, const struct quick *q,
							      enum verdict *r)
{
	u64 e = s_entry(q->entry, 0);
	enum sh_answer a = policy.spare->answer(e, pfec);

	if (a == SH_ANSWER_NONE)
		return false;
	if (a == SH_ANSWER_READ_ONLY && unlikely(!(pfec & PFEC_U) && !(v->cr0 & CR0_WP)))
		return false;
	v->bytes += SHADOW_BYTES;
	if (a == SH_ANSWER_MMIO) {
		*r = quick_mmio(v, va, pfec, e, q->all);
		return true;
	}
	COUNT(v->domain, spare_hit);
	v->fault.va = va;
	v->fault.pfec = pfec & (PFEC_W | PFEC_U | PFEC_I | (a == SH_ANSWER_READ_ONLY ? PFEC_P : 0));
	*r = SH_GUEST_FAULT;
	return true;
}

/* The guest's entry was found to be not present: its shadow's says so from now on. */
static inline void remember_absent(const struct quick *q, gva_t va)
{
	u32 slot = s_slot(va, 1);
	u64 ge;

	if (maps_directly(q->leaf->role) || !policy.sync->in_sync(q->leaf) || s_get(q->leaf, slot))
		return;
	ge = guest_entry(q->leaf, first_index(q->leaf) + slot);
	if (!(ge & PTE_P))
		s_set(q->leaf, slot, policy.spare->absent(ge, SH_ABSENT_GUEST));
}

static inline __attribute__((always_inline)) enum verdict fault_along(struct vcpu *v, gva_t va, u32 pfec,
								      const struct sh_way *way)
{
	struct quick q;
	enum verdict r;

	quick_along(way, va, &q);
	if (policy.spare->answer && policy.sync->in_sync(q.leaf) && quick_spare(v, va, pfec, &q, &r))
		return r;
	if (q.leaf->role & ROLE_DIRECT)
		return quick_direct(v, va, pfec, q.leaf, q.all);
	quick_entry(v, va, &q);
	v->fault.va = va;
	if (!(q.ge & PTE_P)) {
		v->fault.pfec = pfec & (PFEC_W | PFEC_U | PFEC_I);
		if (policy.spare->answer)
			remember_absent(&q, va);
		return SH_GUEST_FAULT;
	}
	if (!AD_HIDES_TABLES && !SH_PART_PAGES && likely(plainly_allowed(v, pfec, q.ge, way->all)))
		return quick_plain_fill(v, va, pfec, q.leaf, q.ge);
	if (unlikely(pfec & PFEC_I || q.ge & v->rsvd))
		return full_fault(v, va, pfec);
	if (!gw_allowed(v, q.all, pfec)) {
		v->fault.pfec = (pfec & (PFEC_W | PFEC_U)) | PFEC_P;
		return SH_GUEST_FAULT;
	}
	return quick_present(v, va, pfec, q.leaf, q.ge, q.all);
}

/* Apart, so that a fault along a way that is known needs no stack. */
static __attribute__((noinline)) enum verdict fault_by_walk(struct vcpu *v, gva_t va, u32 pfec, struct sh_way *way)
{
	return walk_way(v, va, way) ? fault_along(v, va, pfec, way) : full_fault(v, va, pfec);
}

static inline __attribute__((always_inline)) enum verdict quick_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	struct sh_way *way = kept_way(v, va);

	return leads_to(way, va) ? fault_along(v, va, pfec, way) : fault_by_walk(v, va, pfec, way);
}

/* Emulation's access to a page whose way is there. SH_RETRY: the full walk must tell. */
static inline __attribute__((always_inline)) enum verdict quick_translate(struct vcpu *v, gva_t va, u32 access,
									  struct sh_target *t)
{
	struct quick q;
	gfn_t gfn;

	if ((G >= 4 && gw_canonical(va, G) != va) || !quick_way(v, va, &q))
		return SH_RETRY;
	v->bytes += GUEST_BYTES;
	if (q.leaf->role & ROLE_DIRECT) {
		gfn = GFN((u64)q.leaf->gfn + s_slot(va, 1));
		q.ge = PTE_D | PTE_A; /* the link has no PTE_RW while the guest's superpage lacks it */
	} else {
		q.ge = guest_entry(q.leaf, va >> 12 & (PAGE_SIZE / GUEST_BYTES - 1));
		if (unlikely(!(q.ge & PTE_P)))
			return SH_RETRY;
		gfn = pte_gfn(q.ge);
		q.all &= q.ge;
		q.any |= q.ge;
	}
	if (!quick_allowed(v, &q, access) || unlikely(access & PFEC_I && q.any & PTE_NX))
		return SH_RETRY;
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
