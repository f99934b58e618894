/* SPDX-License-Identifier: BSD-2-Clause */
/* What the oracle's random programs do. */
#include "tests/oracle/pick.h"

#include <string.h>

/* False: the program is over. */
static bool emit(struct gen *g, struct step s)
{
	if (g->calm && s.op == OP_pool)
		return true;
	if (paging_switches && s.op != OP_kind && s.op != OP_meanwhile && one_in(g, 20) &&
	    !emit(g, (struct step){ .op = OP_kind, .a = rnd(g, 2) }))
		return false;
	if (g->p->nr_steps == g->max_steps)
		return false;
	g->p->step[g->p->nr_steps++] = s;
	g->steps++;
	run_step(g->r, &s);
	return !g->r->over;
}

/* ---- steps ---- */

static bool touch(struct gen *g, u32 cpu, gva_t va, u32 how, u64 value, u32 bytes)
{
	return emit(g, (struct step){ OP_access, (u8)cpu, how, va, bytes, value });
}

/* A write that becomes LOCK CMPXCHG, of a size that it has: naturally aligned, mostly, unless it goes across a page end. */
static u32 maybe_swap(struct gen *g, u32 how, gva_t *va, u32 *bytes)
{
	static const u8 sizes[] = { 4, 8, 8, 16, 16, 2, 1 };
	bool crosses = *va % 4096 + *bytes > 4096;

	if (!(how & PFEC_W) || !one_in(g, crosses ? 2 : 6))
		return how;
	*bytes = crosses && !one_in(g, 4) ? 8 : PICK(g, sizes);
	if (*bytes == 16 || (!crosses && !one_in(g, 4)))
		*va &= ~(gva_t)(*bytes - 1);
	return how | HOW_SWAP | (one_in(g, crosses ? 2 : 4) ? HOW_OTHER : 0);
}

/* What hardware never hands over, but an instruction's address may be: not canonical. */
static gva_t maybe_wild(struct gen *g, u32 cpu, gva_t va)
{
	return cpu_of(g, cpu)->levels > 3 && one_in(g, 10) ? va ^ BIT(47 + rnd(g, 17)) : va;
}

/* By emulation alone, some of them. A fetch is checked as one only where the guest can forbid it. */
static bool touch_or_emulate(struct gen *g, u32 cpu, gva_t va, u32 how, u64 value, u32 bytes)
{
	bool emulated = one_in(g, 8);

	how = maybe_swap(g, how, &va, &bytes);
	if (emulated)
		va = maybe_wild(g, cpu, va);
	if (emulated && !(cpu_of(g, cpu)->efer & EFER_NXE))
		how &= ~PFEC_I;
	return emit(g, (struct step){ emulated ? OP_emulate : OP_access, (u8)cpu, how, va, bytes, value });
}

static bool some_access(struct gen *g, u32 cpu, u32 op)
{
	static const u32 kinds[] = { 0, 0, PFEC_W, PFEC_W, PFEC_I };
	u32 how = PICK(g, kinds), bytes, offset = some_offset(g, &bytes);
	gva_t va = some_page(g, cpu) + offset;

	how |= one_in(g, 2) ? PFEC_U : one_in(g, 2) ? HOST_AC : 0;
	if (op == OP_emulate && how & PFEC_I && !(cpu_of(g, cpu)->efer & EFER_NXE))
		how &= ~PFEC_I;
	if (op == OP_emulate)
		va = maybe_wild(g, cpu, va);
	how = maybe_swap(g, how, &va, &bytes);
	return emit(g, (struct step){ (u8)op, (u8)cpu, how, va, bytes, how & PFEC_W ? some_data(g, cpu_of(g, cpu)->levels) : 0 });
}

/* Through the kernel's linear map, which programs may destroy. */
static bool write_at(struct gen *g, u32 cpu, gpa_t gpa, u64 e, u32 bytes)
{
	u32 levels = cpu_of(g, cpu)->levels;

	u32 how = PFEC_W | HOST_AC | (one_in(g, 8) && !(bytes & (bytes - 1)) ? HOW_SWAP : 0);

	return touch(g, cpu, levels ? kernel_address(g, levels, gpa) : gpa, how, e, bytes);
}

