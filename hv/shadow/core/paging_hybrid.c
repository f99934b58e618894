/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The paging contract with both kinds of paging behind it. A domain is under one of them at a time, all of its vCPUs alike, and is
 * switched from one to the other between two exits; contract.def makes the functions that only ask which it is.
 *
 * What must hold:
 *  - under nested paging a domain has no shadows, but the pool for them and the fence around both: what the guest writes to its tables is
 *    seen by nobody;
 *  - the nested table maps what the p2m maps at any time, whoever walks it;
 *  - log-dirty is one kind's at a time: while it is on, the domain stays where it is;
 *  - before the guest runs on after a switch, each vCPU loads all hw_ fields, and its TLB holds nothing from before.
 */
#include "hybrid.h"

#include "engine.h"
#include "fence.h"
#include "lib.h"
#include "npt.h"
#include "paging.h"
#include "plat.h"

#define PAGING_VCPU(type, name, parameters, arguments)                                                                           \
	type in_shadow_##name parameters;                                                                                        \
	type in_nested_##name parameters;                                                                                        \
	type paging_##name parameters                                                                                            \
	{                                                                                                                        \
		return v->domain->nested ? in_nested_##name arguments : in_shadow_##name arguments;                              \
	}
#define PAGING_DOMAIN(type, name, parameters, arguments)                                                                         \
	type in_shadow_##name parameters;                                                                                        \
	type in_nested_##name parameters;                                                                                        \
	type paging_##name parameters                                                                                            \
	{                                                                                                                        \
		return d->nested ? in_nested_##name arguments : in_shadow_##name arguments;                                      \
	}
#define PAGING_BOTH(type, name, parameters)                                                                                      \
	type in_shadow_##name parameters;                                                                                        \
	type in_nested_##name parameters;
#include "contract.def"

const char paging_recipe_name[] = "hybrid";
const bool paging_is_nested = false; /* not always */
const bool paging_marks_late = false;
const bool paging_short_ways = true;
const bool paging_misses_invlpg = false;
const bool paging_switches = true;
const u32 paging_cluster_most = 0, paging_cluster_gap = 0;

bool paging_domain_init(struct domain *d, u64 pool_pages)
{
	/* The nested table first: it lies where npt's would, and caches can make 4 per cent of that. */
	if (in_nested_domain_init(d, 0) && in_shadow_domain_init(d, pool_pages) && hybrid_init(d))
		return true;
	paging_domain_destroy(d);
	return false;
}

void paging_domain_destroy(struct domain *d)
{
	in_shadow_domain_destroy(d);
	in_nested_domain_destroy(d);
	hybrid_destroy(d);
}

bool paging_vcpu_init(struct vcpu *v)
{
	bool made;

	v->nested = v->domain->nested;
	made = v->nested ? in_nested_vcpu_init(v) : in_shadow_vcpu_init(v);
	hybrid_listen(v);
	return made;
}

void paging_update_modes(struct vcpu *v)
{
	hybrid_hears(v);
	if (v->nested)
		in_nested_update_modes(v);
	else
		in_shadow_update_modes(v);
	hybrid_listen(v);
}

void paging_invlpg(struct vcpu *v, gva_t va)
{
	hybrid_hears(v);
	if (v->nested)
		in_nested_invlpg(v, va);
	else
		in_shadow_invlpg(v, va);
}

/* ---- the p2m ---- */

/*
 * Either table gives the frame up; what can fail comes first. The pool stays, and with it the fence around what its shadows may lead to:
 * that follows the p2m under nested paging as well.
 */
bool paging_remove_frame(struct domain *d, gfn_t gfn)
{
	const mfn_t mfn = p2m_lookup(d, gfn);

	if (!mfn_valid(mfn))
		return false;
	if (d->nested) {
		if (!fence_prepare(d, mfn) || !in_nested_remove_frame(d, gfn))
			return false;
		fence_follow(d, mfn);
		return true;
	}
	if (!npt_set(d, gfn, true) || !in_shadow_remove_frame(d, gfn))
		return false;
	BUG_ON(!npt_set(d, gfn, false)); /* by an entry of its own already */
	return true;
}

bool paging_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	if (d->nested) {
		if (!in_nested_add_frame(d, gfn, mfn))
			return false;
		if (fence_prepare(d, mfn)) {
			fence_follow(d, mfn);
			return true;
		}
		in_nested_remove_frame(d, gfn);
		return false;
	}
	if (!in_shadow_add_frame(d, gfn, mfn))
		return false;
	if (npt_set(d, gfn, true))
		return true;
	in_shadow_remove_frame(d, gfn);
	return false;
}

/* ---- the pool ---- */

u64 paging_pool_bytes(const struct domain *d, u64 pages)
{
	return in_shadow_pool_bytes(d, pages);
}

u64 paging_pool_minimum(const struct domain *d)
{
	return in_shadow_pool_minimum(d);
}

enum pool_result paging_pool_resize(struct domain *d, u64 pages)
{
	return in_shadow_pool_resize(d, pages);
}

/* ---- a switch ---- */

/* One that has not begun has no mode: its start will find the domain as it is. */
static bool has_begun(const struct vcpu *v)
{
	return v && v->hw_cr0;
}

/* The vCPU goes on by the domain's kind of paging as one that begins with it. False: there is no root for it. */
static bool begin_anew(struct vcpu *v)
{
	v->code.va = v->code.not_global = NO_CODE_PAGE;
	return paging_vcpu_init(v);
}

static void to_nested(struct domain *d)
{
	sh_empty_pool(d);
	d->nested = true;
	COUNT(d, to_nested);
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (has_begun(d->vcpu[i]))
			begin_anew(d->vcpu[i]);
}

/*
 * Would loads of CR3 and CR4 with what they hold be allowed? Under nested paging a PAE guest's top entries were read at each walk, a root
 * outside memory was a device's, and CR4 took what CPUID does not offer, which shadows know nothing of; such a guest is to come to rest first.
 */
static bool root_stands(const struct vcpu *v)
{
	const u32 levels = gw_levels(v);
	u64 pdpte[4];

	if (v->cr4 & v->cr4_refused)
		return false;
	if (levels == 3)
		return gw_read_pdptes(v->domain, v->cr3, pdpte) && gw_pdptes_legal(pdpte);
	return !levels || mfn_valid(p2m_lookup(v->domain, pte_gfn(v->cr3)));
}

static bool to_shadow(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (has_begun(d->vcpu[i]) && !root_stands(d->vcpu[i]))
			return false;
	d->nested = false;
	d->refills = REFILL_FAILURES;
	COUNT(d, to_shadow);
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (!has_begun(v))
			continue;
		in_shadow_load_pdptes(v, v->cr0, v->cr3, v->cr4, v->efer);
		if (!begin_anew(v))
			plat_domain_crash(d, "the shadow pool is too small for the roots that are loaded");
	}
	return true;
}

bool paging_switch(struct domain *d, bool nested)
{
	if (d->nested == nested)
		return true;
	if (d->log_dirty)
		return false;
	if (d->nr_vcpus > 1)
		plat_tlb_flush_others(d);
	if (!nested)
		return to_shadow(d);
	to_nested(d);
	return true;
}
