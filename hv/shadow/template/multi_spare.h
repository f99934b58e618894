/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): faults that entries of the shadow answer by what the spare part has them
 * remember, with no look at the guest's tables; and what is remembered.
 *
 * Must hold: only the entry of a page in sync is asked, so that its answer is the guest's own entry's.
 */

/* Is the access one that the links' rights and entry e, with the marks in it, give as it is? Fetches are not asked. */
static inline bool spare_allows(const struct vcpu *v, u64 e, u64 links, u32 pfec)
{
	const u64 all = links & e;

	return !(e & v->rsvd) && !policy.ad->unmarked(all, e, pfec & PFEC_W) && (all & PTE_RW || !(pfec & PFEC_W)) &&
	       gw_allowed(v, all, pfec);
}

/* Entry e remembers a device's frame and the rights to it. False: the walk must tell. */
static __attribute__((noinline)) bool spare_mmio(struct vcpu *v, gva_t va, u32 pfec, u64 e, u64 links)
{
	if (pfec & PFEC_I || mfn_valid(p2m_lookup(v->domain, pte_gfn(e))) || !spare_allows(v, e, links, pfec))
		return false;
	COUNT(v->domain, spare_mmio);
	v->fault.va = va;
	v->fault.gpa = gfn_to_gpa(pte_gfn(e)) | (va & ~PAGE_MASK);
	return true;
}

/* Does the leaf entry at the end of the walk say what the fault is? *r is the answer then. */
static inline __attribute__((always_inline)) bool spare_answers(struct vcpu *v, gva_t va, u32 pfec, const struct sh_walk *walk,
								enum verdict *r)
{
	const u64 e = s_get(walk->leaf, s_slot(va, 1));
	const enum sh_answer a = policy.spare->answer(e, pfec);

	if (a == SH_ANSWER_NONE)
		return false;
	if (a == SH_ANSWER_READ_ONLY && unlikely(!(pfec & PFEC_U) && !(v->cr0 & CR0_WP)))
		return false;
	v->bytes += SHADOW_BYTES;
	if (a == SH_ANSWER_MMIO) {
		*r = SH_MMIO;
		return spare_mmio(v, va, pfec, e, walk->all);
	}
	COUNT(v->domain, spare_hit);
	v->fault.va = va;
	v->fault.pfec = pfec & (PFEC_W | PFEC_U | PFEC_I | (a == SH_ANSWER_READ_ONLY ? PFEC_P : 0));
	*r = SH_GUEST_FAULT;
	return true;
}

/* The fault at the end of that walk turned out to be the guest's own, its entry not being present: the shadow's says so from now on. */
static inline void remember_absent(const struct sh_walk *walk, gva_t va)
{
	u32 slot = s_slot(va, 1);
	u64 ge;

	if (maps_directly(walk->leaf->role) || !policy.sync->in_sync(walk->leaf) || s_get(walk->leaf, slot))
		return;
	ge = guest_entry(walk->leaf, first_index(walk->leaf) + slot);
	if (!(ge & PTE_P))
		s_set(walk->leaf, slot, policy.spare->absent(ge, SH_ABSENT_GUEST));
}