static bool write_entry(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels), bytes = size;
	gpa_t at = some_table(g) + some_slot(g, levels, 1) * size;

	if (one_in(g, 12)) /* several entries at once */
		return write_at(g, cpu, at & ~15ull, good_entry(g, levels, 1), one_in(g, 2) ? 16 : 32);
	if (levels == 3 && one_in(g, 4))
		at = (ROOT_FIRST + rnd(g, NR_ROOTS)) * 4096 + PAE_ROOT + rnd(g, 3) * 8;
	if (one_in(g, 400) && levels) /* pull the rug away */
		at = (at & PTE_ADDR) + kernel_slot(levels) * size;
	if (one_in(g, 8)) {
		u32 more = small_offset(g, &bytes);

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
	if (one_in(g, 12)) /* the other half of a large superpage */
		va ^= 0x200000;
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
	g->changed_at = at->gpa;
	g->changed = entry_at(g->r, cpu, at->gpa);
	e = g->changed ^ (levels == 2 && bit == PTE_NX ? PTE_US : bit);
	return write_at(g, cpu, at->gpa, one_in(g, 2) ? good_entry(g, levels, at->level) : e, entry_bytes(levels));
}

/* To what it was before change_way, to the bit. */
static bool change_back(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels;

	return !levels || !g->changed_at || write_at(g, cpu, g->changed_at, g->changed, entry_bytes(levels));
}

/*
 * While a vCPU takes its next step, another one that runs on the same tables writes to the entry at a place that the first one's
 * way may go by: it did before, so that its TLB may let it.
 */
static bool write_meanwhile(struct gen *g, u32 cpu, u32 other, struct place at)
{
	u32 levels = cpu_of(g, cpu)->levels;
	struct step s = { .op = OP_meanwhile, .cpu = (u8)other, .how = HOST_AC };

	if (other == cpu || g->p->strict || g->calm || cpu_of(g, other)->levels != levels)
		return true;
	s.a = kernel_address(g, levels, at.gpa);
	s.c = one_in(g, 3) ? entry_at(g->r, cpu, at.gpa) ^ PTE_RW : good_entry(g, levels, at.level);
	s.b = one_in(g, 2) ? 0 : 1 + rnd(g, one_in(g, 2) ? 24 : 120);
	if (!one_in(g, 3) && !touch(g, other, s.a, PFEC_W | HOST_AC, entry_at(g->r, cpu, at.gpa), entry_bytes(levels)))
		return false;
	return emit(g, s);
}

static bool race(struct gen *g, u32 cpu, u32 other, gva_t va)
{
	struct place path[REF_LEVELS];
	u32 n = path_of(g, cpu, va, path);

	return !n || write_meanwhile(g, cpu, other, path[n - 1 - rnd(g, n < 3 ? n : 2)]);
}

/* A page becomes a table: an entry, the link to it, and the first use, in which another vCPU may write to it still. */
static bool new_table(struct gen *g, u32 cpu, u32 other, gva_t va)
{
	static const u32 kinds[] = { PFEC_U, PFEC_W | PFEC_U };
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels);
	struct place path[REF_LEVELS], at;
	u32 n = path_of(g, cpu, va, path), child = n > 2 && one_in(g, 2) ? n - 2 : n - 1;
	u64 link;

	if (n < 2 || (levels == 3 && path[child - 1].level == 3))
		return true;
	at = path[child];
	at.gpa = (TABLE_FIRST + rnd(g, HOLE_AT - TABLE_FIRST)) * 4096 + at.gpa % 4096;
	link = (entry_at(g->r, cpu, path[child - 1].gpa) & ~PTE_ADDR) | (at.gpa & PTE_ADDR);
	if (!write_at(g, cpu, at.gpa, entry_at(g->r, cpu, path[child].gpa), size) ||
	    !write_at(g, cpu, path[child - 1].gpa, link, size) || !flush_page(g, cpu, va) || !write_meanwhile(g, cpu, other, at))
		return false;
	return touch(g, cpu, va, PICK(g, kinds), noise(g) << 1, 8) && (one_in(g, 2) || flush_page(g, cpu, va));
}

