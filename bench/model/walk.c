/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page walks, through real tables at their real addresses. In one dimension a walk makes a reference a level. In two, each address of a guest
 * table is itself translated by the nested tables, and so is the page's: with n levels on m that is n * m + n + m references, if no
 * cache saves any.
 *
 * A walk cache is one of two kinds. By physical address it holds entries above the last level and saves a reference each. By
 * virtual address it holds where the table for a prefix of the address lies, and the walk begins there.
 *
 * The four top entries of a PAE guest are in the CPU since CR3 was loaded: they cost no reference. A page of 1 GiB or 4 MiB
 * is taken for the 2 MiB of it that are asked for.
 */
#include "core.h"

#define PRESENT    1ull
#define LARGE_PAGE 0x80ull
#define GLOBAL     0x100ull
#define ADDRESS    0xffffffffff000ull

enum dimension { OF_GUEST, OF_NESTED };

/* A kind of tables: what they are in, and how their addresses are cut. */
struct tables {
	enum dimension dim;
	unsigned levels, index_bits, entry_bytes;
	bool large; /* pages may end above level 1 */
};

struct walker {
	struct core *c;
	uint16_t asid;
	const struct model_space *s;
};

static bool walk_cache_has(const struct core *c, enum dimension dim)
{
	return dim == OF_GUEST || c->machine.value[MACHINE_pwc_nested];
}

static enum model_cycles cycles_of(enum dimension dim)
{
	return dim == OF_GUEST ? MODEL_CYCLES_walk : MODEL_CYCLES_walk_nested;
}

static void saved(struct core *c, enum dimension dim)
{
	count(c, MODEL_COUNT_walk_cache_hits);
	charge(c, cycles_of(dim), c->machine.value[MACHINE_pwc_latency]);
}

static void reference(struct core *c, enum dimension dim, unsigned level, uint64_t pa)
{
	bool cached = level > 1 && !c->machine.value[MACHINE_pwc_skips] && walk_cache_has(c, dim);
	uint64_t key = pa / 4 + 1;
	enum cache_level was;

	if (cached && assoc_find(&c->pwc, key, key, NULL)) {
		saved(c, dim);
		return;
	}
	if (cached)
		assoc_put(&c->pwc, key, key, 0);
	was = caches_reference(&c->caches, c->machine.value[MACHINE_walk_from_l2] ? NULL : &c->caches.l1d, pa);
	count(c, dim == OF_GUEST ? MODEL_COUNT_walk_references : MODEL_COUNT_nested_references);
	if (was != IN_L1)
		count(c, was == IN_L2 ? MODEL_COUNT_l2_references :
			 was == IN_L3 ? MODEL_COUNT_l3_references :
					MODEL_COUNT_memory_references);
	charge(c, cycles_of(dim), c->caches.latency[was]);
}

/* ---- walk caches by virtual address ---- */

/* The table of `level` for this address; `level` has its own tag, and so has the nested dimension. */
static uint64_t prefix_key(const struct walker *w, const struct tables *t, unsigned level, uint64_t va)
{
	uint64_t prefix = (va & ((1ull << 57) - 1)) >> (12 + level * t->index_bits);

	return 1ull << 63 | (uint64_t)t->dim << 62 | (uint64_t)level << 57 | (uint64_t)w->asid << 41 | prefix;
}

static bool skips(const struct walker *w, const struct tables *t)
{
	return w->c->machine.value[MACHINE_pwc_skips] && walk_cache_has(w->c, t->dim);
}

/* The lowest table that is known for the address; its level. */
static unsigned begin_at(struct walker *w, const struct tables *t, uint64_t va, uint64_t *table)
{
	if (skips(w, t))
		for (unsigned level = 1; level < t->levels; level++) {
			uint64_t key = prefix_key(w, t, level, va);

			if (assoc_find(&w->c->pwc, key, key, table)) {
				saved(w->c, t->dim);
				return level;
			}
		}
	return t->levels;
}

static void remember(struct walker *w, const struct tables *t, unsigned level, uint64_t va, uint64_t table)
{
	uint64_t key = prefix_key(w, t, level, va);

	if (skips(w, t) && !assoc_find(&w->c->pwc, key, key, NULL))
		assoc_put(&w->c->pwc, key, key, table);
}

