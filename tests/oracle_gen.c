/* SPDX-License-Identifier: BSD-2-Clause */
/* What the oracle's random programs do. */
#include "oracle_gen.h"

#include <string.h>

static u64 rnd(struct gen *g, u64 n)
{
	u32 x = 0;

	if (!g->bytes)
		return host_random(&g->rng) % n;
	for (u32 i = 0; i < (n > 256 ? 3 : 1) && g->left; i++, g->left--)
		x = x << 8 | *g->bytes++;
	return x % n;
}
static bool one_in(struct gen *g, u64 n)
{
	return !rnd(g, n);
}
#define PICK(g, array) ((array)[rnd(g, ARRAY_SIZE(array))])

static u64 noise(struct gen *g)
{
	return g->bytes ? rnd(g, 1 << 24) * 0x9e3779b97f4a7c15ull : host_random(&g->rng);
}

static const struct ref_cpu *cpu_of(const struct gen *g, u32 cpu)
{
	return &g->r->ref.cpu[cpu];
}

/* False: the program is over. */
static bool emit(struct gen *g, struct step s)
{
	if (g->p->nr_steps == g->max_steps)
		return false;
	g->p->step[g->p->nr_steps++] = s;
	g->steps++;
	run_step(g->r, &s);
	return !g->r->over;
}

/* ---- entries ---- */

static u64 some_gfn(struct gen *g)
{
	u64 x = rnd(g, 100);

	if (x < 60)
		return TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST);
	if (x < 92)
		return TABLE_END + rnd(g, HOLE_AT - TABLE_END);
	if (x < 98)
		return KERNEL_FIRST + rnd(g, KERNEL_END - KERNEL_FIRST);
	return one_in(g, 3) ? FRAMES + rnd(g, 1000) : HOLE_AT + rnd(g, HOLE);
}

static u64 some_entry(struct gen *g, u32 levels)
{
	u64 e = some_gfn(g) << 12;

	e |= one_in(g, 12) ? 0 : PTE_P;
	e |= one_in(g, 4) ? 0 : PTE_RW;
	e |= one_in(g, 4) ? 0 : PTE_US;
	e |= one_in(g, 2) ? 0 : PTE_A;
	e |= one_in(g, 2) ? 0 : PTE_D;
	e |= rnd(g, 8) << 9 | (one_in(g, 8) ? BIT(8) : 0) | (one_in(g, 8) ? BIT(3) | BIT(4) : 0);
	if (one_in(g, 5))
		e = (one_in(g, 6) ? e : e & ~PTE_ADDR) | PTE_PS;
	if (levels == 2)
		return (u32)e;
	e |= one_in(g, 6) ? PTE_NX : 0;
	if (levels != 3)
		e |= one_in(g, 8) ? rnd(g, 1024) << 52 : 0;
	return e | (one_in(g, 40) ? BIT(40 + rnd(g, 23)) : 0);
}

/* Tables of a level are found among few frames, so that they are shared and used again. */
static u64 table_gfn(struct gen *g, u32 level)
{
	return ROOT_FIRST + NR_ROOTS + (level - 1) * 7 + rnd(g, 3);
}

/* An entry at `level` that takes a walk on, down to one of few pages or a superpage. */
static u64 good_entry(struct gen *g, u32 levels, u32 level)
{
	u64 e = PTE_P | PTE_RW | PTE_US | (one_in(g, 2) ? 0 : PTE_A) | (one_in(g, 2) ? 0 : PTE_D);

	if (levels == 3 && level == 3)
		return PTE_P | table_gfn(g, 2) << 12;
	if (one_in(g, level > 3 ? 40 : 6))
		e |= BIT(8);
	if (level == 1)
		return e | (one_in(g, 8) ? some_gfn(g) : TABLE_END + rnd(g, 8)) << 12;
	if (one_in(g, level == 2 ? 4 : 40))
		return e | PTE_PS;
	return e | table_gfn(g, level - 1) << 12;
}

/* ---- addresses ---- */

static u64 some_slot(struct gen *g, u32 levels, u32 level)
{
	static const u16 few[] = { 0, 1, 3 }, ends[] = { 511, 512, 1023, 256 };
	u64 x = rnd(g, 16);

	if (levels == 3 && level == 3)
		return rnd(g, 3);
	if (x < 11)
		return PICK(g, few);
	if (x < 13 && level < 4)
		return PICK(g, ends) & (levels == 2 ? 1023 : 511);
	return level == 1 ? rnd(g, one_in(g, 3) ? 96 : 12) : PICK(g, few);
}

