/* SPDX-License-Identifier: BSD-2-Clause */
/* The paging contract, answered by the shadow engine. Thin: hv/shadow does the work. */
#include "fence.h"
#include "hide.h"

const char paging_recipe_name[] = RECIPE_NAME;
const bool paging_is_nested = false;
const bool paging_marks_late = AD_HIDES_TABLES;
const bool paging_short_ways = WAYS_SHORT;
const u32 paging_cluster_most = CLUSTERS_MOST, paging_cluster_gap = CLUSTERS_GAP;
const bool paging_misses_invlpg = !INVLPG_EXITS_ALWAYS;
const bool paging_switches = false;

#define EMULATED_BYTES 64 /* the most at once */

static inline enum verdict translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	enum verdict r = likely(soft_hit(v, va, access, t)) ? SH_FIXED : v->mode->translate(v, va, access, t);

	if (AD_HIDES_TABLES && r == SH_FIXED)
		sh_settle(v->domain, t->p, EMULATED_BYTES, access & PFEC_W);
	return r;
}

static inline void wrote(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	v->mode->wrote(v, t, bytes);
}

static inline u32 entry_bytes(struct vcpu *v)
{
	return v->guest_levels == 2 ? 4 : 8;
}

static inline void updated(struct vcpu *v, const struct sh_target *t, u32 bytes)
{
	struct frame_info *f = frame_of(v->domain, t->mfn);

	log_dirty_mark(v->domain, t->mfn);
	v->bytes += (f->shadows ? 2 : 1) * bytes;
	COUNT(v->domain, pv_update);
	sh_validate(v->domain, f, (u32)((uintptr_t)t->p & ~PAGE_MASK), bytes);
}

static inline enum verdict write_in_page(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access)
{
	return v->mode->write(v, va, buf, bytes, access);
}

#include "guest_memory.h"

/* The sync part decides as at a fault. Where it lets the table go, the guest's own write does the rest. */
enum verdict paging_store_ahead(struct vcpu *v, gva_t va, u32 access, bool *exits)
{
	struct sh_target t;
	const enum verdict r = translate(v, va, access | PFEC_W, &t);
	const struct frame_info *f;

	if (r != SH_FIXED)
		return r;
	f = frame_of(v->domain, t.mfn);
	if (policy.sync->may_write(f))
		return SH_FIXED;
	*exits = true;
	v->fault.va = va;
	v->fault.gpa = gfn_to_gpa(GFN(f->shadows->gfn)) | (va & ~PAGE_MASK);
	return policy.sync->table_write(v, GFN(f->shadows->gfn)) == SH_EMULATE ? SH_FIXED : SH_RETRY;
}

static u64 pool_pages_of(const struct domain *d, u64 wanted)
{
	const u64 least = SH_MIN_POOL(d->nr_vcpus);

	if (!wanted)
		wanted = 256ull * d->nr_vcpus + 2 * (d->nr_pages * PAGE_SIZE >> 20);
	return wanted < least ? least : wanted;
}

u64 paging_pool_bytes(const struct domain *d, u64 pages)
{
	return pool_bytes(pool_pages_of(d, pages));
}

bool paging_domain_init(struct domain *d, u64 pool_pages)
{
	if (d->first_mfn.n + d->nr_pages > FRAMES_BELOW_4G && d->min_shadow_levels < 3)
		d->min_shadow_levels = 3;
	sh_check_kept();
	if (!pool_init(d, pool_pages_of(d, pool_pages), sh_domain_place(NULL)))
		return false;
	if (SH_ALL(wrmap, init, d) && (!policy.super->init || policy.super->init(d)))
		return true;
	paging_domain_destroy(d);
	return false;
}

void paging_domain_destroy(struct domain *d)
{
	for (u32 i = 0; d->shadow && i < d->nr_vcpus; i++)
		if (d->vcpu[i])
			d->vcpu[i]->root = NULL;
	sh_lend_destroy(d);
	if (d->shadow)
		SH_EACH(wrmap, exit, d);
	if (d->shadow && policy.super->exit)
		policy.super->exit(d);
	log_dirty_end(d);
	pool_destroy(d);
}

static enum verdict fault_and_tell(struct vcpu *v, gva_t va, u32 pfec)
{
	enum verdict r = v->mode->fault(v, va, pfec);

	if (r != SH_EMULATE)
		SH_EACH(reclaim, faulted, v->domain);
	return r;
}

/*
 * Of several vCPUs: emulation may write to a table on the walk itself, and then paging_recheck finds no way to those below it any more,
 * whose entries another vCPU may have changed since they were read. So they are read again before.
 */
static enum verdict fault_of_several(struct vcpu *v, gva_t va, u32 pfec)
{
	enum verdict r = fault_and_tell(v, va, pfec);

