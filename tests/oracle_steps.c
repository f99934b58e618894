/* SPDX-License-Identifier: BSD-2-Clause */
/* What the oracle's random programs do, step by step. Nothing here depends on what the engine answered. */
#include "oracle_run.h"

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

u64 some_entry(struct run *r)
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

void poke(struct run *r, u64 gfn, u32 slot, u64 e)
{
	gpa_t gpa = gfn * 4096 + slot * entry_bytes(r);

	memcpy(guest_at(&r->g, gpa), &e, entry_bytes(r));
	if (r->strict)
		memcpy(ref_at(&r->ref, gpa), &e, entry_bytes(r));
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

	LOG(r, "%s%s%s va %llx value %llx bytes %u",
	    access & PFEC_W   ? "write"
	    : access & PFEC_I ? "exec"
			      : "read",
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

bool do_access(struct run *r)
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
				 one_in(r, 2) ? good_entry(r, at->level)
					      : peek(r, at->gfn, at->slot) ^ flip[rnd(r, ARRAY_SIZE(flip))],
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

void set_modes(struct run *r, u64 cr0, u64 cr4, u64 efer)
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

bool one_step(struct run *r)
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
