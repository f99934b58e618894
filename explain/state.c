/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables and books as they stand. Guest tables are read in the guest's memory, shadow tables where hardware walks them. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"
#include "engine.h"
#include "host.h"
#include "machine.h"
#include "p2m.h"

#define NEIGHBOURS 8 /* pages shown together, aligned */

/* Tables of so many levels, and how their memory is reached. */
struct tables {
	u32 levels;
	u64 root; /* address */
	const u8 *(*at)(const struct vcpu *v, u64 address);
	bool superpages; /* of 2-level tables: PSE */
};

json_t *state_hex(u64 n)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, n);
	return json_string(text);
}

static const u8 *guest_at(const struct vcpu *v, u64 gpa)
{
	(void)v;
	return gpa + 8 <= machine_bytes ? machine_memory + gpa : NULL;
}

static const u8 *hardware_at(const struct vcpu *v, u64 hpa)
{
	(void)v;
	return (const u8 *)plat_map(hpa_to_mfn(hpa)) + (hpa & ~PAGE_MASK);
}

static struct tables guest_tables(const struct vcpu *v)
{
	return (struct tables){ v->guest_levels, v->cr3 & (v->guest_levels == 3 ? PTE_ADDR | PAE_ROOT_OFFSET : PTE_ADDR),
				guest_at, v->pse };
}

static struct tables shadow_tables(const struct vcpu *v)
{
	const u64 root = v->hw_cr3 & (v->shadow_levels == 3 ? PTE_ADDR | PAE_ROOT_OFFSET : PTE_ADDR);

	return (struct tables){ v->shadow_levels, root, hardware_at, v->hw_cr4 & CR4_PSE };
}

static u32 entry_bytes(const struct tables *t)
{
	return t->levels == 2 ? 4 : 8;
}

static u32 slot(const struct tables *t, gva_t va, u32 level)
{
	const u32 bits = t->levels == 2 ? 10 : 9;

	return (u32)(va >> (PAGE_SHIFT + (level - 1) * bits)) & ((1u << bits) - 1) & (t->levels == 3 && level == 3 ? 3 : ~0u);
}

static u64 entry(const struct vcpu *v, const struct tables *t, u64 table, u32 index)
{
	const u8 *p = t->at(v, table + index * entry_bytes(t));
	u64 e = 0;

	if (p)
		memcpy(&e, p, entry_bytes(t));
	return e;
}

static bool is_leaf(const struct tables *t, u64 e, u32 level)
{
	return level == 1 || (level == 2 && e & PTE_PS && (t->levels > 2 || t->superpages));
}

/* The last entry of a walk, and whether it is one for a page. */
static bool leaf_of(const struct vcpu *v, const struct tables *t, gva_t va, u64 *e, u32 *level)
{
	u64 table = t->root;

	for (*level = t->levels; *level; --*level) {
		*e = entry(v, t, table, slot(t, va, *level));
		if (!(*e & PTE_P) || is_leaf(t, *e, *level))
			return is_leaf(t, *e, *level);
		table = *e & PTE_ADDR;
	}
	return false;
}

bool state_translate(const struct vcpu *v, gva_t va, gpa_t *gpa)
{
	const struct tables t = guest_tables(v);
	const u32 bits = t.levels == 2 ? 10 : 9;
	u32 level;
	u64 e, size;

	if (!t.levels) { /* paging is off: an address is its own translation */
		*gpa = va;
		return true;
	}
	if (!leaf_of(v, &t, va, &e, &level) || !(e & PTE_P))
		return false;
	size = BIT(PAGE_SHIFT + (level - 1) * bits);
	*gpa = (e & PTE_ADDR & ~(size - 1)) | (va & (size - 1));
	return true;
}

bool state_is_kernels(const struct vcpu *v, gva_t va)
{
	const struct tables t = guest_tables(v);
	u32 level;
	u64 e;

	return leaf_of(v, &t, va, &e, &level) && e & PTE_P && !(e & PTE_US);
}

/* ---- walks ---- */