/* The p2m changes under a page in use: it goes, and what comes may be another frame of the pool, or at another place. */
static bool balloon(struct gen *g, u32 cpu, gva_t va)
{
	struct ref_walk w = ref_walk(&g->r->ref, cpu, va, 0);
	u64 gfn = w.gpa >> 12;
	u32 frame;

	if (w.end != REF_DONE || !ref_has(&g->r->ref, gfn) || (gfn >= KERNEL_FIRST && gfn < KERNEL_END))
		return true;
	frame = g->r->ref.frame[gfn];
	if (!emit(g, (struct step){ .op = OP_remove, .a = gfn }) || !touch_near(g, cpu, va) || one_in(g, 8))
		return g->p->nr_steps < g->max_steps && !g->r->over;
	if (one_in(g, 3)) /* the guest gets it elsewhere, and another one here */
		return emit(g, (struct step){ .op = OP_add, .a = HOLE_AT + rnd(g, HOLE), .b = frame + 1 }) &&
		       emit(g, (struct step){ .op = OP_add, .a = gfn, .b = low_frame(HOLE_AT + rnd(g, HOLE)) + 1 });
	return emit(g, (struct step){ .op = OP_add, .a = gfn, .b = frame + 1 });
}

/* All of the pool's frames, or the 64 (or fewer) among which one lies, or others. */
static bool dirty_round(struct gen *g, u64 gfn)
{
	struct step s = { .op = OP_dirty, .a = g->r->logging ? 2 + !one_in(g, 3) : 1 };
	u32 frame = ref_has(&g->r->ref, gfn) ? g->r->ref.frame[gfn] : (u32)rnd(g, MEMORY_FRAMES);

	if (!one_in(g, 3)) {
		s.b = one_in(g, 4) ? rnd(g, MEMORY_FRAMES) & ~63ull : frame & ~63u;
		s.c = one_in(g, 2) ? 1 + rnd(g, 64) : 64 * (1 + rnd(g, 3));
	}
	return emit(g, s);
}

/* What the hypervisor does for dom0 while a guest goes on using va. */
static bool meddle(struct gen *g, u32 cpu, gva_t va)
{
	struct ref_walk w = ref_walk(&g->r->ref, cpu, va, 0);

	switch (rnd(g, 4)) {
	case 0: return balloon(g, cpu, va);
	case 1: return emit(g, (struct step){ .op = OP_pool, .a = 12 + rnd(g, 60) });
	default: return dirty_round(g, w.end == REF_DONE ? w.gpa >> 12 : 0);
	}
}

/* What kernels do when a process ends: entries go from the last table up, the hypervisor looks on, and the pages become data. */
static bool tear_down(struct gen *g, u32 cpu, gva_t va)
{
	u32 levels = cpu_of(g, cpu)->levels, size = entry_bytes(levels);
	struct place path[REF_LEVELS];
	u32 n = path_of(g, cpu, va, path), kept = n ? (u32)rnd(g, n) : 0;

	for (u32 i = n; i > kept; i--) {
		if (one_in(g, g->meddling) && !dirty_round(g, path[i / 2].gpa >> 12))
			return false;
		if (!write_at(g, cpu, path[i - 1].gpa, 0, size))
			return false;
	}
	if (one_in(g, 2) && !load_root(g, cpu))
		return false;
	for (u32 i = n; i > 1; i--) {
		gpa_t at = (path[i - 1].gpa & PTE_ADDR) + rnd(g, 8) * 8;

		if (one_in(g, 2) && !write_at(g, cpu, at, noise(g) & ~(BIT(0) | BIT(32)), 8))
			return false;
	}
	return true;
}

/* What happens between two uses of va. */
static bool between(struct gen *g, u32 cpu, u32 other, gva_t va)
{
	if (one_in(g, g->meddling) && !meddle(g, cpu, va))
		return false;
	if (!cpu_of(g, cpu)->levels || !change_way(g, cpu, va))
		return false;
	if (one_in(g, 2) && !touch_near(g, cpu, va))
		return false;
	if (one_in(g, 3) && !race(g, cpu, other, va))
		return false;
	if (one_in(g, 4) && !change_back(g, cpu))
		return false;
	if (one_in(g, 8) && !load_root(g, cpu))
		return false;
	return !one_in(g, 2) || flush_page(g, cpu, va);
}

/* A vCPU; not this one, if there is another. */
static u32 another(struct gen *g, u32 cpu)
{
	return g->p->cpus < 2 ? cpu : (cpu + 1 + (u32)rnd(g, g->p->cpus - 1)) % g->p->cpus;
}

