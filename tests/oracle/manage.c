/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of the hypervisor's: writes to guest memory, changes of the p2m, log-dirty, pool
 * resize, and what a guest asks of it. A frame that is removed is out of the guest's reach at once, whatever its TLB held.
 */
#include <string.h>

#include "hypercall_abi.h"
#include "tests/oracle/run.h"

/* Without a flush. */
static void store_both(struct run *r, gpa_t gpa, const void *buf, u32 bytes)
{
	ref_store(&r->ref, gpa, buf, bytes);
	memcpy(machine_at(&r->m, gpa), buf, bytes);
	paging_guest_wrote(&r->m.d, gpa, bytes);
}

static void poke(struct run *r, gpa_t gpa, u64 value, u32 bytes)
{
	bool flush = r->prog->strict;

	if (!bytes || bytes > 8 || !ref_has(&r->ref, gpa >> 12) || (gpa + bytes - 1) >> 12 != gpa >> 12)
		return;
	flush &= run_had_entries(r, gpa, bytes);
	store_both(r, gpa, &value, bytes);
	if (flush)
		run_flush_all(r);
}

/* A PAE root was read when it was loaded: whether it may go is the engine's choice. */
static bool is_root(const struct run *r, u64 gfn, bool pae)
{
	bool root = false;

	for (u32 i = 0; i < r->m.d.nr_vcpus; i++) {
		const struct ref_cpu *c = &r->ref.cpu[i];

		root |= c->levels && (c->levels == 3) == pae && (c->cr3 & PTE_ADDR) >> 12 == gfn;
	}
	return root;
}

/* ---- hypercalls ---- */

#define MOST_UPDATES 8

static bool put_list(struct run *r, gpa_t list, gpa_t entry, u64 value, u32 nr, u32 size)
{
	bool flush = false;

	for (u32 i = 0; i < nr; i++) {
		struct pn_mmu_update u = { .entry = entry + i * size, .value = value + (u64)i * 4096 };
		gpa_t at = list + i * sizeof(u);

		if (!ref_has(&r->ref, at >> 12))
			break;
		flush |= run_had_entries(r, at, sizeof(u));
		store_both(r, at, &u, sizeof(u));
	}
	return flush;
}

/* An update may overwrite the list's own rest: it is read as it stands. */
static u32 update_reference(struct run *r, gpa_t list, u32 nr, u32 size, bool *flush)
{
	for (u32 i = 0; i < nr; i++) {
		gpa_t at = list + i * sizeof(struct pn_mmu_update);
		struct pn_mmu_update u;

		if (!ref_has(&r->ref, at >> 12))
			return i;
		memcpy(&u, ref_see(&r->ref, at), sizeof(u));
		if (!ref_has(&r->ref, u.entry >> 12) || u.entry % size)
			return i;
		*flush |= run_had_entries(r, u.entry, size);
		ref_store(&r->ref, u.entry, &u.value, size);
	}
	return nr;
}

static void update(struct run *r, const struct step *s)
{
	gpa_t list = s->how & ~15u;
	u32 nr = s->b < MOST_UPDATES ? (u32)s->b : MOST_UPDATES, size = entry_bytes(r->ref.cpu[s->cpu].levels), done;
	bool flush;

	if (!r->ref.cpu[s->cpu].levels)
		return;
	flush = put_list(r, list, s->a, s->c, nr, size);
	done = paging_update_entries(&r->m.v[s->cpu], list, nr);
	if (done != update_reference(r, list, nr, size, &flush))
		run_fail(r, "the hypercall wrote another number of entries than it must");
	if (flush && r->prog->strict)
		run_flush_all(r);
}

static void pin(struct run *r, const struct step *s)
{
	const struct ref_cpu *c = &r->ref.cpu[s->cpu];
	bool loaded = s->op == OP_unpin && is_root(r, s->a >> 12, c->levels == 3), here = ref_has(&r->ref, s->a >> 12);
	enum pin_result got;

	if (!c->levels)
		return;
	got = (s->op == OP_pin ? paging_pin_root : paging_unpin_root)(&r->m.v[s->cpu], s->a);
	if (got == PIN_LOADED ? !loaded : got == PIN_OUTSIDE && here)
		run_fail(r, "a root was neither pinned nor unpinned, for no reason");
	if (got == PIN_OK && s->op == OP_pin && !here)
		run_fail(r, "a root was pinned that no memory stands behind");
}

/* ---- the p2m, log-dirty, the pool ---- */

static void remove_frame(struct run *r, u64 gfn)
{
	bool can = ref_has(&r->ref, gfn) && !is_root(r, gfn, false);
	bool done = machine_remove(&r->m, gfn);

	if (done != can && !(can && is_root(r, gfn, true)))
		run_fail(r, can ? "a frame was not removed" : "a frame was removed that may not");
	if (done)
		r->ref.frame[gfn] = NO_FRAME;
}

