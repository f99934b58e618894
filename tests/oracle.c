/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle: random guest programs on the engine, each step judged by the
 * reference (oracle_ref.h). It is built once a recipe.
 *
 * loose  programs flush or forget to. Every access must come to something that the
 *        architecture allows, and leave the accessed and dirty bits that it demands.
 * strict programs flush after each change that needs it. Then only one outcome is
 *        allowed: accesses must agree with a reference without any TLB, and so must
 *        the guest's memory, its tables included, to the last byte. As that reference
 *        is the same for all recipes, their final tables are the same too.
 *
 * A failure prints the seed and the program's last steps. Run one again with --seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle_ref.h"

#define FRAMES 256
#define HOLE_AT 240
#define HOLE 8
#define MAX_VAS 512
#define LOG_LINES 40
#define LOG_BYTES 120

/* Frames by use. Any frame may come to be used as anything. */
enum { KERNEL_FIRST = 4, KERNEL_L1 = 6, ROOT_FIRST = 16, NR_ROOTS = 4, TABLE_FIRST = 16, TABLE_END = 48 };
enum { SLOT_SELF = 3 };

struct run {
	struct guest g;
	struct ref_guest ref;
	bool strict, pae;
	u64 seed, rng, step;
	u32 nr_vas;
	struct ref_va va[MAX_VAS];
	u32 checked; /* candidates of the address in use when its access was decided */
	struct ref_va *using;
	char log[LOG_LINES][LOG_BYTES];
	u64 logged, done, faulted;
};

static struct run *run; /* for the hook that has no other way to it */

#define LOG(r, ...) snprintf((r)->log[(r)->logged++ % LOG_LINES], LOG_BYTES, __VA_ARGS__)

static void fail(struct run *r, const char *what)
{
	u64 first = r->logged > LOG_LINES ? r->logged - LOG_LINES : 0;

	fprintf(stderr, "oracle (%s, %s): seed %llu, step %llu: %s\n", paging_recipe_name,
		r->strict ? "strict" : "loose", (unsigned long long)r->seed, (unsigned long long)r->step, what);
	for (u64 i = first; i < r->logged; i++)
		fprintf(stderr, "  %s\n", r->log[i % LOG_LINES]);
	exit(EXIT_FAILURE);
}

static u64 rnd(struct run *r, u64 n) { return host_random(&r->rng) % n; }
static bool one_in(struct run *r, u64 n) { return !rnd(r, n); }

/* ---- the address space of programs ---- */

static gva_t kernel_base(const struct run *r) { return r->pae ? 0xffff800000000000ull : 0xc0000000ull; }
static u32 entry_bytes(const struct run *r) { return r->pae ? 8 : 4; }
static bool paging(const struct run *r) { return r->ref.cr0 & CR0_PG; }

static void add_va(struct run *r, gva_t va)
{
	if (r->nr_vas == MAX_VAS)
		abort();
	r->va[r->nr_vas++].page = va;
}

static void make_universe(struct run *r)
{
	static const u32 top[] = { 0, 1, SLOT_SELF };

	for (u32 i = 0; i < FRAMES; i++)
		add_va(r, kernel_base(r) + i * 4096ull);
	for (u32 i = 0; i < 8; i++) /* the kernel's superpage */
		add_va(r, kernel_base(r) + (r->pae ? 0x200000 : 0x400000) + (14 + i) * 4096ull);
	if (!r->pae) {
		for (u64 a = 0; a < 4; a++)
			for (u64 b = 0; b < 4; b++)
				add_va(r, a << 22 | b << 12);
		return;
	}
	for (u64 a = 0; a < ARRAY_SIZE(top); a++)
		for (u64 b = 0; b < ARRAY_SIZE(top); b++)
			for (u64 c = 0; c < ARRAY_SIZE(top); c++)
				for (u64 e = 0; e < 4; e++)
					add_va(r, (u64)top[a] << 39 | (u64)top[b] << 30 | (u64)top[c] << 21 | e << 12);
}

