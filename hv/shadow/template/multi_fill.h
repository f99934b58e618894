/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): page faults, root loads and what they build.
 * A fault is: walk the guest's tables and check; decide whether the write is one to
 * a guest table; go down the shadow, making what is missing; set the leaf.
 * Pages are reserved before the walk down begins, so none disappears under it.
 */

/* Where the shadow of level `level` must lead for va, by a walk that reached that level. */
static inline struct want want_link(const struct vcpu *v, const struct gw *w, gva_t va, u32 level)
{
	u32 place = ROLE_MAKE(level - 1, child_quadrant(s_slot(va, level), level));

	if (G == 3 && level > G)
		return (struct want){ sh_root(v)->gfn, pdpte_role(v, level - 1), LINK_ALL };
	if (G && level > G) /* a level that the guest's tables lack: the root stands for itself */
		return (struct want){ (u32)gw_root_gfn(v).n, v->role | place, LINK_ALL };
	if (G && w->leaf < level)
		return (struct want){ (u32)pte_gfn(w->e[level]).n, v->role | place, link_rights(w->e[level], level, false) };
	return (struct want){
		.gfn = (u32)(w->gfn.n - (va >> 12 & (BIT(SHADOW_BITS * (level - 1)) - 1))),
		.role = direct_role(level - 1),
		.rights = G && w->leaf == level ? link_rights(w->e[level], level, true) : LINK_ALL,
	};
}

/*
 * A root whose frame's writable mappings are still being looked for cannot be loaded yet: hardware has a stand-in for it, an empty page
 * that no guest frame is behind. So each access faults, and each such fault tries the load again.
 */
static inline u32 stand_in_role(const struct vcpu *v)
{
	return v->role | ROLE_DIRECT | ROLE_MAKE(N, 0);
}
static inline bool stands_in(const struct sh_page *root)
{
	return SH_SEARCHER && G && G != 3 && unlikely(root->role & ROLE_DIRECT);
}

static void mode_load_root(struct vcpu *v);

/* Nothing that may be kept is linked there: find a shadow, or begin one. NULL: not yet, try again (sh_searched). */
static __attribute__((noinline)) struct sh_page *link_new(struct vcpu *v, struct sh_page *sp, gva_t va, u32 level,
							  const struct want *want)
{
	struct domain *d = v->domain;
	struct sh_page *c;

	if (policy.sync->before_link)
		policy.sync->before_link(v);
	if (sh_searches_long(d) && !sh_searched(v, want->gfn, want->role, va))
		return NULL;
	c = policy.sync->find(d, want->gfn, want->role);
	if (!c) {
		c = page_new(v, sp->mode, GFN(want->gfn), want->role, va);
		if (G && want->role & ROLE_DIRECT)
			COUNT(d, splinter);
	}
	link_put(d, sp, s_slot(va, level), c, link_form(want->rights, level));
	return c;
}

static inline __attribute__((always_inline)) struct sh_page *link_for(struct vcpu *v, const struct gw *w, struct sh_page *sp,
								      gva_t va, u32 level, bool *changed)
{
	u32 slot = s_slot(va, level);
	u64 e = s_get(sp, slot);
	struct want want = want_link(v, w, va, level);
	u64 rights = link_form(want.rights, level);

	v->bytes += SHADOW_BYTES;
	if (likely(e & PTE_P)) {
		struct sh_page *c = link_child(v->domain, e);
		u64 have = link_have(e, level);

		if (!c) /* never: the caller need not ask on this way */
			__builtin_unreachable();
		if (likely(policy.sync->keep_link(c, want.gfn, want.role, have, rights))) {
			if (unlikely(have != rights)) {
				if (SHORT) /* for speed: the rights in a walk cache were fewer, so that it was never wrong */
					sh_link_gone(v->domain);
				s_link(sp, slot, c, rights);
				*changed = true;
			}
			return c;
		}
		link_put(v->domain, sp, slot, NULL, 0);
	}
	*changed = true;
	return link_new(v, sp, va, level, &want);
}

