/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated CPU's page walker and its TLB, after APM volume 2, chapter 5. It
 * reads hardware tables only, and shares no code with the engine's guest walk.
 */
#include "host.h"

#include <string.h>

#include "cpu.h"
#include "pte.h"

#define HOST_PHYS_BITS  48
#define GUEST_PHYS_BITS 40 /* what CPUID tells guests: their own tables are read by a machine of so many */
#define LARGEST_SHIFT   22 /* of a superpage that a guest may have: 4 MiB */

u64 host_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* A TLB that keeps what it has takes the likelier way always. */
static bool chance(struct host_cpu *c, u32 of_8)
{
	return c->keeps ? of_8 > 4 : host_random(&c->rng) % 8 < of_8;
}

void host_cpu_flush(struct host_cpu *c)
{
	c->nr_tlb = c->nr_psc = 0;
}

static void tlb_forget(struct host_cpu *c, u32 i)
{
	c->tlb[i] = c->tlb[--c->nr_tlb];
}

/* Of a superpage of the guest's that nested paging broke into pieces all go; they are taken for it wherever they lie as one would. */
void host_cpu_flush_page(struct host_cpu *c, gva_t va)
{
	for (u32 i = 0; i < c->nr_tlb;)
		if (va - c->tlb[i].page < c->tlb[i].size || (c->owns && !((va ^ c->tlb[i].page) >> LARGEST_SHIFT)))
			tlb_forget(c, i);
		else
			i++;
	c->nr_psc = 0;
}

/* ---- nested paging ---- */

/* Every frame that is mapped is mapped as user and writable; behind a fence (hv/paging/nested/fence.h), to itself. */
static bool nested_maps(const struct host_cpu *c, hpa_t gpa, hpa_t *hpa)
{
	hpa_t table = c->nested_cr3;

	for (u32 shift = 39; shift >= 12; shift -= 9) {
		u64 e = ((const u64 *)plat_map(hpa_to_mfn(table)))[gpa >> shift & 511], reach = ~(BIT(shift) - 1);

		if ((e & (PTE_P | PTE_RW | PTE_US)) != (PTE_P | PTE_RW | PTE_US))
			return false;
		if (shift == 12 || e & PTE_PS) {
			*hpa = (e & PTE_ADDR & reach) | (gpa & ~reach);
			return c->owns || *hpa == gpa;
		}
		table = e & PTE_ADDR;
	}
	return false;
}

/* Where memory is that hardware's tables call `gpa`. False: nested paging keeps hardware from it. */
static bool reachable(const struct host_cpu *c, hpa_t gpa, hpa_t *hpa)
{
	*hpa = gpa;
	if (!c->nested_cr3 || (!(gpa >> HOST_PHYS_BITS) && nested_maps(c, gpa, hpa)))
		return true;
	if (!c->wild && !c->owns)
		plat_panic("nested paging keeps hardware from %lx", gpa);
	return false;
}

/* ---- what kind of tables ---- */

static u32 levels(const struct host_cpu *c)
{
	if (!(c->cr4 & CR4_PAE))
		return 2;
	if (!(c->efer & EFER_LMA))
		return 3;
	return c->cr4 & CR4_LA57 ? 5 : 4;
}

u32 host_cpu_levels(const struct host_cpu *c)
{
	return levels(c);
}

static u32 shift(const struct host_cpu *c, u32 level)
{
	return 12 + (level - 1) * (levels(c) == 2 ? 10 : 9);
}

void host_cpu_load_pdptes(struct host_cpu *c)
{
	hpa_t at;

	if (c->cr0 & CR0_PG && levels(c) == 3 && reachable(c, c->cr3 & PTE_ADDR, &at))
		memcpy(c->pdpte, plat_map(hpa_to_mfn(at)) + (c->cr3 & 0xfe0), sizeof(c->pdpte));
}

/* ---- the walk ---- */

struct walk {
	u32 level;
	hpa_t table;
	hpa_t at; /* where memory has it */
	u64 all, any;
};

