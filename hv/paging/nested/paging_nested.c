/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The paging contract under nested paging, the baseline: hardware walks the guest's
 * tables and the nested table, the guest's control registers are hardware's. What is
 * left is devices, and guest memory for instruction fetch and emulation.
 */
#include "gw.h"
#include "kept_walk.h"
#include "lent.h"
#include "logdirty.h"
#include "npt.h"

/* The guest changes its control registers without an exit, so how its tables are walked is found anew each time. */
static void find_mode(struct vcpu *v)
{
	v->guest_levels = gw_levels(v);
	v->pse = v->cr4 & CR4_PSE;
	v->rsvd = gw_rsvd(v);
	/* With nested paging hardware reads the PDPTEs at each walk (APM volume 2, "Legacy PAE Mode" under "Nested Paging"). */
	if (v->guest_levels == 3 && !gw_read_pdptes(v->domain, v->cr3, v->pdpte))
		memset(v->pdpte, 0, sizeof(v->pdpte));
}

/*
 * Walk to va and keep the walk; *gfn is where it comes to. False: there is nothing to keep. One with an entry that is not marked accessed,
 * nobody came through.
 */
static bool keep_walk(struct vcpu *v, struct kept_walk *w, gva_t va, gfn_t *gfn)
{
	u64 e = v->cr3 & PTE_ADDR;
	u32 n = 0;

	*w = (struct kept_walk){ .va = NO_CODE_PAGE, .cr3 = v->cr3, .la57 = v->cr4 & CR4_LA57, .efer = v->efer, .all = ~0ull };
	for (u32 level = w->la57 ? 5 : 4; level; level--) {
		const u32 shift = PAGE_SHIFT + 9 * (level - 1);
		mfn_t table = p2m_lookup(v->domain, gpa_to_gfn(e & PTE_ADDR));
		const u64 *at;

		if (!mfn_valid(table))
			return false;
		at = (const u64 *)plat_map(table) + (va >> shift & 511);
		e = READ_ONCE(*at);
		if ((e & (PTE_P | PTE_A)) != (PTE_P | PTE_A))
			return false;
		w->all &= e;
		for (u32 i = n++; i < KEPT_WALK_MOST; i++) {
			w->at[i] = at;
			w->entry[i] = e;
		}
		if (level > 1 && !(e & PTE_PS))
			continue;
		if (level > 3)
			return false; /* a reserved bit */
		*gfn = gpa_to_gfn((e & PTE_ADDR & ~(BIT(shift) - 1)) | (va & (BIT(shift) - 1)));
		w->va = va;
		return true;
	}
	return false;
}

static enum verdict walk(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	find_mode(v);
	switch (v->guest_levels) {
	case 0: return gw_translate(v, va, access, t, 0);
	case 2: return gw_translate(v, va, access, t, 2);
	case 3: return gw_translate(v, va, access, t, 3);
	case 4: return gw_translate(v, va, access, t, 4);
	default: return gw_translate(v, va, access, t, 5);
	}
}

/* A device was reached at va: where that happens again, the way is worth keeping. Another vCPU may have changed it meanwhile, to memory. */
static __attribute__((noinline)) void keep_device(struct vcpu *v, gva_t va)
{
	gfn_t gfn;

	va &= PAGE_MASK;
	if (v->device_page != va)
		v->device_page = va;
	else if (v->guest_levels >= 4 && keep_walk(v, &v->device_walk, va, &gfn)) {
		v->device_walk.gpa = gfn_to_gpa(gfn);
		if (v->device_walk.gpa != (v->fault.gpa & PAGE_MASK))
			v->device_walk.va = NO_CODE_PAGE;
	}
}

/* Would a walk to va come to the device that the kept one came to, with these rights, and mark nothing? */
static inline bool device_stands(const struct vcpu *v, gva_t va, u32 access)
{
	const struct kept_walk *w = &v->device_walk;

	return w->va == (va & PAGE_MASK) && v->cr0 & CR0_PG && w->efer == v->efer && kept_walk_stands(w, v->cr3, v->cr4) &&
	       !(access & PFEC_I) && gw_allowed(v, w->all, access) &&
	       (!(access & PFEC_W) || w->entry[KEPT_WALK_MOST - 1] & PTE_D);
}

static inline enum verdict translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	enum verdict r;

	if (device_stands(v, va, access)) {
		v->bytes += (v->device_walk.la57 ? 5 : 4) * sizeof(u64);
		v->fault.va = va;
		v->fault.gpa = v->device_walk.gpa | (va & ~PAGE_MASK);
		return SH_MMIO;
	}
	r = walk(v, va, access, t);
	if (r == SH_MMIO)
		keep_device(v, va);
	return r;
}

static inline void wrote(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	log_dirty_mark(v->domain, t->mfn);
}

static inline u32 entry_bytes(struct vcpu *v)
{
	find_mode(v);
	return v->guest_levels == 2 ? 4 : 8;
}

static inline void updated(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	log_dirty_mark(v->domain, t->mfn);
	v->bytes += bytes;
	COUNT(v->domain, pv_update);
}

