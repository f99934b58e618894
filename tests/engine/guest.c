/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest for tests of the engine. */
#include "tests/engine/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE_FRAMES 2048
#define SUPERPAGE      1024 /* frames of the largest, to which memory that has such is aligned */
#define MOST_TRIES     64

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

void guest_prepare(void)
{
	host_init(MACHINE_FRAMES);
}

void guest_init(struct guest *g, u64 frames, u64 hole_at, u64 hole, u64 pool_pages, u64 seed)
{
	struct domain *d = &g->d;
	struct vcpu *v = &g->v;
	bool aligned = frames > SUPERPAGE;
	void *memory, *before;

	memset(g, 0, sizeof(*g));
	g->machine_frames = MACHINE_FRAMES + (aligned ? frames + 2 * pool_pages : 0);
	host_init(g->machine_frames);
	g->frames = frames;
	g->rng = seed ^ 0x5eed;
	before = aligned ? plat_alloc_pages(SUPERPAGE - 1) : NULL; /* frame 0 is never given out */
	memory = plat_alloc_pages(frames);
	if (before)
		plat_free_pages(before, SUPERPAGE - 1);
	g->on = v;
	host_domain_init(d, v, memory, frames);
	host_cpu_init(v, &g->cpu, seed);
	if (!memory || !p2m_init(d, frames) || !p2m_map(d, GFN(0), d->first_mfn, hole_at) ||
	    !p2m_map(d, GFN(hole_at + hole), MFN(d->first_mfn.n + hole_at + hole), frames - hole_at - hole) ||
	    !paging_domain_init(d, pool_pages) || !paging_vcpu_init(v))
		die("no guest could be made");
}

void guest_switch(struct guest *g, u32 vcpu)
{
	struct vcpu *v = vcpu ? &g->second : &g->v;

	if (vcpu && !g->d.vcpu[vcpu]) {
		v->id = vcpu;
		v->domain = &g->d;
		v->cr0 = CR0_PE;
		v->root = NULL;
		host_cpu_init(v, &g->second_cpu, g->rng);
		g->d.vcpu[vcpu] = v;
		g->d.nr_vcpus = vcpu + 1;
		if (!paging_vcpu_init(v))
			die("no second vCPU could be made");
		host_entered(v);
		paging_update_modes(&g->v); /* it was alone when it was made */
	}
	host_entered(g->on);
	g->on = g->d.acting = v;
}

void guest_exit(struct guest *g)
{
	u64 leaked;

	paging_domain_destroy(&g->d);
	p2m_destroy(&g->d);
	plat_free_pages(plat_map(g->d.first_mfn), g->frames);
	leaked = g->machine_frames - 1 - host_free_frames();
	if (leaked)
		die("paging left frames allocated");
	host_exit();
}

void *guest_at(const struct guest *g, gpa_t gpa)
{
	mfn_t m = p2m_lookup(&g->d, gpa_to_gfn(gpa));

	paging_settle((struct domain *)(uintptr_t)&g->d, gpa);
	return mfn_valid(m) ? (u8 *)plat_map(m) + (gpa & ~PAGE_MASK) : NULL;
}

u64 *guest_table(const struct guest *g, u64 gfn)
{
	return guest_at(g, gfn << PAGE_SHIFT);
}

static gpa_t gpa_of(const struct guest *g, hpa_t hpa)
{
	u64 n = hpa_to_mfn(hpa).n - g->d.first_mfn.n;

	if (n >= g->d.nr_pages)
		die("hardware reached memory that is not the domain's");
	return hpa - mfn_to_hpa(g->d.first_mfn);
}

static struct outcome move_data(struct guest *g, hpa_t hpa, u32 access, u64 value, u32 bytes)
{
	void *p = (u8 *)plat_map(hpa_to_mfn(hpa)) + (hpa & ~PAGE_MASK);
	struct outcome o = { .kind = ACCESS_DONE, .gpa = gpa_of(g, hpa) };

	if (g->before_data)
		g->before_data(g);
	if (access & PFEC_W)
		memcpy(p, &value, bytes);
	else
		memcpy(&o.value, p, bytes);
	return o;
}

/* Does SMAP bind the access? */
static u32 smap(const struct vcpu *v, u32 access)
{
	return v->cr4 & CR4_SMAP && !(access & (PFEC_U | PFEC_I | HOST_AC)) ? PFEC_SMAP : 0;
}

struct outcome guest_lent(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes)
{
	struct vcpu *v = g->on;
	struct lend lend = { va & PAGE_MASK, (access & (PFEC_W | PFEC_U)) | smap(v, access) };
	enum verdict r = paging_lend(v, &lend, 1);
	struct outcome o = { .kind = ACCESS_FAULT, .pfec = v->fault.pfec };
	hpa_t hpa;
	u32 pfec;