static struct ref_va *some_va(struct run *r)
{
	u32 users = r->nr_vas - FRAMES;

	return &r->va[one_in(r, 8) ? rnd(r, r->nr_vas) : FRAMES + rnd(r, users)];
}

/* ---- entries ---- */

static u64 some_gfn(struct run *r)
{
	u64 x = rnd(r, 100);

	if (x < 60)
		return TABLE_FIRST + rnd(r, TABLE_END - TABLE_FIRST);
	if (x < 92)
		return TABLE_END + rnd(r, HOLE_AT - TABLE_END);
	if (x < 98)
		return KERNEL_FIRST + rnd(r, 3);
	return one_in(r, 3) ? FRAMES + rnd(r, 1000) : HOLE_AT + rnd(r, HOLE);
}

static u64 some_entry(struct run *r)
{
	u64 e = some_gfn(r) << 12;

	e |= one_in(r, 12) ? 0 : PTE_P;
	e |= one_in(r, 4) ? 0 : PTE_RW;
	e |= one_in(r, 4) ? 0 : PTE_US;
	e |= one_in(r, 2) ? 0 : PTE_A;
	e |= one_in(r, 2) ? 0 : PTE_D;
	e |= rnd(r, 8) << 9 | (one_in(r, 4) ? BIT(8) : 0) | (one_in(r, 8) ? BIT(3) | BIT(4) : 0);
	if (one_in(r, 5))
		e = (one_in(r, 6) ? e : e & ~PTE_ADDR) | PTE_PS;
	if (!r->pae)
		return (u32)e;
	e |= one_in(r, 6) ? PTE_NX : 0;
	e |= one_in(r, 8) ? rnd(r, 1024) << 52 : 0;
	return e | (one_in(r, 40) ? BIT(40 + rnd(r, 12)) : 0);
}

/* Straight into memory, as a loader would, or as the hypervisor does. */
static void poke(struct run *r, u64 gfn, u32 slot, u64 e)
{
	gpa_t gpa = gfn * 4096 + slot * entry_bytes(r);

	memcpy(guest_at(&r->g, gpa), &e, entry_bytes(r));
	if (r->strict)
		memcpy(ref_at(&r->ref, gpa), &e, entry_bytes(r));
}

static u64 peek(struct run *r, u64 gfn, u32 slot)
{
	u64 e = 0;

	memcpy(&e, ref_at(&r->ref, gfn * 4096 + slot * entry_bytes(r)), entry_bytes(r));
	return e;
}

static void make_tables(struct run *r)
{
	u64 l1 = KERNEL_L1;

	for (u64 f = 0; f < FRAMES; f++)
		if (f - HOLE_AT >= HOLE)
			memset(guest_at(&r->g, f * 4096), 0, 4096);
	for (u32 i = 0; i < FRAMES; i++)
		poke(r, l1, i, (u64)i << 12 | KERNEL);
	if (r->pae) {
		poke(r, 4, 0, 5ull << 12 | KERNEL);
		poke(r, 5, 0, l1 << 12 | KERNEL);
		poke(r, 5, 1, KERNEL | PTE_PS);
	}
	for (u32 i = 0; i < NR_ROOTS; i++) {
		poke(r, ROOT_FIRST + i, r->pae ? 256 : 768, (r->pae ? 4 : l1) << 12 | KERNEL);
		if (!r->pae)
			poke(r, ROOT_FIRST + i, 769, KERNEL | PTE_PS);
	}
	for (u64 t = TABLE_FIRST; t < TABLE_END; t++)
		for (u32 s = 0; s < 4; s++)
			poke(r, t, s, s == SLOT_SELF && one_in(r, 2) ? t << 12 | ALL : some_entry(r));
}

struct place {
	u64 gfn;
	u32 slot, level;
};