static inline enum verdict write_in_page(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access)
{
	struct sh_target t;
	enum verdict r = translate(v, va, access, &t);

	if (r == SH_FIXED) {
		gw_store(&t, buf, bytes);
		wrote(v, &t, bytes);
	}
	return r;
}

#include "guest_memory.h"

/* No write of the guest's own exits. */
enum verdict paging_store_ahead(struct vcpu *v, gva_t va, u32 access, bool *exits)
{
	struct sh_target t;

	return translate(v, va, access | PFEC_W, &t);
}

const bool paging_is_nested = true;
const bool paging_marks_late = false;
const bool paging_short_ways = true;
const u32 paging_cluster_most = 0, paging_cluster_gap = 0;
const bool paging_misses_invlpg = false; /* it never exits, and nothing is kept without a look at the tables: kept_walk.h */
const bool paging_switches = false;

bool paging_domain_init(struct domain *d, u64 pool_pages)
{
	return npt_build(d);
}
void paging_domain_destroy(struct domain *d)
{
	lent_destroy(d);
	log_dirty_end(d);
	npt_destroy(d);
}

/* #PF is the guest's own affair, and intercepted only where somebody counts them. */
static enum verdict give_back(struct vcpu *v, gva_t va, u32 pfec)
{
	v->fault = (struct fault){ .va = va, .pfec = pfec & ~(u32)PFEC_SMAP };
	return SH_GUEST_FAULT;
}

static void load_root(struct vcpu *v)
{
	v->hw_cr3 = v->cr3;
	v->hw_dirty |= HW_CR3;
	COUNT(v->domain, tlb_flush);
	plat_tlb_flush(v);
}

bool paging_vcpu_init(struct vcpu *v)
{
	if (!v->domain->acting)
		v->domain->acting = v;
	v->hw_nested_cr3 = mfn_to_hpa(v->domain->npt_root);
	v->hw_invlpg = false;
	v->shadow_levels = 0;
	v->code_walk.va = v->device_walk.va = v->device_page = NO_CODE_PAGE;
	v->take_fault = give_back;
	v->load_root = load_root;
	paging_update_modes(v);
	return true;
}

static bool walk_code(struct vcpu *v, gva_t va)
{
	struct kept_walk *w = &v->code_walk;
	gfn_t gfn;
	mfn_t mfn;

	if (!keep_walk(v, w, va, &gfn))
		return false;
	mfn = p2m_lookup(v->domain, gfn);
	if (mfn_valid(mfn))
		w->page = plat_map(mfn);
	else
		w->va = NO_CODE_PAGE;
	return mfn_valid(mfn);
}

/* Kept from one call to the next is v->code_walk; v->code tells of this call alone. */
bool paging_code_page(struct vcpu *v, gva_t va)
{
	va &= PAGE_MASK;
	if ((v->code_walk.va != va || !kept_walk_stands(&v->code_walk, v->cr3, v->cr4)) && !walk_code(v, va))
		return false;
	v->code.page = v->code_walk.page;
	return true;
}

static void forget_walks(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		d->vcpu[i]->code_walk.va = d->vcpu[i]->device_walk.va = NO_CODE_PAGE;
}

void paging_recheck(struct vcpu *v, gva_t va) {}

enum verdict paging_nested_fault(struct vcpu *v, gpa_t gpa, u64 info)
{
	struct domain *d = v->domain;
	gfn_t gfn = gpa_to_gfn(gpa);
	mfn_t mfn = p2m_lookup(d, gfn);

	v->fault.gpa = gpa;
	if (!mfn_valid(mfn))
		return SH_MMIO;
	/* All of the p2m is mapped, with every right but log-dirty's: else hardware's walk was of an older table. */
	BUG_ON(!npt_maps(d, gfn));
	/* Only writes lack a right; a walk of the guest's tables counts as one, for hardware sets bits there. */
	if (d->log_dirty) {
		log_dirty_set(d, mfn);
		BUG_ON(!npt_set(d, gfn, true));
	}
	return SH_FIXED;
}

bool paging_load_pdptes(struct vcpu *v, u64 cr0, u64 cr3, u64 cr4, u64 efer)
{
	return true;
}

bool paging_switch(struct domain *d, bool nested)
{
	return nested;
}

bool paging_decide(struct vcpu *v)
{
	return false;
}

void paging_update_modes(struct vcpu *v)
{
	find_mode(v);
	v->hw_cr0 = v->cr0;
	v->hw_cr4 = v->cr4;
	v->hw_efer = (v->efer & ~EFER_LMA) | (v->guest_levels >= 4 ? EFER_LMA : 0);
	v->hw_dirty = HW_ALL;
	load_root(v);
}

void paging_invlpg(struct vcpu *v, gva_t va)
{
	COUNT(v->domain, tlb_flush_page);
	plat_tlb_flush_page(v, va);
}

/* The guest writes its tables itself: nothing to keep in step. */
bool paging_unshadow(struct vcpu *v, gpa_t gpa)
{
	return false;
}

/* ---- pages lent: all that is withheld is what is no memory ---- */