static __attribute__((noinline)) enum verdict fill(struct vcpu *v, const struct gw *w, gva_t va, mfn_t mfn)
{
	struct domain *d = v->domain;
	bool changed = false;
	struct sh_page *sp;
	u32 slot = s_slot(va, 1), end;
	u64 ge, e;

	if (unlikely(!sh_reserve(d, SH_MOST_PAGES + SH_PART_PAGES)))
		return SH_OOM;
	sp = sh_root(v);
	if (stands_in(sp)) {
		mode_load_root(v);
		return SH_FIXED;
	}
	end = SUPER_HIGHEST_LEAF == 1 && G && w->leaf <= G ? policy.super->leaf_level(w->leaf) : 1;
	for (u32 level = N; level > end; level--) {
		if (SUPER_HIGHEST_LEAF > 1 && level == 2 && super_fill(v, w, sp, va, &changed))
			return changed ? SH_FIXED : retry(v, va);
		sp = link_for(v, w, sp, va, level, &changed);
		if (SH_SEARCHER && unlikely(!sp))
			return SH_FIXED;
	}
	ge = G && w->leaf == 1 ? w->e[1] : LINK_ALL | PTE_D;
	e = leaf_entry_in(d, sp, mfn, ge);
	if (unlikely(unprefetched(s_get(sp, slot)) == e)) {
		v->bytes += SHADOW_BYTES;
		return changed ? SH_FIXED : retry(v, va);
	}
	leaf_fill(v, sp, va, w->gfn, ge, e);
	return SH_FIXED;
}

/* The guest reached a device: its next accesses there find that in the shadow. */
static __attribute__((noinline)) void remember_mmio(struct vcpu *v, const struct gw *w, gva_t va)
{
	struct sh_page *sp = sh_root(v);
	bool changed;

	if (stands_in(sp) || !sh_reserve(v->domain, SH_MOST_PAGES))
		return;
	for (u32 level = N; level > 1 && sp; level--)
		sp = link_for(v, w, sp, va, level, &changed);
	if (sp && policy.sync->in_sync(sp))
		leaf_put(v->domain, sp, s_slot(va, 1), absent_mmio(w->e[1]));
}

static inline u64 marked_so_far(const struct domain *d)
{
	return d->counter[PN_CNT_set_accessed] + d->counter[PN_CNT_set_dirty];
}

/*
 * resynced: everything was, just before, because a table out of sync translates va. A write to a table is emulated
 * then: an instruction that writes to two, each of which translates the other, would never have both.
 */
static inline __attribute__((always_inline)) enum verdict any_fault(struct vcpu *v, gva_t va, u32 pfec, bool resynced)
{
	struct gw w;
	struct sh_walk walk;
	mfn_t mfn;
	u64 marks = AD_HIDES_TABLES ? marked_so_far(v->domain) : 0;
	enum verdict r = gw_access(v, &w, va, pfec, &mfn, policy.ad->unmarked, G);

	if (AD_HIDES_TABLES && G && r == SH_FIXED && w.leaf == 1 && marks != marked_so_far(v->domain))
		sh_marked(v, p2m_lookup(v->domain, gw_table(v, &w, 1, G)), va);
	if (r == SH_FIXED && !(pfec & PFEC_W) && sh_hidden(frame_of(v->domain, mfn)))
		sh_show(v->domain, frame_of(v->domain, mfn));
	if (policy.spare->keeps_mmio && G && r == SH_MMIO && w.leaf == 1)
		remember_mmio(v, &w, va);
	if (r != SH_FIXED)
		return r;
	if (pfec & PFEC_W) {
		/* CR0.WP is clear, but hardware runs with it set: a supervisor's write that its own hardware would
		 * allow. */
		if (G && unlikely(!(w.all & PTE_RW))) {
			soft_keep(v, va, pfec, mfn);
			return SH_EMULATE;
		}
		if (!policy.sync->may_write(frame_of(v->domain, mfn))) {
			/* The walk to it is made once, by which it may be read as well; an entry that is missing there a read brings. */
			if (!walk_loaded(v, va, &walk) && fill(v, &w, va, mfn) == SH_OOM)
				return SH_OOM;
			/* Making room for the walk may have taken the table's shadows. */
			if (!policy.sync->may_write(frame_of(v->domain, mfn)))
				r = resynced ? SH_EMULATE : policy.sync->table_write(v, w.gfn);
			else
				r = SH_FIXED;
			if (r != SH_FIXED) {
				soft_keep(v, va, pfec, mfn);
				return r;
			}
		}
		log_dirty_mark(v->domain, mfn);
	}
	return fill(v, &w, va, mfn);
}

static __attribute__((noinline)) enum verdict full_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	return any_fault(v, va, pfec, false);
}

/*
 * Where tables above level 1 go out of sync, a fault whose address such a table translates is answered when everything
 * is in sync. Was one? It is by now.
 */
static inline bool caught_up(struct vcpu *v, gva_t va)
{
	if (!G || !SYNC_UNSYNCS_LINKS || !v->domain->unsync || !way_unsync(v, va))
		return false;
	sh_resync_all(v);
	return true;
}

