/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadows of a guest's tables as a whole, when it comes back from nested paging. It is as if the guest read each page that it has accessed
 * before, so the engine's own faults do the work, and what they prefetch is passed over.
 *
 * What must hold: no bit of the guest's tables changes, since nothing is touched that the guest has not marked accessed, from the root
 * on; and the walk has a bound, whatever the tables are: it is one trip, in which nothing else of this pCPU's is done. What is left out faults when
 * the guest accesses it.
 */
#include "hybrid.h"

#include "engine.h"

#define MOST_TABLES 2048 /* that are walked, each as often as it is linked */
#define MOST_FAULTS 16384
#define LEFT_FREE   64 /* shadow pages */

struct filling {
	struct vcpu *v;
	u32 levels, tables, faults;
	struct sh_page *leaf; /* the last page's shadow; NULL: it had none */
	u64 page;
};

static u64 entry_of(const struct filling *f, const void *table, u32 i)
{
	return f->levels == 2 ? READ_ONCE(((const u32 *)table)[i]) : READ_ONCE(((const u64 *)table)[i]);
}

/* Has a shadow an entry for this page already? */
static bool is_there(struct filling *f, gva_t va)
{
	const u32 entries = f->v->shadow_levels == 2 ? 1024 : 512;
	const u64 page = va >> PAGE_SHIFT;
	u32 slot = 0;

	if (!f->leaf || (page ^ f->page) / entries) {
		f->leaf = f->v->mode->find_leaf(f->v->domain, f->v->root, va, &slot);
		f->page = page;
	}
	return f->leaf && f->leaf->mode->get(f->leaf, (u32)(page % entries)) & PTE_P;
}

/* True: go on. *more: so many entries behind it have been filled with it. */
static bool fill_page(struct filling *f, gva_t va, u64 user, u32 *more)
{
	const struct domain *d = f->v->domain;
	const u64 before = d->counter[PN_CNT_prefetched];

	if (is_there(f, va))
		return true;
	if (d->shadow->free < LEFT_FREE || ++f->faults > MOST_FAULTS)
		return false;
	f->v->take_fault(f->v, va, user ? PFEC_U : 0);
	f->leaf = NULL;
	*more = (u32)(d->counter[PN_CNT_prefetched] - before);
	return !d->crashed;
}

static bool fill_table(struct filling *f, gfn_t gfn, u32 level, gva_t base, u64 user);

static bool fill_entry(struct filling *f, u64 e, u32 level, gva_t va, u64 user, u32 *more)
{
	if ((e & (PTE_P | PTE_A)) != (PTE_P | PTE_A))
		return true;
	user &= e;
	if (gw_is_leaf(e, level, f->levels, f->v->pse))
		return !mfn_valid(p2m_lookup(f->v->domain, pte_gfn(e))) || fill_page(f, va, user, more);
	return level == 1 || e & f->v->rsvd || fill_table(f, pte_gfn(e), level - 1, va, user);
}

/* False: enough. */
static bool fill_table(struct filling *f, gfn_t gfn, u32 level, gva_t base, u64 user)
{
	const mfn_t mfn = p2m_lookup(f->v->domain, gfn);
	const u32 entries = f->levels == 2 ? 1024 : 512, shift = gw_shift(level, f->levels);

	if (!mfn_valid(mfn))
		return true;
	if (++f->tables > MOST_TABLES)
		return false;
	for (u32 i = 0, more = 0; i < entries; i++, more = 0) {
		const gva_t va = base | (gva_t)i << shift;

		if (!fill_entry(f, entry_of(f, plat_map(mfn), i), level,
				level == f->levels && level > 3 ? gw_canonical(va, level) : va, user, &more))
			return false;
		if (level == 1)
			i += more;
	}
	return true;
}

void hybrid_fill(struct vcpu *v)
{
	struct filling f = { .v = v, .levels = v->guest_levels };
	const u64 bytes = v->bytes;

	if (f.levels == 3)
		for (u32 i = 0; i < 4; i++)
			if (v->pdpte[i] & PTE_P && !fill_table(&f, pte_gfn(v->pdpte[i]), 2, (gva_t)i << 30, PTE_US))
				break;
	if (f.levels && f.levels != 3)
		fill_table(&f, gw_root_gfn(v), f.levels, 0, PTE_US);
	v->bytes = bytes;
}
