/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest walk: a translation by the guest's own tables, as its hardware would
 * make it, with the page fault that its hardware would report. `g` is the number
 * of guest levels, a constant wherever speed matters: 0 (paging off) or 2 to 5.
 *
 * The PDPTEs of a PAE guest, its four top entries, are not read from memory by a walk: the vCPU holds them since its last
 * load (v->pdpte), as hardware does.
 *
 * A walk reads each entry once and keeps what it read, so a guest that changes
 * its tables meanwhile gets one of the answers that hardware could have given.
 */
#ifndef GUEST_GW_H
#define GUEST_GW_H

#include "cpu.h"
#include "lib.h"
#include "logdirty.h"
#include "p2m.h"
#include "plat.h"
#include "pte.h"

#define GW_INLINE     static inline __attribute__((always_inline))
#define GW_MAX_LEVELS 5

struct gw {
	u64 e[GW_MAX_LEVELS + 1]; /* the entries by level, from `leaf` up */
	u64 all;                  /* AND of them: rights and accessed bits */
	gfn_t gfn;                /* the 4 KiB frame */
	u32 leaf;                 /* level of the entry that maps; above all levels with paging off */
};

enum gw_end { GW_OK, GW_ABSENT, GW_RSVD, GW_OUTSIDE };

/* A guest byte that may be read or written. */
struct sh_target {
	u8 *p;
	mfn_t mfn;
};

/* What a walk that did not end well (`end`) comes to, and its fault in v->fault. */
enum verdict gw_failed(struct vcpu *v, u32 pfec, enum gw_end end);
/* The PDPTEs that CR3 names in PAE mode. False: they lie outside the domain's memory. */
bool gw_read_pdptes(const struct domain *d, u64 cr3, u64 pdpte[4]);
/* Would loading these four be legal? Else #GP. */
bool gw_pdptes_legal(const u64 pdpte[4]);
/* Set the accessed bits of a walk and, for a write, the dirty bit; false: the guest changed an entry meanwhile. */
bool gw_mark(struct vcpu *v, struct gw *w, gva_t va, bool write, u32 g);

GW_INLINE u32 gw_shift(u32 level, u32 g)
{
	return 12 + (level - 1) * (g == 2 ? 10 : 9);
}

/* Byte offset in its table of the entry for va. */
GW_INLINE u32 gw_offset(gva_t va, u32 level, u32 g)
{
	if (g == 2)
		return (u32)(va >> gw_shift(level, g) & 1023) * 4;
	return (u32)(va >> gw_shift(level, g) & 511) * 8;
}

/* How many levels of tables the guest's control registers ask for. */
static inline u32 gw_levels(const struct vcpu *v)
{
	if (!(v->cr0 & CR0_PG))
		return 0;
	if (!(v->cr4 & CR4_PAE))
		return 2;
	if (!(v->efer & EFER_LME))
		return 3;
	return v->cr4 & CR4_LA57 ? 5 : 4;
}

/* Bits that no entry of its tables may have; for a PAE guest, of tables below the PDPTEs. */
static inline u64 gw_rsvd(const struct vcpu *v)
{
	u32 levels = gw_levels(v);

	if (levels < 3)
		return 0;
	return PTE_RSVD_PHYS | (levels == 3 ? PTE_RSVD_PAE : 0) | (v->efer & EFER_NXE ? 0 : PTE_NX);
}

GW_INLINE gfn_t gw_root_gfn(const struct vcpu *v)
{
	return pte_gfn(v->cr3);
}

/* With four levels or five an address must be equal to this, the sign extension of what its tables translate. */
GW_INLINE gva_t gw_canonical(gva_t va, u32 g)
{
	u32 above = 64 - gw_shift(g + 1, g);

	return (gva_t)((s64)(va << above) >> above);
}

/* The guest table of that level which a walk went through. */
GW_INLINE gfn_t gw_table(const struct vcpu *v, const struct gw *w, u32 level, u32 g)
{
	return level == g ? gw_root_gfn(v) : pte_gfn(w->e[level + 1]);
}

/* Does this entry map a page, being present? */
GW_INLINE bool gw_is_leaf(u64 e, u32 level, u32 g, bool pse)
{
	if (level == 1)
		return true;
	if (g == 2)
		return level == 2 && pse && (e & PTE_PS);
	return level > 1 && level <= GUEST_HIGHEST_LEAF && (e & PTE_PS);
}