static void use_tables(struct vcpu *v, mfn_t root)
{
	v->hw_nested_cr3 = mfn_to_hpa(root);
	v->hw_dirty |= HW_NESTED;
	plat_tlb_flush(v);
}

/* The next page for a lent copy: all come in one block. */
static void *lent_page(struct domain *d)
{
	return (u8 *)d->lent->block + d->lent->copies * PAGE_SIZE;
}

enum verdict paging_lend(struct vcpu *v, const struct lend *what, u32 n)
{
	struct domain *d = v->domain;
	struct lent_tables t = { .d = d, .levels = NPT_LEVELS };

	if (!lent_begin(d) || !(d->lent->block = plat_alloc_pages(1 + n * NPT_LEVELS)))
		return SH_OOM;
	d->lent->block_pages = 1 + n * NPT_LEVELS;
	t.root = lent_take(d, plat_map(d->npt_root), LENT_OTHER);
	for (u32 i = 0; i < n; i++)
		if (!mfn_valid(p2m_lookup(d, gpa_to_gfn(what[i].at))))
			lent_put(&t, what[i].at, mfn_to_hpa(lent_ones(d)) | NPT_RIGHTS);
	use_tables(v, plat_virt_to_mfn(t.root));
	return SH_FIXED;
}

void paging_lend_end(struct vcpu *v)
{
	struct lent *l = v->domain->lent;

	plat_free_pages(l->block, l->block_pages);
	l->copies = 0;
	use_tables(v, v->domain->npt_root);
}

void paging_guest_wrote(struct domain *d, gpa_t gpa, unsigned bytes)
{
	for (gpa_t end = gpa + bytes; gpa < end; gpa = (gpa & PAGE_MASK) + PAGE_SIZE) {
		mfn_t mfn = p2m_lookup(d, gpa_to_gfn(gpa));

		if (mfn_valid(mfn))
			log_dirty_mark(d, mfn);
	}
}

enum pin_result paging_pin_root(struct vcpu *v, gpa_t gpa)
{
	return PIN_NONE;
}

enum pin_result paging_unpin_root(struct vcpu *v, gpa_t gpa)
{
	return PIN_NONE;
}

static void flush(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		plat_tlb_flush(d->vcpu[i]);
}

static void protect(struct domain *d, u64 first, u64 frames, bool all)
{
	COUNT_ADD(d, log_protect, npt_protect(d, MFN(d->first_mfn.n + first), frames, all));
	flush(d);
}

bool paging_log_dirty(struct domain *d, bool on)
{
	if (d->log_dirty)
		npt_merge(d);
	log_dirty_end(d);
	flush(d);
	if (!on)
		return true;
	if (!npt_split(d) || !log_dirty_begin(d)) {
		npt_merge(d);
		return false;
	}
	protect(d, 0, d->nr_pages, true);
	return true;
}

u64 paging_log_dirty_peek(struct domain *d, u64 first, u64 frames, void *bits)
{
	return log_dirty_read(d, first, frames, bits, false);
}

u64 paging_log_dirty_clean(struct domain *d, u64 first, u64 frames, void *bits)
{
	u64 dirty = log_dirty_read(d, first, frames, bits, true);

	if (dirty)
		protect(d, first, frames, false);
	return dirty;
}

u64 paging_pool_minimum(const struct domain *d)
{
	return 0;
}

u64 paging_pool_bytes(const struct domain *d, u64 pages)
{
	return 0;
}

enum pool_result paging_pool_resize(struct domain *d, u64 pages)
{
	return POOL_NONE;
}

bool paging_remove_frame(struct domain *d, gfn_t gfn)
{
	mfn_t mfn = p2m_lookup(d, gfn);

	if (!mfn_valid(mfn) || !npt_set(d, gfn, true)) /* splits, while there is memory to say no */
		return false;
	d->p2m[gfn.n] = P2M_NONE;
	BUG_ON(!npt_set(d, gfn, false));
	forget_walks(d);
	flush(d);
	return true;
}

bool paging_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	if (gfn.n >= d->p2m_frames || d->p2m[gfn.n] != P2M_NONE || !p2m_map(d, gfn, mfn, 1))
		return false;
	forget_walks(d);
	if (npt_set(d, gfn, log_dirty_may_write(d, mfn)))
		return true;
	d->p2m[gfn.n] = P2M_NONE;
	return false;
}

void paging_settle(struct domain *d, gpa_t gpa) {}

unsigned paging_audit(struct domain *d, char *text, size_t size)
{
	unsigned faults = 0;

	if (size)
		text[0] = 0;
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (npt_maps(d, GFN(g)) != (d->p2m[g] != P2M_NONE) && !faults++)
			snprintf(text, size, "gfn %lx: nested table and p2m disagree\n", g);
	return faults;
}

void paging_audit_begin(struct domain *d) {}

/* An audit under nested paging looks at each frame once: one piece does. */
bool paging_audit_some(struct domain *d, u64 entries, char *text, size_t size, struct paging_audited *sum)
{
	*sum = (struct paging_audited){ paging_audit(d, text, size), d->p2m_frames };
	return true;
}