static gva_t sign(u32 levels, gva_t va)
{
	if (levels < 4)
		return (u32)va;
	return levels == 4 ? (u64)((s64)(va << 16) >> 16) : (u64)((s64)(va << 7) >> 7);
}

static gva_t user_page(struct gen *g, u32 levels)
{
	u32 bits = levels == 2 ? 10 : 9;
	gva_t va = 0;

	for (u32 level = 1; level <= levels; level++)
		va |= some_slot(g, levels, level) << (12 + (level - 1) * bits);
	return sign(levels, va);
}

static gva_t kernel_address(struct gen *g, u32 levels, gpa_t gpa)
{
	return kernel_base(levels) + gpa + (one_in(g, 8) ? levels == 2 ? 0x400000 : 0x200000 : 0);
}

static gva_t some_page(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels;

	if (!levels)
		return rnd(g, FRAMES) * 4096;
	return one_in(g, 8) ? kernel_address(g, levels, rnd(g, FRAMES) * 4096) : user_page(g, levels);
}

/* Mostly an aligned word; sometimes any bytes, and sometimes across the end of the page. */
static u32 some_offset(struct gen *g, u32 *bytes)
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

/* The entries that translate va, from the root on; stops at one that maps or is absent. Returns how many. */
struct place {
	gpa_t gpa;
	u32 level;
};

static u32 path_of(struct gen *g, u32 cpu, gva_t va, struct place path[REF_LEVELS])
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

/* ---- steps ---- */

static u64 some_data(struct gen *g, u32 levels)
{
	u64 x = noise(g);

	return one_in(g, 3) ? some_entry(g, levels) : x & ~(BIT(0) | BIT(32));
}

static bool touch(struct gen *g, u32 cpu, gva_t va, u32 how, u64 value, u32 bytes)
{
	return emit(g, (struct step){ OP_access, (u8)cpu, how, va, bytes, value });
}

/* By emulation alone, some of them. A fetch is checked as one only where the guest can forbid it. */
static bool touch_or_emulate(struct gen *g, u32 cpu, gva_t va, u32 how, u64 value, u32 bytes)
{
	bool emulated = one_in(g, 8);

	if (emulated && !(cpu_of(g, cpu)->efer & EFER_NXE))
		how &= ~PFEC_I;
	return emit(g, (struct step){ emulated ? OP_emulate : OP_access, (u8)cpu, how, va, bytes, value });
}

static bool some_access(struct gen *g, u32 cpu, u32 op)
{
	static const u32 kinds[] = { 0, 0, PFEC_W, PFEC_W, PFEC_I };
	u32 how = PICK(g, kinds), bytes, offset = some_offset(g, &bytes);

	how |= one_in(g, 2) ? PFEC_U : one_in(g, 2) ? HOST_AC : 0;
	if (op == OP_emulate && how & PFEC_I && !(cpu_of(g, cpu)->efer & EFER_NXE))
		how &= ~PFEC_I;
	return emit(g, (struct step){ (u8)op, (u8)cpu, how, some_page(g, cpu) + offset, bytes,
				      how & PFEC_W ? some_data(g, cpu_of(g, cpu)->levels) : 0 });
}

/* Through the kernel's linear map, which programs may destroy. */
static bool write_at(struct gen *g, u32 cpu, gpa_t gpa, u64 e, u32 bytes)
{
	u32 levels = cpu_of(g, cpu)->levels;

	return touch(g, cpu, levels ? kernel_address(g, levels, gpa) : gpa, PFEC_W | HOST_AC, e, bytes);
}

static gpa_t some_table(struct gen *g)
{
	u64 gfn = one_in(g, 3) ? TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST) : table_gfn(g, 1 + (u32)rnd(g, 4));

	return gfn * 4096;
}

static bool write_entry(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels), bytes = size;
	gpa_t at = some_table(g) + some_slot(g, levels, 1) * size;

	if (levels == 3 && one_in(g, 4))
		at = (ROOT_FIRST + rnd(g, NR_ROOTS)) * 4096 + PAE_ROOT + rnd(g, 3) * 8;
	if (one_in(g, 400) && levels) /* pull the rug away */
		at = (at & PTE_ADDR) + kernel_slot(levels) * size;
	if (one_in(g, 8)) {
		u32 more = some_offset(g, &bytes);

		at = one_in(g, 2) ? (at & PTE_ADDR) + more : at + rnd(g, size);
	}
	return write_at(g, cpu, at, one_in(g, 3) ? good_entry(g, levels, 1 + (u32)rnd(g, 3)) : some_entry(g, levels), bytes);
}

