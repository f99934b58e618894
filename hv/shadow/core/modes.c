/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the guest's control registers to a pair of guest and shadow levels, and to
 * the control registers that hardware has while the guest runs.
 *
 * Hardware always has paging on. Its number of levels is the guest's where the
 * guest pages; a guest that does not page gets two levels or, once it has set
 * CR4.PAE, three: both exist in every mode that a guest without paging can be in. A domain
 * may ask for more (min_shadow_levels), and gets the next pair that this build has.
 * CR0.WP is always on, because the read-only entries over guest tables must bind
 * supervisors too.
 */
#include "engine.h"
#include "recipe.h"

/* A change of any of these flushes, and may change what shadows mean. No two have the same position. */
#define CR4_PAGING  (CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_PCIDE | CR4_SMEP | CR4_SMAP)
#define EFER_PAGING (EFER_LME | EFER_NXE)

static const struct sh_mode *choose(const struct vcpu *v)
{
	bool pae = v->cr4 & CR4_PAE;
	u32 guest = gw_levels(v), least = guest ? guest : pae ? 3 : 2;
	const struct sh_mode *m = NULL;

	/* The least of those that suffice, else the most there is. */
	for (u32 n = SH_MAX_LEVELS; n >= least; n--)
		if (sh_pairs[guest][n] && (!m || n >= v->domain->min_shadow_levels))
			m = sh_pairs[guest][n];
	return m;
}

static u32 common_role(const struct vcpu *v, const struct sh_mode *m)
{
	u32 role = ROLE_SHADOW(m->shadow_levels);

	if (!m->guest_levels)
		return role | ROLE_DIRECT;
	role |= ROLE_GUEST(m->guest_levels);
	if (m->guest_levels == 2)
		return v->cr4 & CR4_PSE ? role | ROLE_PSE : role;
	return v->efer & EFER_NXE ? role | ROLE_NXE : role;
}

static void set_hardware(struct vcpu *v, const struct sh_mode *m)
{
	bool paging = m->guest_levels, long_mode = m->shadow_levels > 3;
	u64 off = CR4_PAE | CR4_PCIDE | CR4_LA57, efer_off = EFER_LME | EFER_LMA;

	/* Cache control is left on: CD and NW would only slow the guest's own memory down. */
	v->hw_cr0 = (v->cr0 & ~(CR0_CD | CR0_NW)) | CR0_PG | CR0_WP;
	/* Without paging there are no user pages, but direct shadows give PTE_US. */
	if (!paging)
		off |= CR4_SMEP | CR4_SMAP;
	/* 32-bit entries have no NX, and no error code speaks of it, whatever the shadow's entries could. */
	if (m->guest_levels == 2)
		efer_off |= EFER_NXE;
	v->hw_cr4 = (v->cr4 & ~off) | (m->shadow_levels > 2 ? CR4_PAE : 0) | (m->shadow_levels == 5 ? CR4_LA57 : 0);
	v->hw_cr4 |= CR4_MCE; /* the machine's, whatever the guest has: without it a machine check is a shutdown */
	if (SUPER_HIGHEST_LEAF > 1)
		v->hw_cr4 |= CR4_PSE;
	v->hw_efer = (v->efer & ~efer_off) | (long_mode ? EFER_LME | EFER_LMA : 0);
	v->hw_dirty = HW_ALL;
	soft_flush(v);
}

void sh_update_modes(struct vcpu *v)
{
	const struct sh_mode *m = choose(v);
	u64 bits = (v->cr0 & CR0_PG) | (v->cr4 & CR4_PAGING) | (v->efer & EFER_PAGING);

	set_hardware(v, m);
	if (v->mode && bits == v->paging_bits)
		return;
	v->paging_bits = bits;
	v->mode = m;
	v->guest_levels = m->guest_levels;
	v->shadow_levels = m->shadow_levels;
	v->role = common_role(v, m);
	v->pse = v->role & ROLE_PSE;
	v->rsvd = gw_rsvd(v);
	(v->root ? m->load_root : m->load_first_root)(v);
}