static void describe_shadow(const struct vcpu *v, json_t *row, u64 table)
{
	const u64 mfn = table >> PAGE_SHIFT;
	const struct sh_page *sp = pool_owns(v->domain->shadow, mfn) ? pool_page(mfn) : NULL;

	if (!sp || !sp->used)
		return;
	json_object_set_new(row, "for", state_hex(sp->gfn));
	if (sp->role & ROLE_DIRECT)
		json_object_set_new(row, "direct", json_true());
	if (sp->unsync || sp->parked)
		json_object_set_new(row, "unsync", json_true());
	if (sp->hidden)
		json_object_set_new(row, "hidden", json_true());
}

static json_t *walk(const struct vcpu *v, const struct tables *t, gva_t va, bool shadow)
{
	json_t *rows = json_array();
	u64 table = t->root;

	for (u32 level = t->levels; level; level--) {
		const u32 index = slot(t, va, level);
		const u64 e = entry(v, t, table, index);
		json_t *row = json_pack("{s:i, s:o, s:i, s:o}", "level", level, "table", state_hex(table >> PAGE_SHIFT), "index",
					index, "entry", state_hex(e));

		if (shadow)
			describe_shadow(v, row, table);
		if (is_leaf(t, e, level))
			json_object_set_new(row, "leaf", json_true());
		json_array_append_new(rows, row);
		if (!(e & PTE_P) || is_leaf(t, e, level))
			break;
		table = e & PTE_ADDR;
	}
	return rows;
}

/* What the engine knows of the guest table that is nearest to the page, or of the page itself as a table. */
static json_t *frame_state(const struct vcpu *v, u64 gfn)
{
	const mfn_t m = p2m_lookup(v->domain, GFN(gfn));
	const struct frame_info *f;
	const struct sh_page *sp;
	json_t *o;
	u32 shadows = 0, unsync = 0;

	if (!mfn_valid(m))
		return json_null();
	f = frame_of(v->domain, m);
	for (sp = f->shadows; sp; sp = sp->same_frame) {
		shadows++;
		unsync += sp->unsync;
	}
	o = json_pack("{s:o, s:i, s:i, s:b}", "gfn", state_hex(gfn), "shadows", shadows, "writable", f->writable, "unsync",
		      unsync > 0);
	if (f->shadows)
		json_object_set_new(o, "level", json_integer(ROLE_LEVEL(f->shadows->role)));
	return o;
}

json_t *state_look(const struct vcpu *v, gva_t va)
{
	const struct tables guest = guest_tables(v), shadow = shadow_tables(v);
	json_t *o = json_pack("{s:o, s:o, s:o}", "va", state_hex(va), "guest", walk(v, &guest, va, false), "shadow",
			      walk(v, &shadow, va, true));
	gpa_t gpa;

	if (state_translate(v, va, &gpa))
		json_object_set_new(o, "page", frame_state(v, gpa >> PAGE_SHIFT));
	return o;
}

/* ---- the TLB, the neighbours, the books ---- */

static json_t *tlb(const struct vcpu *v, gva_t va)
{
	const struct host_cpu *c = v->owner;

	for (u32 i = 0; i < c->nr_tlb; i++) {
		const struct host_tlb_entry *t = &c->tlb[i];

		if (va - t->page < t->size)
			return json_pack("{s:o, s:o, s:b, s:b, s:b}", "page", state_hex(t->page), "base", state_hex(t->base),
					 "writable", (int)(t->all & PTE_RW), "user", (int)(t->all & PTE_US), "dirty",
					 (int)(t->all & PTE_D));
	}
	return json_null();
}

static json_t *leaf_or_null(const struct vcpu *v, const struct tables *t, gva_t va)
{
	u32 level;
	u64 e;

	return leaf_of(v, t, va, &e, &level) ? state_hex(e) : json_null();
}

static json_t *neighbours(const struct vcpu *v, gva_t va)
{
	const struct tables guest = guest_tables(v), shadow = shadow_tables(v);
	const gva_t first = va & ~(NEIGHBOURS * PAGE_SIZE - 1);
	json_t *rows = json_array();

	for (u32 i = 0; i < NEIGHBOURS; i++) {
		const gva_t at = first + i * PAGE_SIZE;

		json_array_append_new(rows, json_pack("{s:o, s:o, s:o}", "va", state_hex(at), "guest",
						      leaf_or_null(v, &guest, at), "shadow", leaf_or_null(v, &shadow, at)));
	}
	return rows;
}

