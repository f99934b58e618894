/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/oracle/pick.h"

#include <string.h>

u64 rnd(struct gen *g, u64 n)
{
	u32 x = 0;

	if (!g->bytes)
		return host_random(&g->rng) % n;
	for (u32 i = 0; i < (n > 256 ? 3 : 1) && g->left; i++, g->left--)
		x = x << 8 | *g->bytes++;
	return x % n;
}
u64 noise(struct gen *g)
{
	return g->bytes ? rnd(g, 1 << 24) * 0x9e3779b97f4a7c15ull : host_random(&g->rng);
}

/* ---- entries ---- */

/* Few frames of the areas, at their beginnings and ends and where a smaller superpage begins. */
static u64 area_gfn(struct gen *g)
{
	static const u16 few[] = { 0, 1, 3, 511, 512, 515, 1023 };

	return AREA(rnd(g, NR_AREAS)) + PICK(g, few);
}

u64 some_gfn(struct gen *g)
{
	u64 x = rnd(g, 100);

	if (x < 52)
		return TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST);
	if (x < 60)
		return area_gfn(g);
	if (x < 92)
		return TABLE_END + rnd(g, HOLE_AT - TABLE_END);
	if (x < 98)
		return KERNEL_FIRST + rnd(g, KERNEL_END - KERNEL_FIRST);
	return one_in(g, 3) ? MEMORY_GFNS + rnd(g, 1000) : HOLE_AT + rnd(g, HOLE);
}

/* Where a superpage of that level begins: in an area, or low, where its memory is not in one piece. */
static u64 super_gfn(struct gen *g, u32 levels, u32 level)
{
	if (level > 2 || one_in(g, 4))
		return 0;
	return AREA(rnd(g, NR_AREAS)) + (levels == 2 ? 0 : 512 * rnd(g, 2));
}

u64 some_entry(struct gen *g, u32 levels)
{
	u64 e = some_gfn(g) << 12;

	e |= one_in(g, 12) ? 0 : PTE_P;
	e |= one_in(g, 4) ? 0 : PTE_RW;
	e |= one_in(g, 4) ? 0 : PTE_US;
	e |= one_in(g, 2) ? 0 : PTE_A;
	e |= one_in(g, 2) ? 0 : PTE_D;
	e |= rnd(g, 8) << 9 | (one_in(g, 8) ? BIT(8) : 0) | (one_in(g, 8) ? BIT(3) | BIT(4) : 0);
	if (one_in(g, 5))
		e = (one_in(g, 6) ? e : (e & ~PTE_ADDR) | super_gfn(g, levels, 2) << 12) | PTE_PS;
	if (levels == 2)
		return (u32)e;
	e |= one_in(g, 6) ? PTE_NX : 0;
	if (levels != 3)
		e |= one_in(g, 8) ? rnd(g, 1024) << 52 : 0;
	return e | (one_in(g, 40) ? BIT(40 + rnd(g, 23)) : 0);
}

u64 table_gfn(struct gen *g, u32 level)
{
	if (one_in(g, 8))
		return AREA(rnd(g, NR_AREAS)) + 512 * rnd(g, 2) + level;
	return ROOT_FIRST + NR_ROOTS + (level - 1) * 7 + rnd(g, 3);
}

u64 good_entry(struct gen *g, u32 levels, u32 level)
{
	u64 e = PTE_P | PTE_RW | PTE_US | (one_in(g, 2) ? 0 : PTE_A) | (one_in(g, 2) ? 0 : PTE_D);

	if (levels == 3 && level == 3)
		return PTE_P | table_gfn(g, 2) << 12;
	if (one_in(g, level > 3 ? 40 : 6))
		e |= BIT(8);
	if (level == 1)
		return e | (one_in(g, 6) ? some_gfn(g) : TABLE_END + rnd(g, 8)) << 12;
	if (one_in(g, level == 2 ? 3 : 40)) /* some with bits that are reserved, or PSE-36's */
		return e | PTE_PS | super_gfn(g, levels, level) << 12 | (one_in(g, 16) ? BIT(13 + rnd(g, 8)) : 0);
	return e | table_gfn(g, level - 1) << 12;
}

/* ---- addresses ---- */

