/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages lent to the guest under shadow paging (paging/lent.h): guest tables, read-only pages of a guest with CR0.WP clear, and what is no
 * memory. The pages that it takes are the pool's, so hardware may walk them wherever it may walk shadows.
 *
 * What must hold when the guest's instruction is done:
 *  - what hardware marked in a copied entry is marked in the entry itself, before anybody asks for that;
 *  - shadows of a lent table have followed every entry that changed, before the guest runs on.
 * Where hardware walks tables of its own (shadow/pool/pool.h) the copies are made in the engine's half, from its tables alone, and then published to
 * hardware's; of what hardware's half holds afterwards only marks are believed.
 */
#include "hide.h"

static void *lent_page(struct domain *d)
{
	return sh_take_page(d, NULL)->table;
}

#include "lent.h"

_Static_assert(LENT_LEVELS == SH_MAX_LEVELS, "each page that is lent takes a table a level below the root, and a copy of itself");

/* Copies from `table` down, as hardware is to walk them: each link leads to the half that it is in. */
static void publish(const struct lent_tables *t, void *table, u32 level)
{
	const u64 apart = sh_hw_offset(t->levels);

	for (u32 i = 0; i < 1u << lent_bits(t); i++) {
		const u64 e = lent_get(t, table, i);
		const bool link = level > 1 && (e & (PTE_P | PTE_PS)) == PTE_P;

		if (link && lent_is_copy(t->d->lent, plat_map(pte_mfn(e))))
			publish(t, plat_map(pte_mfn(e)), level - 1);
		lent_set(t, (u8 *)table + apart, i, link ? e + apart : e);
	}
}

/* A page of ones, where hardware reaches it. */
static mfn_t reachable_ones(struct vcpu *v)
{
	const mfn_t ones = lent_ones(v->domain);
	const u64 apart = sh_hw_offset(v->shadow_levels);

	if (apart)
		memset((u8 *)plat_map(ones) + apart, 0xff, PAGE_SIZE);
	return MFN(ones.n + apart / PAGE_SIZE);
}

/* What the guest's tables say of a page beside its frame. */
static u64 guest_rights(struct vcpu *v, gva_t va)
{
	const u32 g = v->guest_levels;
	struct gw w;

	if (!g)
		return PTE_US;
	if (gw_walk_levels(v, &w, va, g) != GW_OK)
		return 0;
	return (w.all & PTE_US) | (gw_no_exec(&w, g) ? PTE_NX : 0);
}

/* The guest writes to the frame by itself for a moment. */
static void lend_frame(struct domain *d, mfn_t mfn)
{
	const struct frame_info *f = frame_of(d, mfn);
	void *page = plat_map(mfn);

	log_dirty_mark(d, mfn);
	if (AD_HIDES_TABLES)
		sh_settle(d, page, PAGE_SIZE, true);
	if (!policy.sync->may_write(f))
		lent_take(d, page, LENT_TABLE);
}

static enum verdict lend_one(struct vcpu *v, const struct lent_tables *t, const struct lend *what)
{
	const gva_t va = v->guest_levels < 4 ? (u32)what->at : what->at;
	const u64 rights = PTE_P | PTE_A | PTE_D | (what->access & PFEC_W ? PTE_RW : 0);
	struct sh_target at;
	enum verdict r = v->mode->translate(v, va, what->access, &at);

	if (r == SH_MMIO)
		at.mfn = reachable_ones(v);
	else if (r != SH_FIXED)
		return r;
	else if (what->access & PFEC_W)
		lend_frame(v->domain, at.mfn);
	lent_put(t, va, mfn_to_hpa(at.mfn) | rights | guest_rights(v, va));
	return SH_FIXED;
}

static void walk_from(struct vcpu *v, const void *root)
{
	v->hw_cr3 = mfn_to_hpa(plat_virt_to_mfn(root)) + sh_hw_offset(v->shadow_levels);
	v->hw_dirty |= HW_CR3;
	plat_tlb_flush(v);
}

enum verdict paging_lend(struct vcpu *v, const struct lend *what, u32 n)
{
	struct domain *d = v->domain;
	struct lent_tables t = { .d = d, .levels = v->shadow_levels };
	enum verdict r = SH_FIXED;

	if (!lent_begin(d) || !sh_reserve(d, LENT_ROOM(n)))
		return SH_OOM;
	t.root = lent_take(d, sh_root(v)->table, LENT_OTHER);
	for (u32 i = 0; i < n && r == SH_FIXED; i++)
		r = lend_one(v, &t, &what[i]);
	if (r != SH_FIXED) {
		paging_lend_end(v);
		return r;
	}
	if (sh_hw_offset(t.levels))
		publish(&t, t.root, t.levels);
	walk_from(v, t.root);
	return r;
}

/* Accessed and dirty bits that hardware set in copied leaf entries. */
static void marks_back(const struct vcpu *v, const struct lent_copy *c)
{
	const struct lent_tables t = { .levels = v->shadow_levels };
	const u64 apart = sh_hw_offset(t.levels), marks = PTE_A | PTE_D;

	for (u32 i = 0; i < 1u << lent_bits(&t); i++) {
		const u64 copy = lent_get(&t, c->page, i), e = lent_get(&t, c->of, i);
		const u64 hw_copy = lent_get(&t, (u8 *)c->page + apart, i), hw = lent_get(&t, (u8 *)c->of + apart, i);

		if (hw_copy & ~hw & marks && !((copy ^ e) & ~marks))
			lent_set(&t, (u8 *)c->of + apart, i, hw | (hw_copy & marks));
	}
}

/* A table that was lent: whatever the guest wrote there. */
static void follow(struct domain *d, const struct lent_copy *c)
{
	struct frame_info *f = frame_of(d, plat_virt_to_mfn(c->of));

	for (u32 at = 0; at < PAGE_SIZE; at += 8)
		if (READ_ONCE(*(u64 *)((u8 *)c->of + at)) != *(u64 *)((u8 *)c->page + at))
			sh_validate(d, f, at, 8);
}

void sh_lend_destroy(struct domain *d)
{
	lent_destroy(d);
}

static void give_back(struct domain *d, struct lent *l)
{
	for (u32 i = 0; i < l->copies; i++) {
		memset(l->copy[i].page, 0, PAGE_SIZE);
		memset((u8 *)l->copy[i].page + pool_hw_offset, 0, PAGE_SIZE);
		sh_give_page(d, pool_page(plat_virt_to_mfn(l->copy[i].page).n));
	}
	l->copies = 0;
}

void paging_lend_end(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct lent *l = d->lent;

	walk_from(v, sh_root(v)->table);
	for (u32 i = 0; i < l->copies; i++)
		if (l->copy[i].kind == LENT_LEAVES)
			marks_back(v, &l->copy[i]);
	for (u32 i = 0; i < l->copies; i++)
		if (l->copy[i].kind == LENT_TABLE)
			follow(d, &l->copy[i]);
	give_back(d, l);
}