static enum verdict mode_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	struct sh_walk walk;
	enum verdict r;

	if (caught_up(v, va)) {
		r = any_fault(v, va, pfec, true);
		return r == SH_RETRY ? SH_FIXED : r;
	}
	if (!G || !policy.spare->answer)
		return full_fault(v, va, pfec);
	if (walk_loaded(v, va, &walk) && policy.sync->in_sync(walk.leaf) && spare_answers(v, va, pfec, &walk, &r))
		return r;
	r = full_fault(v, va, pfec);
	if (r == SH_GUEST_FAULT && !(v->fault.pfec & PFEC_P) && walk_loaded(v, va, &walk))
		remember_absent(&walk, va);
	return r;
}

static enum verdict mode_translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	enum verdict r = gw_translate(v, va, access, t, G);

	if (r == SH_FIXED)
		soft_keep(v, va, access, t->mfn);
	return r;
}

/* ---- roots ---- */

static __attribute__((noinline)) struct sh_page *root_new(struct vcpu *v, gfn_t gfn, u32 role)
{
	struct domain *d = v->domain;
	struct sh_page *root;

	if (G && G != 3 && !mfn_valid(p2m_lookup(d, gfn))) {
		plat_domain_crash(d, "CR3 %lx points outside its memory", v->cr3);
		return NULL;
	}
	if (!sh_reserve(d, SH_MOST_PAGES)) {
		plat_domain_crash(d, "no shadow page can be had for a root");
		return NULL;
	}
	COUNT(d, root_miss);
	root = page_new(v, v->mode, gfn, role, 0);
	if (policy.sync->root_made)
		policy.sync->root_made(d, root);
	return root;
}

static __attribute__((noinline, cold)) void trace_root_load(struct vcpu *v, const struct sh_page *root, bool hit)
{
	TRACE(v, root_load, root->gfn, root->mfn, hit);
}

/* Does the root lead to the vCPU's page of code, too? */
static __attribute__((noinline, unused)) bool code_reached(const struct vcpu *v, const struct sh_page *root)
{
	const gva_t va = v->code.va;
	struct sh_walk walk;
	u64 e;

	if (va == NO_CODE_PAGE || !walk_down(v->domain, root, va, &walk))
		return false;
	e = s_get(walk.leaf, s_slot(va, 1));
	return e & PTE_P && plat_map(pte_mfn(e)) == v->code.page;
}

/*
 * Is the vCPU's page of code where it was? A CR3 load keeps global translations, and all where the loaded root's way there has not
 * changed. `same`: that root is the one before.
 */
static inline __attribute__((always_inline)) bool code_stays(const struct vcpu *v, const struct sh_page *root, bool same)
{
	const struct code_page *c = &v->code;

	if (INVLPG_EXITS_ALWAYS && c->global)
		return true;
	if (SHORT && G >= 4 && *c->leaf == c->entry && (same || s_get(root, c->top_slot) == c->top))
		return true;
	return !INVLPG_EXITS_ALWAYS && code_reached(v, root);
}

/* What every root load does. The trace is the last, and apart, so that none of it needs a stack. */
static inline __attribute__((always_inline)) void flush_at_load(struct vcpu *v, struct domain *d, const struct sh_page *root,
								bool hit, bool same)
{
	COUNT(d, tlb_flush);
	soft_flush_root(v);
	if (!code_stays(v, root, same))
		v->code.va = NO_CODE_PAGE;
	plat_tlb_flush(v);
	if (TRACE_ON(root_load))
		trace_root_load(v, root, hit);
}

/* Apart, so that a load that finds its root needs no stack. */
static __attribute__((noinline)) void free_and_flush(struct vcpu *v, struct sh_page *old, const struct sh_page *root, bool hit)
{
	sh_page_free(v->domain, old);
	flush_at_load(v, v->domain, root, hit, false);
}

static __attribute__((noinline, unused)) void park_and_flush(struct vcpu *v, struct sh_page *old, const struct sh_page *root,
							     bool hit)
{
	sh_park_left_root(v->domain, old);
	flush_at_load(v, v->domain, root, hit, false);
}

/* Is a root that was looked for surely another than the loaded one? load_root() looks for none when it is that one. */
#define ROOTS_DIFFER (SYNC_KEEPS_ROOTS && N > 3)