/* The entries that translate va; stops at one that maps or is absent. Returns how many. */
static u32 path_of(struct run *r, gva_t va, struct place path[4])
{
	u32 bits = r->pae ? 9 : 10, n = 0;
	u64 gfn = r->ref.cr3 >> 12;

	for (u32 level = r->pae ? 4 : 2; level > 0; level--) {
		u32 slot = va >> (12 + bits * (level - 1)) & ((1u << bits) - 1);
		u64 e;

		if (!ref_at(&r->ref, gfn * 4096))
			return n;
		path[n++] = (struct place){ gfn, slot, level };
		e = peek(r, gfn, slot);
		if (!(e & PTE_P) || (level < 4 && e & PTE_PS))
			return n;
		gfn = (e & PTE_ADDR) >> 12;
	}
	return n;
}

static void log_path(struct run *r, gva_t va)
{
	struct place path[4];
	u32 n = paging(r) ? path_of(r, va, path) : 0;

	for (u32 i = 0; i < n; i++)
		LOG(r, "   level %u: gfn %llx slot %u: %llx", path[i].level, (unsigned long long)path[i].gfn,
		    path[i].slot, (unsigned long long)peek(r, path[i].gfn, path[i].slot));
}

/* ---- judging ---- */

static void step_sets(struct run *r)
{
	bool crowded = false;

	if (r->strict)
		return;
	for (u32 i = 0; i < r->nr_vas; i++) {
		ref_step(&r->ref, &r->va[i]);
		crowded |= r->va[i].nr_tables > REF_MAX_SET / 2 || r->va[i].nr_cands > REF_MAX_SET / 2;
	}
	if (!crowded)
		return;
	LOG(r, "cr3 %llx (to keep the sets small)", (unsigned long long)r->ref.cr3);
	guest_load_cr3(&r->g, r->ref.cr3);
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_flush(&r->va[i]);
	step_sets(r);
}

static void decided(struct guest *g)
{
	struct run *r = run;

	(void)g;
	if (r->strict)
		return;
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_step(&r->ref, &r->va[i]);
	r->checked = r->using->nr_cands;
}

static void flush_all(struct run *r)
{
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_flush(&r->va[i]);
	step_sets(r);
}

static void judge_strict(struct run *r, struct outcome want, struct outcome got)
{
	if (got.kind != want.kind || got.pfec != want.pfec || got.gpa != want.gpa || got.value != want.value) {
		LOG(r, "-> kind %d pfec %x gpa %llx value %llx, wanted kind %d pfec %x gpa %llx value %llx", got.kind,
		    got.pfec, (unsigned long long)got.gpa, (unsigned long long)got.value, want.kind, want.pfec,
		    (unsigned long long)want.gpa, (unsigned long long)want.value);
		log_path(r, r->using->page);
		fail(r, "an access came to another end than it must");
	}
}

static void judge_loose(struct run *r, struct outcome now, struct outcome got, u32 access)
{
	bool same = got.kind == now.kind && got.pfec == now.pfec && got.gpa == now.gpa;

	if (got.kind == ACCESS_DONE && paging(r)) {
		struct ref_va a = *r->using;

		a.nr_cands = r->checked;
		same = ref_allows(&r->ref, &a, access, got.gpa >> 12);
	}
	if (same)
		return;
	LOG(r, "-> kind %d pfec %x gpa %llx, tables now: kind %d pfec %x gpa %llx", got.kind, got.pfec,
	    (unsigned long long)got.gpa, now.kind, now.pfec, (unsigned long long)now.gpa);
	log_path(r, r->using->page);
	for (u32 i = 0; i < r->using->nr_cands; i++)
		LOG(r, "   may be cached%s: gfn %llx rw %d us %d nx %d dirty %d", i < r->checked ? "" : " by now",
		    (unsigned long long)r->using->cand[i].gfn, r->using->cand[i].rw, r->using->cand[i].us,
		    r->using->cand[i].nx, r->using->cand[i].dirty);
	fail(r, "an access came to an end that the architecture does not allow");
}

