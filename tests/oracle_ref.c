/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference of the oracle: a plain walker and the sets of what may be cached. */
#include "oracle_ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct geometry {
	u32 levels, entry_bytes, bits;
};

static struct geometry geometry_of(const struct ref_guest *r)
{
	if (!(r->cr0 & CR0_PG))
		return (struct geometry){ 0, 8, 9 };
	if (!(r->cr4 & CR4_PAE))
		return (struct geometry){ 2, 4, 10 };
	return (struct geometry){ 4, 8, 9 };
}

void *ref_at(const struct ref_guest *r, gpa_t gpa)
{
	u64 gfn = gpa >> 12;

	if (gfn >= r->frames || gfn - r->hole_at < r->hole)
		return NULL;
	return r->memory ? r->memory + gpa : guest_at(r->g, gpa);
}

static void *entry_of(const struct ref_guest *r, struct geometry n, u64 table_gfn, u32 level, gva_t va)
{
	u64 index = va >> (12 + n.bits * (level - 1)) & ((1u << n.bits) - 1);

	return ref_at(r, table_gfn * 4096 + index * n.entry_bytes);
}

static u64 load(struct geometry n, const void *p)
{
	return n.entry_bytes == 4 ? *(const u32 *)p : *(const u64 *)p;
}

static bool maps_page(const struct ref_guest *r, struct geometry n, u64 e, u32 level)
{
	if (level == 1)
		return true;
	if (!(e & 0x80))
		return false;
	return n.levels == 2 ? (r->cr4 & CR4_PSE) != 0 : level < 4;
}

static bool reserved(const struct ref_guest *r, struct geometry n, u64 e, u32 level)
{
	bool big = maps_page(r, n, e, level) && level > 1;

	if (n.levels == 2)
		return big && (e >> 21 & 1);
	if (e >> 40 & 0xfff || (e >> 63 && !(r->efer & EFER_NXE)))
		return true;
	if (level == 4)
		return e & 0x80;
	return big && (e & (level == 2 ? 0x1fe000 : 0x3fffe000));
}

static u64 page_gfn(struct geometry n, u64 e, u32 level, gva_t va)
{
	u64 span = 1ull << n.bits * (level - 1), first;

	if (n.levels == 2 && level == 2)
		first = (e >> 22) * 1024 + ((e >> 13 & 0xff) << 20);
	else
		first = (e & 0xffffffffff000ull) / 4096 / span * span;
	return first + (va / 4096) % span;
}

static bool permits(const struct ref_guest *r, bool rw, bool us, bool nx, u32 access)
{
	if (access & PFEC_U && !us)
		return false;
	if (access & PFEC_W && !rw && (access & PFEC_U || r->cr0 & CR0_WP))
		return false;
	if (access & PFEC_I && nx && r->efer & EFER_NXE)
		return false;
	if (access & PFEC_U || !us)
		return true;
	if (access & PFEC_I)
		return !(r->cr4 & CR4_SMEP);
	return !(r->cr4 & CR4_SMAP) || access & HOST_AC;
}

static u32 error_code(const struct ref_guest *r, u32 access, u32 more)
{
	u32 fetch = r->efer & EFER_NXE || r->cr4 & CR4_SMEP ? PFEC_I : 0;

	return (access & (PFEC_W | PFEC_U | fetch)) | more;
}

static struct outcome end_at(const struct ref_guest *r, gpa_t gpa)
{
	return (struct outcome){ .kind = ref_at(r, gpa) ? ACCESS_DONE : ACCESS_MMIO, .gpa = gpa };
}

struct outcome ref_walk(const struct ref_guest *r, gva_t va, u32 access, bool mark)
{
	struct geometry n = geometry_of(r);
	bool rw = true, us = true, nx = false;
	u64 table = r->cr3 >> 12 & 0xfffffffff;
	void *path[5];

