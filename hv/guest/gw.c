/* SPDX-License-Identifier: BSD-2-Clause */
/* The rare ends of a guest walk: faults other than not-present, and accessed and dirty bits. */
#include "gw.h"
#include "logdirty.h"

enum verdict gw_failed(struct vcpu *v, u32 pfec, enum gw_end end)
{
	if (end == GW_OUTSIDE) {
		plat_domain_crash(v->domain, "a page table lies outside its memory (CR3 %lx, address %lx)", v->cr3, v->fault.va);
		return SH_RETRY;
	}
	pfec &= PFEC_W | PFEC_U | PFEC_I;
	if (end != GW_ABSENT)
		pfec |= PFEC_P;
	if (end == GW_RSVD)
		pfec |= PFEC_RSVD;
	v->fault.pfec = pfec;
	return SH_GUEST_FAULT;
}

bool gw_read_pdptes(const struct domain *d, u64 cr3, u64 pdpte[4])
{
	mfn_t mfn = p2m_lookup(d, pte_gfn((u32)cr3));

	if (!mfn_valid(mfn))
		return false;
	const volatile u64 *p = (const u64 *)((const u8 *)plat_map(mfn) + (cr3 & PAE_ROOT_OFFSET));
	for (u32 i = 0; i < 4; i++)
		pdpte[i] = p[i];
	return true;
}

bool gw_pdptes_legal(const u64 pdpte[4])
{
	for (u32 i = 0; i < 4; i++)
		if (pdpte[i] & PTE_P && pdpte[i] & PDPTE_RSVD)
			return false;
	return true;
}

bool gw_mark(struct vcpu *v, struct gw *w, gva_t va, bool write, u32 g)
{
	struct domain *d = v->domain;
	u32 top = g == 3 ? 2 : g; /* a PAE root entry has neither bit */

	for (u32 level = top; level >= w->leaf; level--) {
		u64 old = w->e[level], e = old | PTE_A;

		if (write && level == w->leaf)
			e |= PTE_D;
		if (e == old)
			continue;
		if (!gw_mark_entry(v, p2m_lookup(d, gw_table(v, w, level, g)), gw_offset(va, level, g), old, e, g))
			return false;
		w->e[level] = e;
	}
	w->all |= PTE_A;
	return true;
}

bool gw_again(struct vcpu *v, gva_t va, u32 access)
{
	if (v->domain->state != PN_CRASHED)
		return true;
	v->fault.va = va;
	v->fault.pfec = access & (PFEC_W | PFEC_U | PFEC_I);
	return false;
}