static bool was_mapping(struct run *r, u64 old, u32 bytes)
{
	return old & PTE_P || (!r->pae && bytes == 8 && old >> 32 & PTE_P);
}

static void load_root(struct run *r, u64 cr3)
{
	LOG(r, "cr3 %llx", (unsigned long long)cr3);
	r->ref.cr3 = cr3;
	guest_load_cr3(&r->g, cr3);
	flush_all(r);
}

/* False: the domain has crashed, as it must. */
static bool touch(struct run *r, struct ref_va *a, u32 offset, u32 access, u64 value, u32 bytes)
{
	gva_t va = (paging(r) ? a->page : a->page & (FRAMES * 4096 - 1)) + offset;
	struct outcome want = ref_walk(&r->ref, va, access, r->strict), got;
	u64 old = 0;

	LOG(r, "%s%s%s va %llx value %llx bytes %u", access & PFEC_W ? "write" : access & PFEC_I ? "exec" : "read",
	    access & PFEC_U ? " user" : "", access & HOST_AC ? " ac" : "", (unsigned long long)va,
	    (unsigned long long)value, bytes);
	if (want.kind == ACCESS_DONE) {
		memcpy(&old, ref_at(&r->ref, want.gpa), bytes);
		if (r->strict && access & PFEC_W)
			memcpy(ref_at(&r->ref, want.gpa), &value, bytes);
		else if (r->strict)
			want.value = old;
	}
	r->using = a;
	got = guest_access(&r->g, va, access, value, bytes);
	r->done += got.kind == ACCESS_DONE;
	r->faulted += got.kind == ACCESS_FAULT;
	if (r->strict)
		judge_strict(r, want, got);
	else
		judge_loose(r, want, got, access);
	if (got.kind == ACCESS_CRASH)
		return false;
	step_sets(r);
	if (r->strict && paging(r) && got.kind == ACCESS_DONE && access & PFEC_W && was_mapping(r, old, bytes))
		load_root(r, r->ref.cr3);
	return true;
}

/* ---- what programs do ---- */

static bool do_access(struct run *r)
{
	static const u32 kinds[] = { 0, 0, PFEC_W, PFEC_W, PFEC_I };
	u32 kind = kinds[rnd(r, ARRAY_SIZE(kinds))], offset = (u32)rnd(r, 4) * 8;

	kind |= one_in(r, 2) ? PFEC_U : one_in(r, 2) ? HOST_AC : 0;
	return touch(r, some_va(r), offset, kind, kind & PFEC_W ? some_entry(r) : 0, 8);
}

/* Through the kernel's linear map, which programs may destroy. */
static bool write_entry(struct run *r, u64 gfn, u32 slot, u64 e, u32 bytes)
{
	return touch(r, &r->va[gfn], slot * entry_bytes(r), PFEC_W | HOST_AC, e, bytes);
}

static bool do_write_entry(struct run *r)
{
	u64 gfn = TABLE_FIRST + rnd(r, TABLE_END - TABLE_FIRST);
	u32 slot = (u32)rnd(r, 4), bytes = entry_bytes(r);

	if (one_in(r, 400)) /* pull the rug away */
		slot = r->pae ? 256 : 768;
	if (one_in(r, 16))
		bytes = one_in(r, 2) ? 1 : 4;
	return write_entry(r, gfn, slot, some_entry(r), bytes);
}

static bool do_tweak(struct run *r)
{
	static const u64 bits[] = { PTE_P, PTE_RW, PTE_US, PTE_A, PTE_D, PTE_A, PTE_D, PTE_A | PTE_D, PTE_PS, PTE_NX };
	u64 gfn = one_in(r, 10) ? KERNEL_FIRST + rnd(r, 3) : TABLE_FIRST + rnd(r, TABLE_END - TABLE_FIRST);
	u32 slot = (u32)rnd(r, 4);
	u64 bit = bits[rnd(r, ARRAY_SIZE(bits) - !r->pae)];

	if (gfn < TABLE_FIRST && bit & (PTE_P | PTE_PS | PTE_RW))
		bit = PTE_A;
	return write_entry(r, gfn, slot, peek(r, gfn, slot) ^ bit, entry_bytes(r));
}