	if (!n.levels)
		return end_at(r, (u32)va);
	for (u32 level = n.levels;; level--) {
		void *p = path[level] = entry_of(r, n, table, level, va);
		u64 e;

		if (!p)
			return (struct outcome){ .kind = ACCESS_CRASH };
		e = load(n, p);
		if (!(e & 1))
			return (struct outcome){ .kind = ACCESS_FAULT, .pfec = error_code(r, access, 0) };
		if (reserved(r, n, e, level))
			return (struct outcome){ .kind = ACCESS_FAULT,
						 .pfec = error_code(r, access, PFEC_P | PFEC_RSVD) };
		rw &= e >> 1 & 1;
		us &= e >> 2 & 1;
		nx |= n.levels > 2 && e >> 63;
		table = (e & 0xffffffffff000ull) / 4096;
		if (!maps_page(r, n, e, level))
			continue;
		if (!permits(r, rw, us, nx, access))
			return (struct outcome){ .kind = ACCESS_FAULT, .pfec = error_code(r, access, PFEC_P) };
		for (u32 l = n.levels; mark && l >= level; l--)
			*(u8 *)path[l] |= l == level && access & PFEC_W ? 0x60 : 0x20;
		return end_at(r, page_gfn(n, e, level, va) * 4096 + va % 4096);
	}
}

/* ---- sets ---- */

static void full(void)
{
	fprintf(stderr, "the reference's sets are too small for this program\n");
	abort();
}

static void add_table(struct ref_va *a, struct ref_table t)
{
	for (u32 i = 0; i < a->nr_tables; i++)
		if (!memcmp(&a->table[i], &t, sizeof(t)))
			return;
	if (a->nr_tables == REF_MAX_SET)
		full();
	memcpy(&a->table[a->nr_tables++], &t, sizeof(t));
}

static void add_cand(struct ref_va *a, struct ref_cand c)
{
	for (u32 i = 0; i < a->nr_cands; i++)
		if (!memcmp(&a->cand[i], &c, sizeof(c)))
			return;
	if (a->nr_cands == REF_MAX_SET)
		full();
	memcpy(&a->cand[a->nr_cands++], &c, sizeof(c));
}

/* What one entry adds, if hardware may cache it: it is valid and its accessed bit is set. */
static void follow(const struct ref_guest *r, struct geometry n, struct ref_va *a, const struct ref_table *t)
{
	const void *p = entry_of(r, n, t->gfn, t->level, a->page);
	u64 e = p ? load(n, p) : 0;
	bool rw = t->rw && e & 2, us = t->us && e & 4, nx = t->nx || (n.levels > 2 && e >> 63);

	if (!(e & 1) || !(e & 0x20) || reserved(r, n, e, t->level))
		return;
	if (maps_page(r, n, e, t->level)) {
		struct ref_cand c;

		memset(&c, 0, sizeof(c));
		c.gfn = page_gfn(n, e, t->level, a->page);
		c.rw = rw, c.us = us, c.nx = nx, c.dirty = e & 0x40, c.level = t->level;
		add_cand(a, c);
	} else {
		struct ref_table next;

		memset(&next, 0, sizeof(next));
		next.gfn = (e & 0xffffffffff000ull) / 4096;
		next.level = t->level - 1;
		next.rw = rw, next.us = us, next.nx = nx;
		add_table(a, next);
	}
}

void ref_step(const struct ref_guest *r, struct ref_va *a)
{
	struct geometry n = geometry_of(r);
	struct ref_table root;

	if (!n.levels)
		return;
	memset(&root, 0, sizeof(root));
	root.gfn = r->cr3 >> 12 & 0xfffffffff;
	root.level = n.levels;
	root.rw = root.us = true;
	add_table(a, root);
	for (u32 i = 0; i < a->nr_tables; i++)
		follow(r, n, a, &a->table[i]);
}

void ref_flush(struct ref_va *a)
{
	a->nr_cands = a->nr_tables = 0;
}

void ref_invlpg(const struct ref_guest *r, struct ref_va *a, gva_t va)
{
	struct geometry n = geometry_of(r);
	u32 kept = 0;

	a->nr_tables = 0;
	for (u32 i = 0; i < a->nr_cands; i++) {
		u64 span = 4096ull << n.bits * (a->cand[i].level - 1);

		if (a->page / span != va / span)
			a->cand[kept++] = a->cand[i];
	}
	a->nr_cands = kept;
}

bool ref_allows(const struct ref_guest *r, const struct ref_va *a, u32 access, u64 gfn)
{
	for (u32 i = 0; i < a->nr_cands; i++) {
		const struct ref_cand *c = &a->cand[i];

		if (c->gfn == gfn && permits(r, c->rw, c->us, c->nx, access) && (c->dirty || !(access & PFEC_W)))
			return true;
	}
	return false;
}