static u32 frame_to_add(u64 gfn, u64 which)
{
	if (which)
		return which <= MEMORY_FRAMES ? (u32)which - 1 : NO_FRAME;
	return gfn < LOW_FRAMES ? low_frame(gfn) : first_frame(gfn);
}

/* A frame is the guest's once only: else its memory would not be memory. */
static void add_frame(struct run *r, u64 gfn, u64 which)
{
	u32 f = frame_to_add(gfn, which);
	bool can = gfn < MEMORY_GFNS && !ref_has(&r->ref, gfn);

	if (f == NO_FRAME || r->m.gfn_of[f] != NO_FRAME)
		return;
	if (machine_add(&r->m, gfn, f) != can)
		run_fail(r, can ? "a frame was not added" : "a frame was added that may not");
	if (can)
		r->ref.frame[gfn] = (u16)f;
}

static _Noreturn void refuse_dirty(struct run *r, u64 frame, const char *what)
{
	fprintf(stderr, "  frame %llx of the pool\n", (unsigned long long)frame);
	run_fail(r, what);
}

static void compare_dirty(struct run *r, const u64 *bits, u64 first, u64 frames)
{
	for (u64 i = 0; i < frames; i++) {
		bool is = bits[i / 64] >> i % 64 & 1;

		if (r->ref.dirty[first + i] && !is)
			refuse_dirty(r, first + i, "a frame was written, but log-dirty does not know");
		if (is && !r->ref.dirty[first + i] && !r->ref.attempted[first + i])
			refuse_dirty(r, first + i, "log-dirty reports a frame that nobody wrote to");
	}
}

static void forget_dirty(struct ref *r, u64 first, u64 frames)
{
	memset(r->dirty + first, 0, frames);
	memset(r->attempted + first, 0, frames);
}

/* Peek or clean, of all or of a part. */
static void read_dirty(struct run *r, bool clean, u64 first, u64 frames)
{
	u64 bits[MEMORY_FRAMES / 64 + 1] = { 0 };

	if (!frames || first % 64 || first >= MEMORY_FRAMES || frames > MEMORY_FRAMES - first) {
		first = 0;
		frames = MEMORY_FRAMES;
	}
	(clean ? paging_log_dirty_clean : paging_log_dirty_peek)(&r->m.d, first, frames, bits);
	compare_dirty(r, bits, first, frames);
	if (clean)
		forget_dirty(&r->ref, first, frames);
}

static void log_dirty(struct run *r, const struct step *s)
{
	if (s->a >= 2) {
		if (r->logging)
			read_dirty(r, s->a == 3, s->b, s->c);
		return;
	}
	if (!paging_log_dirty(&r->m.d, s->a))
		run_fail(r, "log-dirty cannot be had");
	r->logging = s->a;
	if (s->a)
		forget_dirty(&r->ref, 0, MEMORY_FRAMES);
}

static void resize_pool(struct run *r, u64 pages)
{
	enum pool_result want = pages < paging_pool_minimum(&r->m.d) ? POOL_TOO_SMALL : POOL_OK;

	if (pages <= 256 && paging_pool_resize(&r->m.d, pages) != want)
		run_fail(r, "the pool could not be resized as it must");
	run_check(r);
}

/* ---- the kind of paging, where the recipe switches ---- */

/*
 * May the reference, which is a machine's without nested paging, judge what comes? On a PAE guest nested paging reads the top entries at
 * each walk, and the simulated CPU cannot do without paging.
 */
static bool may_be_nested(const struct run *r)
{
	for (u32 i = 0; i < r->m.d.nr_vcpus; i++)
		if (!r->ref.cpu[i].levels || r->ref.cpu[i].levels == 3)
			return false;
	return !r->logging;
}

static void switch_kind(struct run *r, bool nested)
{
	if (!nested || may_be_nested(r))
		if (!paging_switch(&r->m.d, nested) && paging_switches && !r->logging)
			run_fail(r, "the domain could not be switched");
}

void run_leave_nested(struct run *r)
{
	if (r->m.d.nested)
		switch_kind(r, false);
}

/* Nested paging logs the tables that it walks, and does not know which roots are loaded. */
static bool wants_shadows(const struct run *r, const struct step *s)
{
	return s->op == OP_dirty || (s->op == OP_remove && is_root(r, s->a, false));
}

void run_manage(struct run *r, const struct step *s)
{
	if (wants_shadows(r, s))
		run_leave_nested(r);
	switch (s->op) {
	case OP_kind: switch_kind(r, s->a); break;
	case OP_update: update(r, s); break;
	case OP_pin:
	case OP_unpin: pin(r, s); break;
	case OP_poke: poke(r, s->a, s->c, (u32)s->b); break;
	case OP_remove: remove_frame(r, s->a); break;
	case OP_add: add_frame(r, s->a, s->b); break;
	case OP_dirty: log_dirty(r, s); break;
	case OP_pool: resize_pool(r, s->a); break;
	}
}