/* Address bits below a superpage's size; bit 12 of such an entry is PAT. */
#define LOW_BITS(shift) (BIT(shift) - BIT(13))

/*
 * What is reserved in a present entry of each level beside v->rsvd, by the manual and by the CPUID that the guest sees
 * (APM volume 2, sections 5.2 to 5.4): of one that leads to a table, and of one that maps a superpage. Where there are no 1 GiB
 * pages PS is reserved at level 3. At level 4 and 5 bits 7 and 8 must be zero; at lower ones bit 8 of an entry that leads to a
 * table is ignored. Bits 13 to 20 of a 4 MiB entry are an address's (PSE-36), and 40 bits take all eight.
 * The PDPTEs of a PAE guest are checked when they are loaded (PDPTE_RSVD).
 */
static const struct {
	u64 table, leaf;
} gw_reserved[3][GW_MAX_LEVELS + 1] = {
	{ [2] = { 0, BIT(21) } },
	{ [2] = { 0, LOW_BITS(21) } },
	{ [2] = { 0, LOW_BITS(21) },
	  [3] = { GUEST_HIGHEST_LEAF < 3 ? PTE_PS : 0, LOW_BITS(30) },
	  [4] = { PTE_PS | PTE_G, 0 },
	  [5] = { PTE_PS | PTE_G, 0 } },
};

/* Reserved bits of a present entry; rsvd: those of every entry in this mode. */
GW_INLINE bool gw_is_rsvd(u64 e, u32 level, u32 g, bool pse, u64 rsvd)
{
	const u32 kind = g == 2 ? 0 : g == 3 ? 1 : 2;

	if (g == 3 && level == 3)
		return false;
	if (unlikely(e & (rsvd | gw_reserved[kind][level].table)))
		return true;
	return level > 1 && gw_is_leaf(e, level, g, pse) && e & gw_reserved[kind][level].leaf;
}

/* First 4 KiB frame of what a leaf entry maps. */
GW_INLINE gfn_t gw_leaf_gfn(u64 e, u32 level, u32 g)
{
	if (level == 1)
		return pte_gfn(e);
	if (g == 2) /* PSE-36: bits 13 to 20 are address bits 32 to 39 */
		return GFN((e >> 22 & 1023) << 10 | (e >> 13 & 0xff) << 20);
	return GFN(pte_gfn(e).n & ~(BIT(gw_shift(level, g) - 12) - 1));
}

GW_INLINE enum gw_end gw_walk(struct vcpu *v, struct gw *w, gva_t va, const u32 g)
{
	const struct domain *d = v->domain;
	gfn_t table = gw_root_gfn(v);
	u64 e, all = ~0ull;

	v->bytes += (g == 3 ? 2 : g) * (g == 2 ? 4 : 8);
#pragma GCC unroll 5
	for (u32 level = g; level > 0; level--) {
		if (g == 3 && level == 3) {
			e = v->pdpte[va >> 30 & 3];
		} else {
			mfn_t mfn = p2m_lookup(d, table);

			if (unlikely(!mfn_valid(mfn)))
				return GW_OUTSIDE;
			const u8 *p = (const u8 *)plat_map(mfn) + gw_offset(va, level, g);
			e = g == 2 ? *(const volatile u32 *)p : *(const volatile u64 *)p;
		}
		if (!(e & PTE_P))
			return GW_ABSENT;
		if (gw_is_rsvd(e, level, g, v->pse, v->rsvd))
			return GW_RSVD;
		w->e[level] = e;
		if (g != 3 || level != 3) /* a PAE root entry has no rights */
			all &= e;
		if (gw_is_leaf(e, level, g, v->pse)) {
			w->leaf = level;
			w->all = all;
			w->gfn = GFN(gw_leaf_gfn(e, level, g).n | (va >> 12 & (BIT(gw_shift(level, g) - 12) - 1)));
			return GW_OK;
		}
		table = pte_gfn(e);
	}
	w->leaf = GW_MAX_LEVELS + 1; /* paging is off */
	w->gfn = GFN(va >> PAGE_SHIFT);
	return GW_OK;
}