	if (r == SH_EMULATE || r == SH_MMIO)
		paging_recheck(v, va);
	return r;
}

/* Without a part that hears of faults, the mode's function takes a single vCPU's itself. */
static void update_modes(struct vcpu *v)
{
	bool told = false;

	for (unsigned i = 0; i < ARRAY_SIZE(policy.reclaim); i++)
		told |= policy.reclaim[i] && policy.reclaim[i]->faulted;
	sh_update_modes(v);
	v->hw_invlpg = sh_wants_invlpg(v->domain); /* set_hardware says that it is to be loaded, and so is this: */
	v->hw_nested_cr3 = v->shadow_levels > 3 ? 0 : mfn_to_hpa(v->domain->fence_root);
	v->take_fault = v->domain->nr_vcpus > 1 ? fault_of_several : told ? fault_and_tell : v->mode->fault;
	v->load_root = v->mode->load_root;
}

bool paging_vcpu_init(struct vcpu *v)
{
	if (!v->domain->acting)
		v->domain->acting = v;
	v->mode = NULL;
	v->root = NULL;
	v->code.leaf = &v->hw_cr3; /* anything that can be read: no entry is NO_ENTRY */
	v->code.entry = NO_ENTRY;
	update_modes(v);
	return v->root;
}

void paging_recheck(struct vcpu *v, gva_t va)
{
	struct sh_domain *s = v->domain->shadow;
	u64 promoted = v->domain->counter[PN_CNT_promote] + v->domain->counter[PN_CNT_resync];

	if (s->rechecked == promoted)
		return;
	s->rechecked = promoted;
	v->mode->recheck(v, va);
}

enum verdict paging_nested_fault(struct vcpu *v, gpa_t gpa, u64 info)
{
	plat_domain_crash(v->domain,
			  "the tables that hardware walks lead to %lx, outside its memory: it has changed them, or CR3, "
			  "unseen (info %lx)",
			  gpa, info);
	return SH_FIXED;
}

/* Does the guest map va to that very frame by a global entry? */
static __attribute__((noinline)) bool maps_globally(struct vcpu *v, gva_t va, mfn_t mfn)
{
	struct gw w;

	return gw_walk_levels(v, &w, va, v->guest_levels) == GW_OK && w.e[w.leaf] & PTE_G &&
	       mfn_eq(p2m_lookup(v->domain, w.gfn), mfn);
}

/* `e`, the leaf entry that maps va, says so. One that is not marked accessed, no fetch came through: nothing may be kept of it. */
static bool know_code(struct vcpu *v, gva_t va, u64 e)
{
	if (unlikely(!(e & PTE_A)))
		return false;
	v->code.va = va;
	v->code.page = plat_map(pte_mfn(e));
	v->code.global = v->cr4 & CR4_PGE && va != v->code.not_global && maps_globally(v, va, pte_mfn(e));
	if (!v->code.global)
		v->code.not_global = va;
	return true;
}

/* The leaf entry for va below a root, a superpage's moved to va's own page; 0: none is there. *at: where it is. */
static inline u64 shadow_leaf(hpa_t root, gva_t va, u32 levels, u32 bits, const void **at)
{
	u64 e = root;

	for (u32 shift = PAGE_SHIFT + bits * (levels - 1); shift >= PAGE_SHIFT; shift -= bits) {
		const void *table = plat_map(hpa_to_mfn(e & PTE_ADDR));
		u64 i = va >> shift & (BIT(bits) - 1);

		*at = bits == 10 ? (const void *)((const u32 *)table + i) : (const u64 *)table + i;
		e = bits == 10 ? *(const u32 *)*at : *(const u64 *)*at;
		if (unlikely(!(e & PTE_P)))
			return 0;
		if (shift > PAGE_SHIFT && unlikely(e & PTE_PS))
			return e + (va & (BIT(shift) - 1));
	}
	return e;
}

/* Two or three levels of guest tables, on two or three of shadows: the engine's own half of them (pool.h). */
static __attribute__((noinline)) bool code_page_32(struct vcpu *v, gva_t va)
{
	const void *at = NULL;

	if (!v->guest_levels)
		return false;
	return know_code(
		v, va,
		shadow_leaf(mfn_to_hpa(MFN(v->root->mfn)), (u32)va, v->shadow_levels, v->shadow_levels == 2 ? 10 : 9, &at));
}

/* The way to the page of code, at whose end is *leaf, is known until a link goes. */
static inline void know_way(struct vcpu *v, const u64 *leaf)
{
	struct code_page *c = &v->code;

	c->top_slot = (u32)(c->va >> (PAGE_SHIFT + 9 * (v->guest_levels - 1)) & 511);
	c->top = ((const u64 *)plat_map(hpa_to_mfn(v->hw_cr3)))[c->top_slot];
	c->leaf = leaf;
	c->entry = *leaf;
}