/* What kernels do all day: make an address work, use it, change what it goes through, flush or not, use it again. */
static bool use(struct gen *g, u32 cpu)
{
	u32 levels = cpu_of(g, cpu)->levels, other = another(g, cpu);
	gva_t va;

	if (!levels)
		return some_access(g, cpu, OP_access);
	va = user_page(g, levels);
	if (!map(g, cpu, va) || (one_in(g, g->making) && !new_table(g, cpu, other, va)) ||
	    (one_in(g, 3) && !race(g, cpu, other, va)))
		return false;
	for (u32 i = (u32)rnd(g, 5); i > 0; i--) {
		if (!touch_near(g, cpu, va) || !touch_near(g, cpu, va))
			return false;
		if (!between(g, cpu, other, va))
			return g->r->over ? false : g->p->nr_steps < g->max_steps;
		if (cpu_of(g, other)->levels == levels && !touch_near(g, other, va))
			return false;
		if (!touch_near(g, cpu, va))
			return false;
	}
	return !one_in(g, g->making) || tear_down(g, cpu, va);
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
		e = kind == 0 ? good_entry(g, levels, path[depth - 1].level) :
		    kind == 1 ? e & ~PTE_RW :
		    kind == 2 ? 0 :
				noise(g) << 1;
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
	if (one_in(g, 4))
		s.b |= one_in(g, 2) ? CR4_SMAP : CR4_SMAP | CR4_SMEP;
	if (one_in(g, 6))
		s.a &= ~(u64)CR0_WP;
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
	default: s.a ^= CR0_WP; break;
	case 3: s.b ^= CR4_PGE; break;
	case 4: s.b ^= CR4_SMEP; break;
	case 5: s.b ^= CR4_SMAP; break;
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
	s.how = (u32)(one_in(g, 8) ? some_gfn(g) : TABLE_END + rnd(g, 8)) * 4096;
	s.how += one_in(g, 2) ? 4096 - 16 * (1 + (u32)rnd(g, 3)) : 64 * (u32)rnd(g, 3);
	return emit(g, s);
}

static bool manage(struct gen *g)
{
	struct step s = { .op = OP_pool };

	switch (rnd(g, 6)) {
	case 0: s.a = 12 + rnd(g, one_in(g, 2) ? 30 : 120); break;
	case 1:
		s.op = OP_remove;
		s.a = one_in(g, 2) ? some_gfn(g) : TABLE_FIRST + rnd(g, TABLE_END - TABLE_FIRST);
		break;
	case 2:
		s.op = OP_add;
		for (s.a = rnd(g, LOW_FRAMES); s.a < LOW_FRAMES - 1 && ref_has(&g->r->ref, s.a);)
			s.a++;
		s.b = one_in(g, 4) ? 1 + rnd(g, MEMORY_FRAMES) : 0;
		break;
	case 3:
		s.op = OP_dirty;
		s.a = rnd(g, 2);
		break;
	default: return dirty_round(g, some_gfn(g));
	}
	return emit(g, s);
}

/* ---- programs ---- */

/* The head of a program; g->p is to be run next (run_begin). */
static void gen_head(struct gen *g)
{
	struct prog *p = g->p;

	p->cpus = 1 + (u32)(one_in(g, 3) ? 0 : rnd(g, MACHINE_CPUS));
	p->strict = one_in(g, p->cpus > 1 ? 3 : 2); /* what vCPUs do to each other shows in loose ones */
	g->meddling = one_in(g, 3) ? 3 : 16;
	g->making = one_in(g, 3) ? 2 : 8;
	g->by_super = one_in(g, 4) ? 1 : 8;
	p->hardware = 2 + (u32)rnd(g, 4);
	p->pool_pages = one_in(g, 2) ? 12 + rnd(g, 24) : 24 * p->cpus + rnd(g, 60);
	if (g->calm)
		p->pool_pages = CALM_PAGES;
	p->clumsy = one_in(g, 2) ? 4 : 0;
	p->luck = rnd(g, 1 << 20);
	p->nr_steps = 0;
	g->changed_at = 0;
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

			poke(g, table_gfn(g, level) * 4096 + some_slot(g, levels, 1) * entry_bytes(levels), e,
			     entry_bytes(levels));
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
	u32 bytes, more = small_offset(g, &bytes);
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