/* gw_walk() where the number of levels, 2 to 5, is no constant. */
GW_INLINE enum gw_end gw_walk_levels(struct vcpu *v, struct gw *w, gva_t va, u32 g)
{
	switch (g) {
	case 2: return gw_walk(v, w, va, 2);
	case 3: return gw_walk(v, w, va, 3);
	case 5: return gw_walk(v, w, va, 5);
	}
	return gw_walk(v, w, va, 4);
}

/* Does one of the walked entries forbid execution? */
GW_INLINE bool gw_no_exec(const struct gw *w, u32 g)
{
	for (u32 level = g == 3 ? 2 : g; level >= w->leaf; level--)
		if (w->e[level] & PTE_NX)
			return true;
	return false;
}

/* An entry of a guest table becomes new_. False: it is `old` no longer. */
static inline bool gw_swap_entry(void *p, u64 old, u64 new_, u32 g)
{
	if (g == 2) {
		u32 old32 = (u32)old;
		return __atomic_compare_exchange_n((u32 *)p, &old32, (u32)new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
	return __atomic_compare_exchange_n((u64 *)p, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The entry at a byte offset of a table, `old`, becomes e, which has accessed or dirty bits more. False: it was `old` no longer. */
GW_INLINE bool gw_mark_entry(struct vcpu *v, mfn_t table, u32 offset, u64 old, u64 e, u32 g)
{
	struct domain *d = v->domain;

	v->bytes += g == 2 ? 4 : 8;
	if (!gw_swap_entry((u8 *)plat_map(table) + offset, old, e, g))
		return false;
	log_dirty_mark(d, table);
	d->counter[PN_CNT_set_accessed] += !(old & PTE_A);
	d->counter[PN_CNT_set_dirty] += (e & ~old & PTE_D) != 0;
	return true;
}

/*
 * Do the rights `all` allow it? A fetch needs a look at NX besides, which counts in
 * modes only that have it: elsewhere the bit is reserved or does not exist.
 */
GW_INLINE bool gw_allowed(const struct vcpu *v, u64 all, u32 pfec)
{
	if (pfec & PFEC_U && !(all & PTE_US))
		return false;
	if (pfec & PFEC_W && unlikely(!(all & PTE_RW)) && (pfec & PFEC_U || v->cr0 & CR0_WP))
		return false;
	if (likely(!(pfec & (PFEC_I | PFEC_SMAP))) || !(all & PTE_US))
		return true;
	return pfec & PFEC_I ? pfec & PFEC_U || !(v->cr4 & CR4_SMEP) : false;
}

/* The architecture's rule: what must be set in the tables before an access. */
GW_INLINE bool gw_unmarked(u64 all, u64 leaf, bool write)
{
	return !(all & PTE_A) || (write && !(leaf & PTE_D));
}

/* No walk that failed ends as SH_FIXED: a compiler that knows this sees that a frame is there whenever it is used. */
GW_INLINE enum verdict gw_failure(struct vcpu *v, u32 pfec, enum gw_end end)
{
	enum verdict r = gw_failed(v, pfec, end);

	if (r == SH_FIXED)
		__builtin_unreachable();
	return r;
}

/*
 * The whole of an access but the data: walk, rights, accessed and dirty bits,
 * frame. Fills v->fault. SH_FIXED: *mfn is the machine frame. Otherwise SH_MMIO,
 * SH_GUEST_FAULT, or SH_RETRY: another vCPU changed an entry meanwhile, or the domain has crashed.
 */
GW_INLINE enum verdict gw_access(struct vcpu *v, struct gw *w, gva_t va, u32 pfec, mfn_t *mfn, bool (*unmarked)(u64, u64, bool),
				 const u32 g)
{
	enum gw_end end;

	v->fault.va = va;
	end = gw_walk(v, w, va, g);
	if (unlikely(end != GW_OK)) {
		if (likely(end == GW_ABSENT)) {
			v->fault.pfec = pfec & (PFEC_W | PFEC_U | PFEC_I);
			return SH_GUEST_FAULT;
		}
		return gw_failure(v, pfec, end);
	}
	if (g && unlikely(!gw_allowed(v, w->all, pfec) || (pfec & PFEC_I && gw_no_exec(w, g))))
		return gw_failure(v, pfec, GW_OK);
	if (g && unlikely(unmarked(w->all, w->e[w->leaf], pfec & PFEC_W)) && !gw_mark(v, w, va, pfec & PFEC_W, g))
		return SH_RETRY;
	v->fault.gpa = gfn_to_gpa(w->gfn) | (va & ~PAGE_MASK);
	*mfn = p2m_lookup(v->domain, w->gfn);
	return likely(mfn_valid(*mfn)) ? SH_FIXED : SH_MMIO;
}

/*
 * Emulation's own TLB: one entry for each of reads, writes and fetches. It may keep what
 * hardware's may, so every flush that the guest asks for empties it.
 */
GW_INLINE struct soft_tlb *soft_entry(struct vcpu *v, u32 access)
{
	return &v->soft_tlb[access & PFEC_I ? 2 : (access & PFEC_W) / PFEC_W];
}

GW_INLINE u64 soft_key(gva_t va, u32 access)
{
	return (va & PAGE_MASK) | (access & (PFEC_W | PFEC_U | PFEC_I | PFEC_SMAP)) | PFEC_P;
}

GW_INLINE bool soft_hit(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	const struct soft_tlb *s = soft_entry(v, access);

	if (unlikely(s->key != soft_key(va, access)))
		return false;
	t->p = s->page + (va & ~PAGE_MASK);
	t->mfn = plat_virt_to_mfn(t->p);
	return true;
}

GW_INLINE void soft_keep(struct vcpu *v, gva_t va, u32 access, mfn_t mfn)
{
	*soft_entry(v, access) = (struct soft_tlb){ soft_key(va, access), plat_map(mfn) };
}

GW_INLINE void soft_flush(struct vcpu *v)
{
	v->soft_tlb[0].key = v->soft_tlb[1].key = v->soft_tlb[2].key = 0;
	v->code.va = v->code.not_global = NO_CODE_PAGE;
}

/* Forget what INVLPG makes stale. How large the code page's mapping is, is not known: 1 GiB is the most. */
GW_INLINE void soft_flush_page(struct vcpu *v, gva_t va)
{
	v->soft_tlb[0].key = v->soft_tlb[1].key = v->soft_tlb[2].key = 0;
	if (!((va ^ v->code.va) >> 30))
		v->code.va = NO_CODE_PAGE;
}

/* Forget what a CR3 load makes stale; of the page of code, code_stays() of the template tells. */
GW_INLINE void soft_flush_root(struct vcpu *v)
{
	v->soft_tlb[0].key = v->soft_tlb[1].key = v->soft_tlb[2].key = 0;
}

/* Store into one page; naturally aligned words at once, as guests expect of their tables. */
static inline void gw_store(const struct sh_target *t, const void *buf, u32 bytes)
{
	u64 x;

	if (likely(bytes == 8)) {
		memcpy(&x, buf, 8);
		*(volatile u64 *)t->p = x;
	} else if (bytes == 4) {
		*(volatile u32 *)t->p = *(const u32 *)memcpy(&x, buf, 4);
	} else if (bytes == 2) {
		*(volatile u16 *)t->p = *(const u16 *)memcpy(&x, buf, 2);
	} else {
		memcpy(t->p, buf, bytes);
	}
}

/* Was SH_RETRY a race with the guest, so that another try will do? If the domain has crashed, the access just fails. */
bool gw_again(struct vcpu *v, gva_t va, u32 access);

/*
 * The guest's walk for an access that emulation makes: `access` holds a pfec's W, U, I and PFEC_SMAP; an address that is not
 * canonical counts as not present. Never SH_RETRY.
 */
GW_INLINE enum verdict gw_translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t, const u32 g)
{
	struct gw w;
	enum verdict r;

	if (g >= 4 && unlikely(gw_canonical(va, g) != va)) {
		v->fault.va = va;
		v->fault.pfec = access & (PFEC_W | PFEC_U | PFEC_I);
		return SH_GUEST_FAULT;
	}
	if (g < 4)
		va = (u32)va;
	do
		r = gw_access(v, &w, va, access, &t->mfn, gw_unmarked, g);
	while (unlikely(r == SH_RETRY) && gw_again(v, va, access));
	if (unlikely(r == SH_RETRY))
		return SH_GUEST_FAULT;
	if (likely(r == SH_FIXED))
		t->p = (u8 *)plat_map(t->mfn) + (va & ~PAGE_MASK);
	return r;
}

#endif
