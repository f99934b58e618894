/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): the walk down a shadow, from its root to the leaf shadow that
 * translates an address.
 */

/* What a walk ends with. */
struct sh_walk {
	struct sh_page *leaf;
	u64 all; /* AND of the links' rights; a PAE root's entries have none */
};

/* Down `root`, whose table hardware need not have loaded. False: a link is missing, or a superpage entry ends it. */
static inline __attribute__((always_inline)) bool walk_down(const struct domain *d, const struct sh_page *root, gva_t va,
							    struct sh_walk *walk)
{
	const u8 *t = root->table;
	u64 e = 0, all = ~0ull;

#pragma GCC unroll 4
	for (u32 level = N; level > 1; level--) {
		e = s_entry(t, s_slot(va, level));
		if (unlikely(!(e & PTE_P)) || (level == 2 && is_super(e)))
			return false;
		if (N != 3 || level != 3)
			all &= e;
		t = plat_map(hpa_to_mfn(e & PTE_ADDR));
	}
	*walk = (struct sh_walk){ link_child(d, e), all };
	return true;
}

/* A walk for a fault or an access of the guest's goes down the loaded root, and what it reads is booked. */
static inline __attribute__((always_inline)) bool walk_loaded(struct vcpu *v, gva_t va, struct sh_walk *walk)
{
	v->bytes += (N - 1) * SHADOW_BYTES;
	return walk_down(v->domain, sh_root(v), va, walk);
}

static struct sh_page *mode_find_leaf(const struct domain *d, struct sh_page *root, gva_t va, u32 *slot)
{
	struct sh_walk walk;

	if (!walk_down(d, root, va, &walk))
		return NULL;
	*slot = s_slot(va, 1);
	return walk.leaf;
}

/* Does hardware walk what the engine wrote, down to the entry for va? */
static bool hw_agrees(struct vcpu *v, gva_t va)
{
	const struct sh_page *sp = sh_root(v);

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
		plat_domain_crash(v->domain, "it has written to the tables that hardware walks for %lx", va);
	return SH_RETRY;
}