static bool tweak(struct gen *g, u32 cpu)
{
	static const u64 bits[] = { PTE_P, PTE_RW, PTE_US, PTE_A, PTE_D, PTE_A, PTE_D, PTE_A | PTE_D, BIT(8), PTE_PS, PTE_NX };
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels);
	bool kernel = one_in(g, 10);
	gpa_t at = kernel ? (KERNEL_FIRST + rnd(g, KERNEL_END - KERNEL_FIRST)) * 4096 : some_table(g);
	u64 bit = bits[rnd(g, ARRAY_SIZE(bits) - (levels == 2))];

	at += some_slot(g, levels, 1) * size;
	if (kernel && bit & (PTE_P | PTE_PS | PTE_RW))
		bit = PTE_A;
	return write_at(g, cpu, at, entry_at(g->r, cpu, at) ^ bit, size);
}

static bool flush_page(struct gen *g, u32 cpu, gva_t va)
{
	return !cpu_of(g, cpu)->levels || emit(g, (struct step){ .op = OP_invlpg, .cpu = (u8)cpu, .a = va + rnd(g, 4096) });
}

static u64 some_root(struct gen *g, u32 levels)
{
	u64 cr3 = (ROOT_FIRST + rnd(g, NR_ROOTS)) * 4096;

	return levels == 3 ? cr3 | PAE_ROOT : cr3;
}

static bool load_root(struct gen *g, u32 cpu)
{
	return emit(g, (struct step){ .op = OP_cr3, .cpu = (u8)cpu, .a = some_root(g, cpu_of(g, cpu)->levels) });
}

static bool touch_near(struct gen *g, u32 cpu, gva_t va)
{
	static const u32 kinds[] = { 0, PFEC_W, PFEC_W | PFEC_U, PFEC_U, PFEC_I };
	u32 how = PICK(g, kinds), bytes, offset = some_offset(g, &bytes);

	if (one_in(g, 3))
		va += (rnd(g, 4) + 1) * 4096;
	how |= how & PFEC_U ? 0 : HOST_AC;
	return touch_or_emulate(g, cpu, sign(cpu_of(g, cpu)->levels, va) + offset, how,
		     how & PFEC_W ? some_data(g, cpu_of(g, cpu)->levels) : 0, bytes);
}

/* Make an address work. */
static bool map(struct gen *g, u32 cpu, gva_t va)
{
	u32 levels = cpu_of(g, cpu)->levels;
	struct place path[REF_LEVELS], *at;

	for (u32 tries = 0; tries < 6; tries++) {
		u32 n = path_of(g, cpu, va, path);

		if (!n || ref_walk(&g->r->ref, cpu, va, PFEC_W | PFEC_U).end == REF_DONE)
			break;
		at = &path[n - 1];
		if (!write_at(g, cpu, at->gpa, good_entry(g, levels, at->level), entry_bytes(levels)))
			return false;
		if (levels == 3 && at->level == 3 &&
		    !emit(g, (struct step){ .op = OP_cr3, .cpu = (u8)cpu, .a = cpu_of(g, cpu)->cr3 }))
			return false;
	}
	return true;
}

static bool change_way(struct gen *g, u32 cpu, gva_t va)
{
	static const u64 flip[] = { PTE_RW, PTE_US, PTE_A, PTE_D, PTE_A | PTE_D, PTE_P, PTE_NX, BIT(8) };
	u32 levels = cpu_of(g, cpu)->levels;
	struct place path[REF_LEVELS], *at;
	u32 n = path_of(g, cpu, va, path);
	u64 e, bit;

	if (!n)
		return true;
	at = &path[n - 1 - rnd(g, n < 2 ? n : one_in(g, 4) ? n : 2)];
	bit = PICK(g, flip);
	if (levels == 3 && at->level == 3)
		bit = PTE_P;
	e = entry_at(g->r, cpu, at->gpa) ^ (levels == 2 && bit == PTE_NX ? PTE_US : bit);
	return write_at(g, cpu, at->gpa, one_in(g, 2) ? good_entry(g, levels, at->level) : e, entry_bytes(levels));
}