bool paging_code_page(struct vcpu *v, gva_t va)
{
	const void *at = NULL;

	va &= PAGE_MASK;
	if (unlikely(v->guest_levels < 4))
		return code_page_32(v, va);
	if (!know_code(v, va, shadow_leaf(v->hw_cr3, va, v->guest_levels, 9, &at)))
		return false;
	know_way(v, at);
	return true;
}

bool paging_load_pdptes(struct vcpu *v, u64 cr0, u64 cr3, u64 cr4, u64 efer)
{
	u64 pdpte[4];

	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE) || efer & EFER_LME)
		return true;
	if (!gw_read_pdptes(v->domain, cr3, pdpte)) {
		plat_domain_crash(v->domain, "CR3 %lx points outside its memory", cr3);
		return true;
	}
	if (!gw_pdptes_legal(pdpte))
		return false;
	memcpy(v->pdpte, pdpte, sizeof(pdpte));
	return true;
}

bool paging_switch(struct domain *d, bool nested)
{
	return !nested;
}

bool paging_decide(struct vcpu *v)
{
	return false;
}

void paging_update_modes(struct vcpu *v)
{
	update_modes(v);
}

void paging_invlpg(struct vcpu *v, gva_t va)
{
	soft_flush_page(v, va);
	policy.sync->invlpg(v, va);
}

bool paging_unshadow(struct vcpu *v, gpa_t gpa)
{
	struct domain *d = v->domain;
	mfn_t mfn = p2m_lookup(d, gpa_to_gfn(gpa));

	if (!mfn_valid(mfn) || !frame_of(d, mfn)->shadows)
		return false;
	COUNT(d, emulate_fail);
	return sh_unshadow(d, frame_of(d, mfn), UNSHADOW_EMULATION);
}

void paging_guest_wrote(struct domain *d, gpa_t gpa, unsigned bytes)
{
	while (bytes) {
		u32 n = room_in_page(gpa) < bytes ? room_in_page(gpa) : bytes;
		mfn_t mfn = p2m_lookup(d, gpa_to_gfn(gpa));

		if (mfn_valid(mfn)) {
			log_dirty_mark(d, mfn);
			sh_validate(d, frame_of(d, mfn), (u32)(gpa & ~PAGE_MASK), n);
		}
		gpa += n;
		bytes -= n;
	}
}

enum pin_result paging_pin_root(struct vcpu *v, gpa_t gpa)
{
	return sh_pin_root(v, gpa_to_gfn(gpa));
}

enum pin_result paging_unpin_root(struct vcpu *v, gpa_t gpa)
{
	return sh_unpin_root(v, gpa_to_gfn(gpa));
}

bool paging_log_dirty(struct domain *d, bool on)
{
	sh_settle_all(d);
	return sh_log_dirty(d, on);
}

u64 paging_log_dirty_peek(struct domain *d, u64 first, u64 frames, void *bits)
{
	sh_settle_all(d);
	return log_dirty_read(d, first, frames, bits, false);
}

u64 paging_log_dirty_clean(struct domain *d, u64 first, u64 frames, void *bits)
{
	sh_settle_all(d);
	return sh_log_dirty_clean(d, first, frames, bits);
}

u64 paging_pool_minimum(const struct domain *d)
{
	return SH_MIN_POOL(d->nr_vcpus);
}

enum pool_result paging_pool_resize(struct domain *d, u64 pages)
{
	const enum pool_result r = sh_pool_resize(d, pages);

	if (fence_is_up(d)) /* what left it */
		sh_flush(d);
	return r;
}

bool paging_remove_frame(struct domain *d, gfn_t gfn)
{
	return sh_remove_frame(d, gfn);
}

bool paging_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	return sh_add_frame(d, gfn, mfn);
}

void paging_settle(struct domain *d, gpa_t gpa)
{
	mfn_t mfn = p2m_lookup(d, gpa_to_gfn(gpa));

	if (AD_HIDES_TABLES && mfn_valid(mfn) && d->shadow)
		sh_settle(d, plat_map(mfn), PAGE_SIZE, false);
}

void paging_audit_begin(struct domain *d)
{
	sh_audit_begin(d);
}

bool paging_audit_some(struct domain *d, u64 entries, char *text, size_t size, struct paging_audited *sum)
{
	bool over = sh_audit_some(d, entries, text, size);

	*sum = (struct paging_audited){ d->shadow->audit.faults, d->shadow->audit.looked };
	return over;
}

unsigned paging_audit(struct domain *d, char *text, size_t size)
{
	struct paging_audited sum;

	paging_audit_begin(d);
	paging_audit_some(d, ~0ull, text, size, &sum);
	return (unsigned)sum.faults;
}