static void *entry_at(const struct host_cpu *c, hpa_t table, gva_t va, u32 level)
{
	u32 size = levels(c) == 2 ? 4 : 8, index = va >> shift(c, level) & (PAGE_SIZE / size - 1);

	return (u8 *)plat_map(hpa_to_mfn(table)) + index * size;
}

static u64 read_entry(const struct host_cpu *c, const struct walk *w, gva_t va)
{
	if (levels(c) == 3 && w->level == 3)
		return c->pdpte[va >> 30 & 3];
	const void *p = entry_at(c, w->at, va, w->level);
	return levels(c) == 2 ? *(const volatile u32 *)p : *(const volatile u64 *)p;
}

static bool reserved(const struct host_cpu *c, u64 e, u32 level)
{
	u32 n = levels(c);
	bool large = level > 1 && e & PTE_PS;

	if (n == 2)
		return large && c->cr4 & CR4_PSE && e & BIT(21);
	if (e & (BIT(52) - BIT(c->owns ? GUEST_PHYS_BITS : HOST_PHYS_BITS)) || (e & PTE_NX && !(c->efer & EFER_NXE)))
		return true;
	if (n == 3 && level == 3)
		return e & 0x1e6;
	if (n == 3 && e & (BIT(63) - BIT(52)))
		return true;
	if (level >= 4)
		return e & 0x180;
	if (large && level == 3 && c->owns) /* the guest's CPU has none of 1 GiB */
		return true;
	return large && e & (level == 3 ? 0x3fffe000 : 0x1fe000);
}

static bool is_leaf(const struct host_cpu *c, u64 e, u32 level)
{
	if (level == 1)
		return true;
	if (levels(c) == 2)
		return c->cr4 & CR4_PSE && e & PTE_PS;
	return e & PTE_PS && !(levels(c) == 3 && level == 3);
}

static bool permitted(const struct host_cpu *c, u64 all, u64 any, u32 access)
{
	bool user = access & PFEC_U, fetch = access & PFEC_I;

	if (user && !(all & PTE_US))
		return false;
	if (access & PFEC_W && !(all & PTE_RW) && (user || c->cr0 & CR0_WP))
		return false;
	if (fetch && any & PTE_NX)
		return false;
	if (!user && all & PTE_US)
		return fetch ? !(c->cr4 & CR4_SMEP) : !(c->cr4 & CR4_SMAP) || access & HOST_AC;
	return true;
}

/* A place for a new entry: a free one, or any. */
static u32 place_for(struct host_cpu *c, u32 *held, u32 most)
{
	return *held < most ? (*held)++ : (u32)(host_random(&c->rng) % most);
}

static void remember_table(struct host_cpu *c, const struct walk *w, gva_t va)
{
	if (chance(c, 6))
		c->psc[place_for(c, &c->nr_psc, HOST_PSC_ENTRIES)] =
			(struct host_psc_entry){ w->level, va >> shift(c, w->level + 1), w->table, w->all, w->any };
}