	if (r == SH_GUEST_FAULT)
		return o;
	if (r != SH_FIXED)
		die("a page could not be lent");
	if (!host_access(v, va, access, &hpa, &pfec))
		die("hardware cannot reach a page that was lent");
	o = move_data(g, hpa, access, value, bytes);
	paging_lend_end(v);
	return o;
}

/*
 * The same for an instruction that no emulation knows. A table loses its shadows, which may be all that the access needs, and
 * the second time the page is lent.
 */
static bool get_on(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes, struct outcome *o)
{
	if (!g->tried++ && paging_unshadow(g->on, g->on->fault.gpa)) {
		g->unshadowed++;
		return false;
	}
	g->lent++;
	*o = guest_lent(g, va, access, value, bytes);
	return true;
}

/* What the backend does with SH_EMULATE. False: the guest has to try once more. */
static bool emulate(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes, struct outcome *o)
{
	struct vcpu *v = g->on;

	if (host_random(&g->rng) % 64 < g->clumsy)
		return get_on(g, va, access, value, bytes, o);
	o->kind = ACCESS_DONE;
	o->gpa = v->fault.gpa;
	if (g->before_data)
		g->before_data(g);
	if (paging_write(v, va, &value, bytes, (access & PFEC_U) | smap(v, access)) != SH_FIXED || v->fault.gpa != o->gpa)
		die("an emulated write went elsewhere than the fault that asked for it");
	paging_trip_over(v);
	g->emulated++;
	return true;
}

struct outcome guest_access(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes)
{
	struct vcpu *v = g->on;
	struct outcome o = { .kind = ACCESS_STUCK };

	g->tried = 0;
	for (u32 i = 0; i < MOST_TRIES; i++) {
		hpa_t hpa;
		u32 pfec;
		enum verdict r;

		if (host_access(v, va, access, &hpa, &pfec))
			return move_data(g, hpa, access, value, bytes);
		if (pfec & PFEC_RSVD)
			die("hardware met reserved bits in a shadow");
		v->bytes = 0;
		g->faults++;
		r = paging_fault(v, va, pfec | smap(v, access));
		if (r != SH_EMULATE)
			paging_trip_over(v);
		g->last_bytes = v->bytes;
		if (g->d.state == PN_CRASHED)
			return (struct outcome){ .kind = ACCESS_CRASH };
		if (r == SH_GUEST_FAULT)
			return (struct outcome){ .kind = ACCESS_FAULT, .pfec = v->fault.pfec };
		if (r == SH_MMIO)
			return (struct outcome){ .kind = ACCESS_MMIO, .gpa = v->fault.gpa };
		if (r == SH_OOM)
			die("the pool gave nothing");
		if (r == SH_EMULATE && emulate(g, va, access, value, bytes, &o))
			return o;
	}
	return o;
}

struct outcome guest_emulated(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes)
{
	struct vcpu *v = g->on;
	u32 kind = (access & (PFEC_W | PFEC_U | PFEC_I)) | smap(v, access);
	struct outcome o = { .kind = ACCESS_DONE };
	enum verdict r = access & PFEC_W ? paging_write(v, va, &value, bytes, kind) : paging_read(v, va, &o.value, bytes, kind);

	paging_trip_over(v);
	if (g->d.state == PN_CRASHED)
		o.kind = ACCESS_CRASH;
	else if (r == SH_GUEST_FAULT)
		o = (struct outcome){ .kind = ACCESS_FAULT, .pfec = v->fault.pfec };
	else if (r == SH_MMIO)
		o = (struct outcome){ .kind = ACCESS_MMIO, .gpa = v->fault.gpa };
	else if (r != SH_FIXED)
		o.kind = ACCESS_STUCK;
	return o;
}

void guest_invlpg(struct vcpu *v, gva_t va)
{
	if (!host_invlpg(v, va))
		paging_invlpg(v, va);
}

bool guest_load_cr3(struct guest *g, u64 cr3)
{
	struct vcpu *v = g->on;

	if (!paging_load_pdptes(v, v->cr0, cr3, v->cr4, v->efer))
		return false;
	v->cr3 = cr3;
	paging_load_root(v);
	return true;
}

bool guest_set_modes(struct guest *g, u64 cr0, u64 cr4, u64 efer)
{
	if (!paging_load_pdptes(g->on, cr0, g->on->cr3, cr4, efer))
		return false;
	g->on->cr0 = cr0;
	g->on->cr4 = cr4;
	g->on->efer = efer;
	paging_update_modes(g->on);
	return true;
}

void guest_long_mode(struct guest *g, u64 root_gfn, u64 efer_extra)
{
	g->on->cr3 = root_gfn << PAGE_SHIFT;
	guest_set_modes(g, CR0_PE | CR0_PG | CR0_WP, CR4_PAE, EFER_LME | efer_extra);
}

void guest_audit(struct guest *g)
{
	static char text[8192];

	if (paging_audit(&g->d, text, sizeof(text)))
		die(text);
}