/* What kernels do all day: make an address work, use it, change what it goes through, flush or not, use it again. */
static bool use(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels, other = (u32)rnd(g, g->p->cpus);
	gva_t va;

	if (!levels)
		return some_access(g, cpu, OP_access);
	va = user_page(g, levels);
	if (!map(g, cpu, va))
		return false;
	for (u32 i = (u32)rnd(g, 5); i > 0; i--) {
		if (!touch_near(g, cpu, va) || !touch_near(g, cpu, va) || !cpu_of(g, cpu)->levels ||
		    !change_way(g, cpu, va))
			return g->r->over ? false : g->p->nr_steps < g->max_steps;
		if (one_in(g, 2) && !touch_near(g, cpu, va))
			return false;
		if (cpu_of(g, other)->levels == levels && !touch_near(g, other, va))
			return false;
		if (one_in(g, 2) && !flush_page(g, cpu, va))
			return false;
		if (!touch_near(g, cpu, va))
			return false;
	}
	return true;
}

/* Entries in a row: filled, write-protected, cleared, used; or the whole table becomes data. */
static bool in_a_row(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels), kind = (u32)rnd(g, 4), n = 2 + (u32)rnd(g, 8);
	struct place path[REF_LEVELS];
	gva_t va;
	u32 depth;

	if (!levels)
		return true;
	va = user_page(g, levels);
	if (!map(g, cpu, va))
		return false;
	depth = path_of(g, cpu, va, path);
	for (u32 i = 0; depth && i < n; i++) {
		gpa_t at = path[depth - 1].gpa + i * size;
		u64 e = entry_at(g->r, cpu, at & ~(size - 1ull));

		if (at >> 12 != path[depth - 1].gpa >> 12)
			break;
		e = kind == 0 ? good_entry(g, levels, path[depth - 1].level) : kind == 1 ? e & ~PTE_RW : kind == 2 ? 0 : noise(g) << 1;
		if (!write_at(g, cpu, at, e, size))
			return false;
	}
	for (u32 i = 0; i < n; i += 1 + (u32)rnd(g, 2))
		if (!touch(g, cpu, sign(levels, va + i * 4096), one_in(g, 2) ? PFEC_U : PFEC_W | PFEC_U, noise(g) << 1, 8))
			return false;
	return one_in(g, 2) ? load_root(g, cpu) : true;
}

/* ---- modes ---- */

static bool enter(struct gen *g, u32 cpu, u32 levels)
{
	struct step s = { .op = OP_modes, .cpu = (u8)cpu, .a = CR0_PE | CR0_WP, .how = (u32)some_root(g, levels) };

	if (levels)
		s.a |= CR0_PG;
	if (levels == 2 || (!levels && one_in(g, 2)))
		s.b = CR4_PSE;
	else
		s.b = CR4_PAE | (levels == 5 ? CR4_LA57 : 0);
	s.c = levels > 2 ? EFER_NXE | (levels > 3 ? EFER_LME : 0) : 0;
	if (one_in(g, 3))
		s.b |= CR4_PGE;
	return emit(g, s);
}

static u32 some_levels(struct gen *g)
{
	u32 levels;

	do
		levels = g->bytes ? (u32)rnd(g, 6) : (u32)rnd(g, 6);
	while (!(g->guests >> levels & 1) && (!g->bytes || g->left));
	return g->guests >> levels & 1 ? levels : 0;
}

static bool change_modes(struct gen *g, u32 cpu)
{
	const struct ref_cpu *c = cpu_of(g, cpu);
	struct step s = { .op = OP_modes, .cpu = (u8)cpu, .how = (u32)c->cr3, .a = c->cr0, .b = c->cr4, .c = c->efer };

	if (!c->levels || one_in(g, 12))
		return enter(g, cpu, some_levels(g));
	switch (rnd(g, 8)) {
	default:
		s.a ^= CR0_WP;
		break;
	case 3:
		s.b ^= CR4_PGE;
		break;
	case 4:
		s.b ^= CR4_SMEP;
		break;
	case 5:
		s.b ^= CR4_SMAP;
		break;
	case 6:
		if (c->levels == 2)
			s.b ^= CR4_PSE;
		else
			s.c ^= EFER_NXE;
		break;
	}
	return emit(g, s);
}

static bool poke(struct gen *g, gpa_t at, u64 value, u32 bytes)
{
	return emit(g, (struct step){ .op = OP_poke, .a = at, .b = bytes, .c = value });
}