static void do_invlpg(struct run *r, const struct ref_va *a)
{
	if (!paging(r))
		return;
	LOG(r, "invlpg %llx", (unsigned long long)a->page);
	paging_invlpg(&r->g.v, a->page + rnd(r, 4096));
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_invlpg(&r->ref, &r->va[i], a->page);
	step_sets(r);
}

/* An entry that takes a walk of va on, down to one of few pages or a superpage. */
static u64 good_entry(struct run *r, u32 level)
{
	u64 rights = PTE_P | PTE_RW | PTE_US | (one_in(r, 2) ? 0 : PTE_A) | (one_in(r, 2) ? 0 : PTE_D);

	if (level == 1)
		return rights | (TABLE_END + rnd(r, 8)) << 12;
	if (level == 2 && one_in(r, 3))
		return rights | PTE_PS;
	return rights | (ROOT_FIRST + NR_ROOTS + (level - 2) * 8 + rnd(r, 3)) << 12;
}

static bool touch_near(struct run *r, struct ref_va *a)
{
	static const u32 kinds[] = { 0, PFEC_W, PFEC_W | PFEC_U, PFEC_U, PFEC_I };
	u32 kind = kinds[rnd(r, ARRAY_SIZE(kinds))], i = (u32)(a - r->va);

	if (one_in(r, 3) && i + 4 < r->nr_vas && i > FRAMES + 4)
		a += (long)rnd(r, 7) - 3;
	return touch(r, a, (u32)rnd(r, 4) * 8, kind | (kind & PFEC_U ? 0 : HOST_AC), kind & PFEC_W ? some_entry(r) : 0,
		     8);
}

/* Does what was read stand at a place that the access may have come to? */
static bool may_read(struct run *r, gva_t va, u32 access, u64 value)
{
	for (u32 i = 0; i < r->using->nr_cands; i++) {
		u64 gfn = r->using->cand[i].gfn;
		const void *p = ref_at(&r->ref, gfn * 4096 + va % 4096);

		if (p && !memcmp(p, &value, 8) && ref_allows(&r->ref, r->using, access, gfn))
			return true;
	}
	return false;
}

/* A read that the hypervisor makes for the guest, with no fault before it. */
static bool do_emulated_read(struct run *r)
{
	struct ref_va *a = some_va(r);
	gva_t va = a->page + rnd(r, 4) * 8;
	u32 access = one_in(r, 4) && (r->ref.efer & EFER_NXE) ? PFEC_I : one_in(r, 2) ? PFEC_U : 0;
	struct outcome want, got;

	if (!paging(r))
		return true;
	want = ref_walk(&r->ref, va, access, r->strict);
	if (want.kind == ACCESS_DONE && r->strict)
		memcpy(&want.value, ref_at(&r->ref, want.gpa), 8);
	LOG(r, "emulated %s%s va %llx", access & PFEC_I ? "fetch" : "read", access & PFEC_U ? " user" : "",
	    (unsigned long long)va);
	r->using = a;
	got = guest_emulated(&r->g, va, access, 0, 8);
	if (got.kind == ACCESS_DONE)
		want.gpa = 0; /* only the value is known */
	r->checked = 0;
	step_sets(r);
	if (r->strict)
		judge_strict(r, want, got);
	else if (got.kind != ACCESS_DONE)
		judge_loose(r, want, got, access);
	else if (!may_read(r, va, access, got.value))
		fail(r, "an emulated read came to an end that the architecture does not allow");
	return got.kind != ACCESS_CRASH;
}