/* ---- the way down ---- */

static uint64_t slot_of(const struct tables *t, unsigned level, uint64_t table, uint64_t va)
{
	uint64_t index = va >> (12 + (level - 1) * t->index_bits);

	/* A PAE root has four entries. */
	index &= t->levels == 3 && level == 3 ? 3 : (1ull << t->index_bits) - 1;
	return table + index * t->entry_bytes;
}

static bool ends_here(const struct tables *t, unsigned level, uint64_t entry)
{
	return level == 1 || (t->large && level <= 3 && (level == 2 || t->levels > 3) && (entry & LARGE_PAGE));
}

/* The address that the entry translates va to. */
static uint64_t page_of(const struct tables *t, unsigned level, uint64_t entry, uint64_t va)
{
	uint64_t mask = (1ull << (12 + (level - 1) * t->index_bits)) - 1;

	return (entry & ADDRESS & ~mask) | (va & mask);
}

struct end {
	bool present, large, global;
	uint64_t pa;
};

/* Where a guest-physical address is: there, or where the nested tables say. `table`: a guest's table is. False: nowhere. */
static bool host_of(struct walker *w, uint64_t gpa, bool table, uint64_t *hpa, bool *large);

static struct end go_down(struct walker *w, const struct tables *t, uint64_t root, uint64_t va)
{
	uint64_t table = root;
	unsigned level = begin_at(w, t, va, &table);

	for (;; level--) {
		uint64_t slot = slot_of(t, level, table, va), pa = slot, entry = 0;
		bool unused;

		if (t->dim == OF_GUEST && !host_of(w, slot, true, &pa, &unused))
			return (struct end){ .present = false };
		if (!(t->levels == 3 && level == 3))
			reference(w->c, t->dim, level, pa);
		if (!w->c->user->read(w->c->user->arg, pa, &entry, t->entry_bytes) || !(entry & PRESENT))
			return (struct end){ .present = false };
		if (ends_here(t, level, entry))
			return (struct end){ true, level > 1, entry & GLOBAL, page_of(t, level, entry, va) };
		table = entry & ADDRESS;
		remember(w, t, level - 1, va, table);
	}
}

static struct end go_down_nested(struct walker *w, uint64_t gpa)
{
	const struct tables nested = { OF_NESTED, w->s->nested_levels, 9, 8, true };

	return go_down(w, &nested, w->s->nested_root, gpa);
}

/* The nested TLB has guests' tables only: their data would not leave it room. */
static bool host_of(struct walker *w, uint64_t gpa, bool table, uint64_t *hpa, bool *large)
{
	struct core *c = w->c;
	uint64_t key = page_key(w->asid, gpa, false), frame;
	struct end e;

	if (!w->s->nested_levels) {
		*hpa = gpa;
		*large = true;
		return true;
	}
	if (table && assoc_find(&c->ntlb, gpa >> 12, key, &frame)) {
		count(c, MODEL_COUNT_nested_tlb_hits);
		charge(c, MODEL_CYCLES_walk_nested, c->machine.value[MACHINE_ntlb_latency]);
		*hpa = frame | (gpa & 0xfff);
		return true;
	}
	e = go_down_nested(w, gpa);
	if (!e.present)
		return false;
	if (table)
		assoc_put(&c->ntlb, gpa >> 12, key, e.pa & ~0xfffull);
	*hpa = e.pa;
	*large = e.large;
	return true;
}

struct walk walk_tables(struct core *c, uint16_t asid, const struct model_space *s, uint64_t va)
{
	const bool narrow = s->levels == 2;
	const struct tables guest = { OF_GUEST, s->levels, narrow ? 10 : 9, narrow ? 4 : 8, !narrow || s->large };
	struct walker w = { c, asid, s };
	struct end e = { true, true, false, va };
	bool large = true;
	uint64_t hpa;

	count(c, MODEL_COUNT_walks);
	charge(c, MODEL_CYCLES_walk, c->machine.value[MACHINE_walk]);
	if (s->levels)
		e = go_down(&w, &guest, s->root, narrow ? va & 0xffffffff : va);
	if (!e.present || !host_of(&w, e.pa, false, &hpa, &large))
		return (struct walk){ .present = false };
	return (struct walk){ true, e.large && large, e.global };
}