/* Set bits in the entry, which was read as e. False: it has changed. */
static bool mark(const struct host_cpu *c, const struct walk *w, gva_t va, u64 e, u64 bits)
{
	u32 e32 = (u32)e;
	void *p;

	if ((levels(c) == 3 && w->level == 3) || !(bits & ~e))
		return true;
	p = entry_at(c, w->at, va, w->level);
	if (levels(c) == 2)
		return __atomic_compare_exchange_n((u32 *)p, &e32, e32 | (u32)bits, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n((u64 *)p, &e, e | bits, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* From w's table down. False: *pfec. */
static bool walk_down(struct host_cpu *c, struct walk w, gva_t va, u32 access, hpa_t *hpa, u32 *pfec)
{
	u32 fetch = c->efer & EFER_NXE || c->cr4 & CR4_SMEP ? PFEC_I : 0, reported = PFEC_W | PFEC_U | fetch;

	for (;; w.level--) {
		const struct walk begin = w;
		u64 e, bits = PTE_A;
		bool leaf;

		*hpa = w.table;
		*pfec = HOST_NPF;
		if (!reachable(c, w.table, &w.at))
			return false;
		e = read_entry(c, &w, va);
		leaf = is_leaf(c, e, w.level);
		*pfec = access & reported;
		if (!(e & PTE_P))
			return false;
		*pfec |= PFEC_P;
		if (reserved(c, e, w.level)) {
			*pfec |= PFEC_RSVD;
			return false;
		}
		if (!(levels(c) == 3 && w.level == 3)) {
			w.all &= e;
			w.any |= e;
		}
		if (leaf && !permitted(c, w.all, w.any, access))
			return false;
		if (leaf && access & PFEC_W)
			bits |= PTE_D;
		if (!mark(c, &w, va, e, bits)) {
			w = begin;
			w.level++;
			continue;
		}
		w.table = e & PTE_ADDR;
		if (leaf && levels(c) == 2 && w.level == 2) /* 40 bits of address (APM volume 2, "4-Mbyte Page Translation") */
			w.table = (e & 0xffc00000) | (e >> 13 & 0xff) << 32;
		if (!leaf) {
			w.level--;
			remember_table(c, &w, va);
			w.level++;
			continue;
		}
		u64 size = BIT(shift(c, w.level));
		w.all = (w.all & ~PTE_D) | ((e | bits) & PTE_D);
		*hpa = (w.table & ~(size - 1)) | (va & (size - 1));
		if (!reachable(c, *hpa, &w.at)) {
			*pfec = HOST_NPF;
			return false;
		}
		*hpa = w.at;
		if (c->nested_cr3) /* the neighbours may be mapped otherwise */
			size = PAGE_SIZE;
		if (chance(c, 6))
			c->tlb[place_for(c, &c->nr_tlb, HOST_TLB_ENTRIES)] =
				(struct host_tlb_entry){ va & ~(size - 1), size, *hpa & ~(size - 1), w.all, w.any };
		return true;
	}
}

/* ---- the TLB ---- */

/* From a random one on, so that no order of several that match is preferred. */
static bool tlb_hit(struct host_cpu *c, gva_t va, u32 access, hpa_t *hpa)
{
	u32 at = c->nr_tlb ? (u32)(host_random(&c->rng) % c->nr_tlb) : 0;

	for (u32 left = c->nr_tlb; left > 0; left--) {
		struct host_tlb_entry *t = &c->tlb[at < c->nr_tlb ? at : (at = 0)];

		if (va - t->page >= t->size) {
			at++;
			continue;
		}
		if (!permitted(c, t->all, t->any, access) || (access & PFEC_W && !(t->all & PTE_D)) || chance(c, 1)) {
			tlb_forget(c, at);
			continue;
		}
		*hpa = t->base + (va - t->page);
		return true;
	}
	return false;
}

/* A remembered table on the way to va, if fortune wants it. */
static bool shortcut(struct host_cpu *c, gva_t va, struct walk *w)
{
	u32 at = c->nr_psc ? (u32)(host_random(&c->rng) % c->nr_psc) : 0;

	for (u32 left = c->nr_psc; left > 0; left--) {
		const struct host_psc_entry *p = &c->psc[at < c->nr_psc ? at : (at = 0)];

		at++;
		if (va >> shift(c, p->level + 1) != p->prefix || chance(c, 3))
			continue;
		*w = (struct walk){ .level = p->level, .table = p->table, .all = p->all, .any = p->any };
		return true;
	}
	return false;
}

bool host_cpu_access(struct host_cpu *c, gva_t va, u32 access, hpa_t *hpa, u32 *pfec)
{
	struct walk w;

	if (tlb_hit(c, va, access, hpa)) {
		c->hits++;
		return true;
	}
	c->walks++;
	if (shortcut(c, va, &w) && walk_down(c, w, va, access, hpa, pfec))
		return true;
	w = (struct walk){ .level = levels(c), .table = c->cr3 & PTE_ADDR, .all = ~0ull };
	if (walk_down(c, w, va, access, hpa, pfec))
		return true;
	c->faults++;
	return false;
}