/* What kernels do all day: make an address work, use it, change what it goes through, flush or not, use it again. */
static bool do_use(struct run *r)
{
	struct ref_va *a = &r->va[FRAMES + 8 + rnd(r, 4) * ((r->nr_vas - FRAMES - 8) / 4) + rnd(r, 3)];
	struct place path[4], *at;
	u32 n;

	if (!paging(r))
		return true;
	for (u32 tries = 0; tries < 6; tries++) {
		n = path_of(r, a->page, path);
		at = &path[n - 1];
		if (ref_walk(&r->ref, a->page, PFEC_W | PFEC_U, false).kind == ACCESS_DONE)
			break;
		if (!write_entry(r, at->gfn, at->slot, good_entry(r, at->level), entry_bytes(r)))
			return false;
	}
	for (u32 i = (u32)rnd(r, 5); i > 0; i--) {
		u64 flip[] = { PTE_RW, PTE_US, PTE_A, PTE_D, PTE_A | PTE_D, PTE_P };

		if (!touch_near(r, a) || !touch_near(r, a))
			return false;
		n = path_of(r, a->page, path);
		at = &path[n - 1 - rnd(r, n < 2 ? n : one_in(r, 4) ? n : 2)];
		if (!write_entry(r, at->gfn, at->slot,
				 one_in(r, 2) ? good_entry(r, at->level) :
						peek(r, at->gfn, at->slot) ^ flip[rnd(r, ARRAY_SIZE(flip))],
				 entry_bytes(r)))
			return false;
		if (one_in(r, 2) && !touch_near(r, a))
			return false;
		if (one_in(r, 2))
			do_invlpg(r, a);
		if (!touch_near(r, a))
			return false;
	}
	return true;
}

static void set_modes(struct run *r, u64 cr0, u64 cr4, u64 efer)
{
	LOG(r, "cr0 %llx cr4 %llx efer %llx", (unsigned long long)cr0, (unsigned long long)cr4,
	    (unsigned long long)efer);
	r->ref.cr0 = cr0;
	r->ref.cr4 = cr4;
	r->ref.efer = efer;
	guest_set_modes(&r->g, cr0, cr4, efer);
}

static void do_modes(struct run *r)
{
	struct ref_guest *m = &r->ref;
	u64 x = rnd(r, 8);

	if (x < 3)
		set_modes(r, m->cr0 ^ CR0_WP, m->cr4, m->efer);
	else if (x == 3)
		set_modes(r, m->cr0, m->cr4 ^ CR4_PGE, m->efer);
	else if (x == 4)
		set_modes(r, m->cr0, m->cr4 ^ CR4_SMEP, m->efer);
	else if (x == 5)
		set_modes(r, m->cr0, m->cr4 ^ CR4_SMAP, m->efer);
	else if (x == 6)
		set_modes(r, m->cr0, r->pae ? m->cr4 : m->cr4 ^ CR4_PSE, r->pae ? m->efer ^ EFER_NXE : m->efer);
	else if (x == 7 && one_in(r, 2))
		set_modes(r, m->cr0 ^ CR0_PG, m->cr4, m->efer);
	else
		return;
	/* Only some of these flush by the architecture; strict programs flush always. */
	if (x == 3 || x == 7 || r->strict)
		load_root(r, m->cr3);
	else
		step_sets(r);
}

static void do_hypervisor_write(struct run *r)
{
	u64 gfn = TABLE_FIRST + rnd(r, TABLE_END - TABLE_FIRST);
	u32 slot = (u32)rnd(r, 4);

	LOG(r, "hypervisor writes gfn %llx slot %u", (unsigned long long)gfn, slot);
	poke(r, gfn, slot, some_entry(r));
	paging_guest_wrote(&r->g.d, gfn * 4096 + slot * entry_bytes(r), entry_bytes(r));
	step_sets(r);
	if (r->strict)
		load_root(r, r->ref.cr3);
}