/* Hardware and v use this root from now on; the one before, `old`, is left. */
static inline __attribute__((always_inline)) void install_root(struct vcpu *v, struct domain *d, struct sh_page *old,
							       struct sh_page *root, bool hit)
{
	SH_EACH(reclaim, root_used, d, root);
	if (ROOTS_DIFFER && root == old)
		__builtin_unreachable();
	if (N == 3 || root != old) { /* hardware reads a PAE root's entries when it is loaded */
		v->hw_cr3 = mfn_to_hpa(MFN(root->mfn)) + (APART ? pool_hw_offset : 0);
		v->hw_dirty |= HW_CR3;
	}
	if (root != old) {
		root->refs++;
		root->loaded++;
		v->root = root;
		if (SHORT)
			sh_walk_cache_drop(v);
		if (old) {
			old->loaded--;
			if (policy.sync->root_left)
				policy.sync->root_left(v, old);
			if (!--old->refs) {
				free_and_flush(v, old, root, hit);
				return;
			}
			if (policy.sync->unpark && SH_ANY(reclaim, parks_left, d, old)) {
				park_and_flush(v, old, root, hit);
				return;
			}
		}
	}
	flush_at_load(v, d, root, hit, false);
}

static __attribute__((noinline, cold)) void load_stand_in(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct sh_page *root = policy.sync->find(d, 0, stand_in_role(v));

	if (!root) {
		if (!sh_reserve(d, SH_MOST_PAGES)) {
			plat_domain_crash(d, "no shadow page can be had for a root");
			return;
		}
		root = page_new(v, v->mode, GFN(0), stand_in_role(v), 0);
	}
	if (root == v->root)
		flush_at_load(v, d, root, false, true);
	else
		install_root(v, d, v->root, root, false);
}

/* Is it more than this exit's work to find out who may write to the frame of a root that is to be loaded? */
static inline bool root_must_wait(struct vcpu *v, gfn_t gfn, u32 role)
{
	return sh_searches_long(v->domain) && G && G != 3 && !sh_searched(v, (u32)gfn.n, role, 0);
}

static __attribute__((noinline)) void load_new_root(struct vcpu *v, gfn_t gfn, u32 role)
{
	struct sh_page *root;

	if (root_must_wait(v, gfn, role)) {
		load_stand_in(v);
		return;
	}
	root = root_new(v, gfn, role);
	if (root)
		install_root(v, v->domain, v->root, root, false);
}

static __attribute__((noinline, unused)) void load_parked_root(struct vcpu *v, struct sh_page *root)
{
	if (root_must_wait(v, GFN(root->gfn), root->role)) {
		load_stand_in(v);
		return;
	}
	COUNT(v->domain, root_hit);
	policy.sync->unpark(v, root);
	install_root(v, v->domain, v->root, root, true);
}

static inline gfn_t root_gfn(const struct vcpu *v)
{
	return G ? gw_root_gfn(v) : GFN(0);
}

/* `old`: the root that v has; NULL: none. */
static inline __attribute__((always_inline)) void load_root_after(struct vcpu *v, struct sh_page *old)
{
	struct domain *d = v->domain;
	gfn_t gfn = root_gfn(v);
	u32 role = v->role | ROLE_MAKE(N, 0);
	struct sh_page *root = G == 3 ? pdpte_find_root(v, &gfn, &role) : policy.sync->find_root(d, (u32)gfn.n, role);

	if (unlikely(!root)) {
		load_new_root(v, gfn, role);
		return;
	}
	if (policy.sync->unpark && unlikely(root->parked)) {
		load_parked_root(v, root);
		return;
	}
	COUNT(d, root_hit);
	install_root(v, d, old, root, true);
}

static void mode_load_first_root(struct vcpu *v)
{
	if (policy.sync->flush && v->domain->unsync)
		policy.sync->flush(v);
	load_root_after(v, NULL);
}

static inline __attribute__((always_inline)) void load_root(struct vcpu *v)
{
	struct sh_page *old = v->root;

	if (!old) /* never: mode_load_first_root() has loaded one */
		__builtin_unreachable();
	/* Kernels often load CR3 for the flush alone. */
	if (ROOTS_DIFFER && old->gfn == (u32)root_gfn(v).n && old->role == (u16)(v->role | ROLE_MAKE(N, 0))) {
		COUNT(v->domain, root_hit);
		flush_at_load(v, v->domain, old, true, true);
	} else {
		load_root_after(v, old);
	}
}

static __attribute__((noinline)) void flush_and_load(struct vcpu *v)
{
	policy.sync->flush(v);
	load_root(v);
}

static void mode_load_root(struct vcpu *v)
{
	if (policy.sync->flush && unlikely(v->domain->unsync))
		flush_and_load(v);
	else
		load_root(v);
}
