/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of the hypervisor's: writes to guest memory, changes of the p2m, log-dirty, pool
 * resize. A frame that is removed is out of the guest's reach at once, whatever its TLB held.
 */
#include <string.h>

#include "oracle_run.h"

static void poke(struct run *r, gpa_t gpa, u64 value, u32 bytes)
{
	bool flush = r->prog->strict;

	if (!bytes || bytes > 8 || !ref_has(&r->ref, gpa >> 12) || (gpa + bytes - 1) >> 12 != gpa >> 12)
		return;
	flush &= run_had_entries(r, gpa, bytes);
	ref_store(&r->ref, gpa, &value, bytes);
	memcpy(machine_at(&r->m, gpa), &value, bytes);
	paging_guest_wrote(&r->m.d, gpa, bytes);
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

static void remove_frame(struct run *r, u64 gfn)
{
	bool can = ref_has(&r->ref, gfn) && !is_root(r, gfn, false);
	bool done = paging_remove_frame(&r->m.d, GFN(gfn));

	if (done != can && !(can && is_root(r, gfn, true)))
		run_fail(r, can ? "a frame was not removed" : "a frame was removed that may not");
	if (done)
		r->ref.absent[gfn] = true;
	run_check(r);
}

static void add_frame(struct run *r, u64 gfn)
{
	bool can = gfn < FRAMES && !ref_has(&r->ref, gfn);

	if (paging_add_frame(&r->m.d, GFN(gfn), MFN(r->m.d.first_mfn.n + gfn)) != can)
		run_fail(r, can ? "a frame was not added" : "a frame was added that may not");
	if (can) {
		memcpy(r->ref.memory + gfn * 4096, machine_at(&r->m, gfn * 4096), 4096);
		r->ref.absent[gfn] = false;
	}
}

static void compare_dirty(struct run *r, const u64 *bits)
{
	for (u64 f = 0; f < FRAMES; f++) {
		bool is = bits[f / 64] >> f % 64 & 1;

		if (r->ref.dirty[f] && !is)
			run_fail(r, "a frame was written, but log-dirty does not know");
		if (is && !r->ref.dirty[f] && !r->ref.attempted[f])
			run_fail(r, "log-dirty reports a frame that nobody wrote to");
	}
}

static void log_dirty(struct run *r, u64 what)
{
	u64 bits[(FRAMES + 63) / 64] = { 0 };

	if (what < 2) {
		if (!paging_log_dirty(&r->m.d, what))
			run_fail(r, "log-dirty cannot be had");
		r->logging = what;
	} else if (r->logging) {
		(what == 2 ? paging_log_dirty_peek : paging_log_dirty_clean)(&r->m.d, 0, FRAMES, bits);
		compare_dirty(r, bits);
	}
	if (what == 1 || what == 3) {
		memset(r->ref.dirty, 0, sizeof(r->ref.dirty));
		memset(r->ref.attempted, 0, sizeof(r->ref.attempted));
	}
}

static void resize_pool(struct run *r, u64 pages)
{
	enum pool_result want = pages < paging_pool_minimum(&r->m.d) ? POOL_TOO_SMALL : POOL_OK;

	if (pages <= 256 && paging_pool_resize(&r->m.d, pages) != want)
		run_fail(r, "the pool could not be resized as it must");
	run_check(r);
}

void run_manage(struct run *r, const struct step *s)
{
	switch (s->op) {
	case OP_poke:
		poke(r, s->a, s->c, (u32)s->b);
		break;
	case OP_remove:
		remove_frame(r, s->a);
		break;
	case OP_add:
		add_frame(r, s->a);
		break;
	case OP_dirty:
		log_dirty(r, s->a);
		break;
	case OP_pool:
		resize_pool(r, s->a);
		break;
	}
}