static bool one_step(struct run *r)
{
	u64 x = rnd(r, 100);

	if (x < 20)
		return do_access(r);
	if (x < 25)
		return do_emulated_read(r);
	if (x < 55)
		return do_use(r);
	if (x < 72)
		return do_write_entry(r);
	if (x < 80)
		return do_tweak(r);
	if (x < 87)
		do_invlpg(r, some_va(r));
	else if (x < 94)
		load_root(r, (ROOT_FIRST + rnd(r, NR_ROOTS)) * 4096);
	else if (x < 98)
		do_modes(r);
	else
		do_hypervisor_write(r);
	return true;
}

static void compare_memory(struct run *r)
{
	for (u64 f = 0; r->strict && f < FRAMES; f++)
		if (f - HOLE_AT >= HOLE && memcmp(guest_at(&r->g, f * 4096), ref_at(&r->ref, f * 4096), 4096)) {
			LOG(r, "frame %llx differs", (unsigned long long)f);
			fail(r, "the guest's memory is not what it must be");
		}
}

static void check_state(struct run *r)
{
	char text[2048];

	compare_memory(r);
	if (paging_audit(&r->g.d, text, sizeof(text))) {
		fprintf(stderr, "%s", text);
		fail(r, "the audit found faults");
	}
}

static void begin(struct run *r, u64 seed)
{
	memset(r, 0, sizeof(*r));
	r->seed = seed;
	r->rng = seed * 0x2545f4914f6cdd1dull;
	r->strict = one_in(r, 2);
	r->pae = !one_in(r, 4);
	guest_init(&r->g, FRAMES, HOLE_AT, HOLE, one_in(r, 2) ? 12 : 12 + rnd(r, 60), seed);
	r->g.before_data = decided;
	r->g.clumsy = one_in(r, 2) ? 4 : 0;
	r->ref = (struct ref_guest){ .g = &r->g, .frames = FRAMES, .hole_at = HOLE_AT, .hole = HOLE, .cr0 = CR0_PE };
	if (r->strict)
		r->ref.memory = calloc(FRAMES, 4096);
	make_universe(r);
	make_tables(r);
	run = r;
}

static void run_program(struct run *r, u64 seed, u64 steps)
{
	u64 start;

	begin(r, seed);
	start = rnd(r, 10);
	for (r->step = 0; r->step < steps; r->step++) {
		if (r->step == start) {
			r->ref.cr3 = r->g.v.cr3 = ROOT_FIRST * 4096;
			set_modes(r, CR0_PE | CR0_PG | CR0_WP, r->pae ? CR4_PAE : CR4_PSE,
				  r->pae ? EFER_LME | EFER_NXE : 0);
			flush_all(r);
		}
		if (!(r->step < start ? do_access(r) : one_step(r)))
			break;
		if (r->step % 16 == 0)
			check_state(r);
	}
	check_state(r);
	free(r->ref.memory);
	guest_exit(&r->g);
}

int main(int argc, char **argv)
{
	static struct run r;
	u64 first = 1, programs = 400, steps = 600, done = 0, faulted = 0, emulated = 0;
	int c;

	while ((c = getopt(argc, argv, "s:p:n:")) != -1) {
		if (c == 's')
			first = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			programs = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 0);
		else
			return fprintf(stderr, "usage: %s [-s first seed] [-p programs] [-n steps each]\n", argv[0]), 2;
	}
	for (u64 i = 0; i < programs; i++) {
		run_program(&r, first + i, steps);
		done += r.done;
		faulted += r.faulted;
		emulated += r.g.emulated;
	}
	printf("oracle (%s): %llu programs from seed %llu: %llu accesses done, %llu faulted, %llu emulated writes\n",
	       paging_recipe_name, (unsigned long long)programs, (unsigned long long)first, (unsigned long long)done,
	       (unsigned long long)faulted, (unsigned long long)emulated);
	return done && faulted ? EXIT_SUCCESS : EXIT_FAILURE;
}