static bool hypercall(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels;
	struct step s = { .op = OP_update, .cpu = (u8)cpu };

	if (one_in(g, 4)) {
		s.op = one_in(g, 3) ? OP_unpin : OP_pin;
		s.a = one_in(g, 8) ? some_gfn(g) << 12 : some_root(g, levels);
		return emit(g, s);
	}
	s.a = some_table(g) + some_slot(g, levels, 1) * entry_bytes(levels) + (one_in(g, 16) ? rnd(g, 8) : 0);
	s.b = 1 + rnd(g, 4);
	s.c = one_in(g, 2) ? good_entry(g, levels, 1 + (u32)rnd(g, 3)) : some_entry(g, levels);
	s.how = (u32)(one_in(g, 8) ? some_gfn(g) : TABLE_END + rnd(g, 8)) * 4096 + (one_in(g, 4) ? 4096 - 32 : 64 * (u32)rnd(g, 3));
	return emit(g, s);
}

static bool manage(struct gen *g)
{
	struct step s = { .op = OP_pool };

	switch (rnd(g, 6)) {
	case 0:
		s.a = 12 + rnd(g, one_in(g, 2) ? 30 : 120);
		break;
	case 1:
		s.op = OP_remove;
		s.a = one_in(g, 2) ? some_gfn(g) : TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST);
		break;
	case 2:
		s.op = OP_add;
		for (s.a = rnd(g, FRAMES); s.a < FRAMES - 1 && ref_has(&g->r->ref, s.a);)
			s.a++;
		break;
	default:
		s.op = OP_dirty;
		s.a = g->r->logging ? one_in(g, 4) ? rnd(g, 2) : 2 + rnd(g, 2) : 1;
	}
	return emit(g, s);
}

/* ---- programs ---- */

/* The head of a program; g->p is to be run next (run_begin). */
static void gen_head(struct gen *g)
{
	struct prog *p = g->p;

	p->strict = one_in(g, 2);
	p->cpus = 1 + (u32)(one_in(g, 3) ? rnd(g, MACHINE_CPUS) : 0);
	p->hardware = 2 + (u32)rnd(g, 4);
	p->pool_pages = one_in(g, 2) ? 12 + rnd(g, 24) : 24 * p->cpus + rnd(g, 60);
	p->clumsy = one_in(g, 2) ? 4 : 0;
	p->luck = rnd(g, 1 << 20);
	p->nr_steps = 0;
}

/* First contents of tables, and each vCPU in a mode. */
static void gen_start(struct gen *g)
{
	u32 main_levels = 0;

	for (u32 i = 0; i < g->p->cpus; i++) {
		u32 levels = i && !one_in(g, 3) ? main_levels : some_levels(g);

		main_levels = levels;
		for (u32 k = 0; k < 12; k++) {
			u32 level = 1 + (u32)rnd(g, levels ? levels : 1);
			u64 e = one_in(g, 4) ? some_entry(g, levels) : good_entry(g, levels, level);

			poke(g, table_gfn(g, level) * 4096 + some_slot(g, levels, 1) * entry_bytes(levels), e, entry_bytes(levels));
		}
		if (!one_in(g, 6))
			enter(g, i, levels);
	}
}

/* Some steps, run and recorded. False: the program is over. */
static bool gen_more(struct gen *g)
{
	u32 cpu = (u32)rnd(g, g->p->cpus);
	u64 x = rnd(g, 100);

	if (g->bytes && !g->left)
		return false;
	if (!cpu_of(g, cpu)->levels && one_in(g, 12))
		return enter(g, cpu, some_levels(g));
	if (x < 20)
		return some_access(g, cpu, OP_access);
	if (x < 25)
		return some_access(g, cpu, OP_emulate);
	if (x < 52)
		return use(g, cpu);
	if (x < 57)
		return in_a_row(g, cpu);
	if (x < 70)
		return write_entry(g, cpu);
	if (x < 72)
		return hypercall(g, cpu);
	if (x < 80)
		return tweak(g, cpu);
	if (x < 87)
		return flush_page(g, cpu, some_page(g, cpu));
	if (x < 93)
		return load_root(g, cpu);
	if (x < 97)
		return change_modes(g, cpu);
	if (x < 99)
		return manage(g);
	u32 bytes, more = some_offset(g, &bytes);
	return poke(g, (TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST)) * 4096 + (more + bytes > 4096 ? 4096 - bytes : more),
		    some_entry(g, cpu_of(g, cpu)->levels), bytes);
}

void gen_program(struct gen *g)
{
	gen_head(g);
	run_begin(g->r, g->p);
	gen_start(g);
	while (!g->r->over && g->p->nr_steps < g->max_steps && gen_more(g))
		;
	run_end(g->r);
}