/* The guest's level-1 table for va, else the lowest that there is. */
static u64 lowest_table(const struct vcpu *v, gva_t va)
{
	const struct tables t = guest_tables(v);
	u64 table = t.root;

	for (u32 level = t.levels; level > 1; level--) {
		const u64 e = entry(v, &t, table, slot(&t, va, level));

		if (!(e & PTE_P) || is_leaf(&t, e, level))
			break;
		table = e & PTE_ADDR;
	}
	return table >> PAGE_SHIFT;
}

static json_t *books(const struct vcpu *v, gva_t va)
{
	const struct domain *d = v->domain;
	const struct sh_domain *s = d->shadow;

	return json_pack("{s:o, s:I, s:I, s:i, s:i, s:i, s:i}", "table", frame_state(v, lowest_table(v, va)), "shadow_used",
			 (json_int_t)d->counter[PN_CNT_shadow_used], "guest_tables", (json_int_t)d->counter[PN_CNT_guest_tables],
			 "free", s->free, "unsync", s->unsync_frames, "snapshots", s->snapshots, "tlb_entries",
			 ((const struct host_cpu *)v->owner)->nr_tlb);
}

json_t *state_of(const struct vcpu *v, gva_t va)
{
	json_t *o = state_look(v, va);

	json_object_set_new(o, "tlb", tlb(v, va));
	json_object_set_new(o, "leaf", neighbours(v, va));
	json_object_set_new(o, "books", books(v, va));
	return o;
}

/* ---- which table an address of memory is in ---- */

struct search {
	const struct vcpu *v;
	struct tables t;
	gpa_t gpa;
	gva_t user_end, maps;
	u32 level, index;
	bool user; /* only tables of the program's half */
};

static bool search_below(struct search *s, u64 table, u32 level, gva_t va)
{
	const u32 bits = s->t.levels == 2 ? 10 : 9, entries = level == s->t.levels && level == 3 ? 4 : 1u << bits;
	const u32 shift = PAGE_SHIFT + (level - 1) * bits;

	if ((s->gpa & PAGE_MASK) == (table & PAGE_MASK)) {
		s->level = level;
		s->index = (u32)((s->gpa - table) / entry_bytes(&s->t));
		s->maps = va + ((u64)s->index << shift);
		return true;
	}
	for (u32 i = 0; level > 1 && i < entries; i++) {
		const gva_t at = va + ((u64)i << shift);
		const u64 e = entry(s->v, &s->t, table, i);

		if (e & PTE_P && !is_leaf(&s->t, e, level) && (level != s->t.levels || (at < s->user_end) == s->user) &&
		    search_below(s, e & PTE_ADDR, level - 1, at))
			return true;
	}
	return false;
}

/* Addresses of 48 or 57 bits are written out as the CPU has them. */
static gva_t canonical(const struct tables *t, gva_t va)
{
	const u32 top = t->levels == 5 ? 56 : 47;

	return t->levels > 3 && va >> top & 1 ? va | ~(BIT(top + 1) - 1) : va;
}

json_t *state_table_at(const struct vcpu *v, gpa_t gpa, gva_t user_end, gva_t *maps)
{
	/* Half of what 64-bit addresses can be is no address; the search counts from 0. */
	struct search s = { .v = v, .t = guest_tables(v), .gpa = gpa };
	const u32 top = s.t.levels == 5 ? 56 : 47;

	if (!s.t.levels)
		return NULL;
	s.user_end = s.t.levels > 3 ? BIT(top) : user_end;
	for (s.user = true;; s.user = false) {
		if (search_below(&s, s.t.root, s.t.levels, 0))
			break;
		if (!s.user)
			return NULL;
	}
	*maps = canonical(&s.t, s.maps);
	return json_pack("{s:i, s:o, s:i, s:o}", "level", s.level, "gfn", state_hex(gpa >> PAGE_SHIFT), "index", s.index, "maps",
			 state_hex(*maps));
}