u64 some_slot(struct gen *g, u32 levels, u32 level)
{
	static const u16 few[] = { 0, 1, 3 }, two[] = { 0, 1, 2, 3, 4 }, ends[] = { 511, 512, 1023, 256 };
	u64 x = rnd(g, 16);

	if (levels == 3 && level == 3)
		return rnd(g, 3);
	if (x < 11)
		return level == 2 && one_in(g, 4) ? PICK(g, two) : PICK(g, few);
	if (x < 13 && level < 4)
		return PICK(g, ends) & (levels == 2 ? 1023 : 511);
	return level == 1 ? rnd(g, one_in(g, 3) ? 96 : 12) : PICK(g, few);
}

gva_t sign(u32 levels, gva_t va)
{
	if (levels < 4)
		return (u32)va;
	return levels == 4 ? (u64)((s64)(va << 16) >> 16) : (u64)((s64)(va << 7) >> 7);
}

gva_t user_page(struct gen *g, u32 levels)
{
	u32 bits = levels == 2 ? 10 : 9;
	gva_t va = 0;

	for (u32 level = 1; level <= levels; level++)
		va |= some_slot(g, levels, level) << (12 + (level - 1) * bits);
	return sign(levels, va);
}

gva_t kernel_address(struct gen *g, u32 levels, gpa_t gpa)
{
	if (gpa >> 12 >= AREA(0))
		return kernel_base(levels) + KERNEL_AREAS + gpa - AREA(0) * 4096;
	return kernel_base(levels) + gpa + (one_in(g, g->by_super) ? levels == 2 ? 0x400000 : 0x200000 : 0);
}

gva_t some_page(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels;

	u64 gfn = one_in(g, 6) ? area_gfn(g) : rnd(g, LOW_FRAMES);

	if (!levels)
		return gfn * 4096;
	return one_in(g, 8) ? kernel_address(g, levels, gfn * 4096) : user_page(g, levels);
}

static u32 wide_offset(struct gen *g, u32 *bytes)
{
	static const u8 sizes[] = { 16, 16, 32, 64, 10, 12 };

	*bytes = PICK(g, sizes);
	if (one_in(g, 2))
		return (u32)rnd(g, 4) * 16;
	return one_in(g, 3) ? (u32)rnd(g, 64) : 4096 - 1 - (u32)rnd(g, *bytes);
}

u32 some_offset(struct gen *g, u32 *bytes)
{
	return one_in(g, 10) ? wide_offset(g, bytes) : small_offset(g, bytes);
}

u32 small_offset(struct gen *g, u32 *bytes)
{
	static const u8 sizes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	*bytes = 8;
	if (!one_in(g, 6))
		return (u32)rnd(g, 4) * 8;
	*bytes = PICK(g, sizes);
	if (one_in(g, 2))
		return (u32)rnd(g, 32);
	return 4096 - 1 - (u32)rnd(g, 8);
}

u32 path_of(struct gen *g, u32 cpu, gva_t va, struct place path[REF_LEVELS])
{
	const struct ref_cpu *c = cpu_of(g, cpu);
	u32 levels = c->levels, bits = levels == 2 ? 10 : 9, n = 0;
	u64 gfn = (c->cr3 & PTE_ADDR) >> 12;

	for (u32 level = levels; level > 0; level--) {
		u64 slot = va >> (12 + bits * (level - 1)) & ((1u << bits) - 1), e;
		gpa_t at = gfn * 4096 + slot * entry_bytes(levels);

		if (levels == 3 && level == 3)
			at = (c->cr3 & 0xffffffe0) + (va >> 30 & 3) * 8;
		if (!ref_has(&g->r->ref, gfn))
			return n;
		path[n++] = (struct place){ at, level };
		e = entry_at(g->r, cpu, at);
		if (!(e & PTE_P) || (level < 4 && !(levels == 3 && level == 3) && e & PTE_PS))
			return n;
		gfn = (e & PTE_ADDR) >> 12;
	}
	return n;
}

/* ---- tables and data ---- */

gpa_t some_table(struct gen *g)
{
	u64 gfn = one_in(g, 3) ? TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST) : table_gfn(g, 1 + (u32)rnd(g, 4));

	return gfn * 4096;
}

u64 some_root(struct gen *g, u32 levels)
{
	u64 cr3 = (ROOT_FIRST + rnd(g, NR_ROOTS)) * 4096;

	return levels == 3 ? cr3 | PAE_ROOT : cr3;
}

u64 some_data(struct gen *g, u32 levels)
{
	u64 x = noise(g);

	return one_in(g, 3) ? some_entry(g, levels) : x & ~(BIT(0) | BIT(32));
}
