/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracle's guest on the simulated machine. */
#include "tests/oracle/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define MACHINE_FRAMES 4096
#define HIGH_FRAMES    (MEMORY_FRAMES + AREA_FRAMES)
#define MOST_TRIES     1024 /* the most pieces that searches for an access's tables come in, by far */
#define LEAST_SEARCH   3    /* pages, of pools with a few dozen */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static u8 *aligned(u8 *memory)
{
	if (!memory)
		die("no guest could be made");
	return memory + (AREA_FRAMES - plat_virt_to_mfn(memory).n % AREA_FRAMES) % AREA_FRAMES * PAGE_SIZE;
}

/* The pool, below or above 4 GiB, made once: only what programs touched of it has to be cleared (run_end). */
static u8 *pool_memory(bool high)
{
	static u8 *memory[2];

	if (!memory[0]) {
		host_init_high(MACHINE_FRAMES, HIGH_FRAMES);
		memory[0] = aligned(plat_alloc_low_pages(MEMORY_FRAMES + AREA_FRAMES));
		memory[1] = aligned(plat_alloc_pages(HIGH_FRAMES));
	}
	return memory[high];
}

static void map_memory(struct machine *m)
{
	memset(m->gfn_of, 0xff, sizeof(m->gfn_of));
	for (u64 gfn = 0; gfn < MEMORY_GFNS; gfn++) {
		u32 f = first_frame(gfn);

		if (f == NO_FRAME)
			continue;
		m->gfn_of[f] = (u16)gfn;
		if (!p2m_map(&m->d, GFN(gfn), MFN(m->d.first_mfn.n + f), 1))
			die("no guest could be made");
	}
}

static void add_vcpu(struct machine *m, u32 i, u64 seed)
{
	struct vcpu *v = &m->v[i];

	m->d.vcpu[i] = v;
	v->id = i;
	v->domain = &m->d;
	v->cr0 = CR0_PE;
	v->root = NULL;
	host_cpu_init(v, &m->cpu[i], seed + i * 77);
}

void machine_init(struct machine *m, struct machine_size size, u64 seed)
{
	struct domain *d = &m->d;
	u8 *memory = pool_memory((seed >> 1) % 4 == 3); /* every fourth has its memory above 4 GiB */

	memset(m, 0, sizeof(*m));
	plat_cr3_unseen = seed & 1; /* every other machine lets 32-bit guests change CR3 unseen: hv/paging/nested/fence.h */
	sh_search_pages = seed & 2 ? LEAST_SEARCH : 4096;
	m->rng = seed ^ 0x5eed;
	d->id = 1;
	d->state = PN_RUNNING;
	d->nr_vcpus = size.cpus;
	d->first_mfn = plat_virt_to_mfn(memory);
	d->nr_pages = MEMORY_FRAMES;
	d->min_shadow_levels = size.hardware;
	for (u32 i = 0; i < size.cpus; i++)
		add_vcpu(m, i, seed);
	if (!p2m_init(d, MEMORY_GFNS))
		die("no guest could be made");
	map_memory(m);
	if (!paging_domain_init(d, size.pool_pages))
		die("no guest could be made");
	for (u32 i = 0; i < size.cpus; i++)
		if (!paging_vcpu_init(&m->v[i]))
			die("no vCPU could be made");
	for (u32 i = 0; i < size.cpus; i++)
		host_entered(&m->v[i]);
}

void machine_exit(struct machine *m)
{
	paging_domain_destroy(&m->d);
	p2m_destroy(&m->d);
	if (host_free_frames() != MACHINE_FRAMES - 1 - MEMORY_FRAMES - AREA_FRAMES)
		die("paging left frames allocated");
}

u8 *machine_frame(const struct machine *m, u32 frame)
{
	return plat_map(MFN(m->d.first_mfn.n + frame));
}

u8 *machine_peek(const struct machine *m, gpa_t gpa)
{
	mfn_t f = p2m_lookup(&m->d, gpa_to_gfn(gpa));

	return mfn_valid(f) ? (u8 *)plat_map(f) + (gpa & ~PAGE_MASK) : NULL;
}

u8 *machine_at(const struct machine *m, gpa_t gpa)
{
	paging_settle((struct domain *)(uintptr_t)&m->d, gpa);
	return machine_peek(m, gpa);
}

static gpa_t gpa_of(const struct machine *m, hpa_t hpa)
{
	u64 n = hpa_to_mfn(hpa).n - m->d.first_mfn.n;

	if (n >= MEMORY_FRAMES)
		die("hardware reached memory that is not the domain's");
	return m->gfn_of[n] == NO_FRAME ? NO_PLACE : (gpa_t)m->gfn_of[n] << PAGE_SHIFT | (hpa & ~PAGE_MASK);
}

gpa_t machine_place(const struct machine *m, const void *p)
{
	return gpa_of(m, plat_virt_to_mfn(p).n << PAGE_SHIFT | ((uintptr_t)p & ~PAGE_MASK));
}

/* As the backend tells the engine whose exit it handles. */
static struct vcpu *act(struct machine *m, u32 cpu)
{
	if (m->d.acting && m->d.acting != &m->v[cpu]) /* its exit is over */
		host_entered(m->d.acting);
	return m->d.acting = &m->v[cpu];
}

bool machine_remove(struct machine *m, u64 gfn)
{
	mfn_t f = p2m_lookup(&m->d, GFN(gfn));

	if (!paging_remove_frame(&m->d, GFN(gfn)))
		return false;
	m->gfn_of[f.n - m->d.first_mfn.n] = NO_FRAME;
	return true;
}

bool machine_add(struct machine *m, u64 gfn, u32 frame)
{
	if (!paging_add_frame(&m->d, GFN(gfn), MFN(m->d.first_mfn.n + frame)))
		return false;
	m->gfn_of[frame] = (u16)gfn;
	return true;
}

static u32 room(gva_t va)
{
	return PAGE_SIZE - (u32)(va & ~PAGE_MASK);
}

/* Does SMAP bind the access? */
static u32 smap(const struct vcpu *v, u32 access)
{
	return v->cr4 & CR4_SMAP && !(access & (PFEC_U | PFEC_I | HOST_AC)) ? PFEC_SMAP : 0;
}

static struct access verdict_end(const struct vcpu *v, enum verdict r)
{
	struct access o = { .end = ACCESS_STUCK };

	if (v->domain->state == PN_CRASHED)
		o.end = ACCESS_CRASH;
	else if (r == SH_GUEST_FAULT)
		o = (struct access){ .end = ACCESS_FAULT, .pfec = v->fault.pfec, .va = v->fault.va };
	else if (r == SH_MMIO)
		o = (struct access){ .end = ACCESS_MMIO, .gpa = v->fault.gpa };
	else if (r == SH_FIXED)
		o.end = ACCESS_DONE;
	else if (r == SH_OOM)
		die("the pool gave nothing");
	return o;
}

static struct access emulated_swap(struct vcpu *v, gva_t va, u32 kind, struct operand op)
{
	u8 old[MOST_BYTES] __attribute__((aligned(16)));
	bool done = false;
	struct access o;

	memcpy(old, op.expected, op.bytes);
	o = verdict_end(v, paging_cmpxchg(v, va, old, op.data, op.bytes, kind & ~(u32)PFEC_W, &done));
	o.swapped = done;
	memcpy(o.data, old, op.bytes);
	return o;
}

struct access machine_emulated(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op)
{
	struct vcpu *v = act(m, cpu);
	u32 kind = (access & (PFEC_W | PFEC_U | PFEC_I)) | smap(v, access);
	u8 buf[MOST_BYTES] = { 0 };
	struct access o;

	if (op.expected) {
		o = emulated_swap(v, va, kind, op);
	} else if (access & PFEC_W) {
		o = verdict_end(v, paging_write(v, va, op.data, op.bytes, kind));
	} else {
		o = verdict_end(v, paging_read(v, va, buf, op.bytes, kind));
		memcpy(o.data, buf, sizeof(buf));
	}
	paging_trip_over(v);
	return o;
}

/* Translate as hardware does: 0, or the first address that faulted and how. */
static u32 translate(struct machine *m, u32 cpu, gva_t va, u32 access, u32 bytes, hpa_t hpa[2], gva_t *at, u32 *pfec)
{
	*at = va;
	if (!host_access(&m->v[cpu], va, access, &hpa[0], pfec))
		return 1;
	*at = va + room(va);
	if (bytes > room(va) && !host_access(&m->v[cpu], *at, access, &hpa[1], pfec))
		return 2;
	return 0;
}

bool machine_meanwhile(struct machine *m, u32 cpu, gva_t va, u32 access, gpa_t *gpa)
{
	hpa_t hpa;
	u32 pfec;

	if (!host_access(&m->v[cpu], va, access, &hpa, &pfec))
		return false;
	*gpa = gpa_of(m, hpa);
	return true;
}

static struct access move_data(struct machine *m, gva_t va, const hpa_t hpa[2], u32 access, struct operand op)
{
	struct access o = { .end = ACCESS_DONE, .placed = true, .swapped = true };
	u32 first = op.bytes < room(va) ? op.bytes : room(va), size[2] = { first, op.bytes - first };

	for (u32 i = 0; i < 2 && size[i]; i++) {
		o.at[i] = gpa_of(m, hpa[i]);
		memcpy(o.data + i * first, host_memory + hpa[i], size[i]);
	}
	if (op.expected)
		o.swapped = !memcmp(o.data, op.expected, op.bytes);
	for (u32 i = 0; i < 2 && size[i] && access & PFEC_W && o.swapped; i++)
		memcpy(host_memory + hpa[i], op.data + i * first, size[i]);
	return o;
}

/*
 * An instruction that no emulation knows: a table loses its shadows at first, and the second time the pages that stopped it are
 * lent for it. False: the guest has to try once more.
 */
static bool get_on(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op, struct access *o)
{
	struct vcpu *v = &m->v[cpu];
	const gva_t page = v->fault.va & PAGE_MASK;
	enum verdict r;
	hpa_t hpa[2];
	gva_t at;
	u32 pfec;

	if (!m->lends && paging_unshadow(v, v->fault.gpa)) {
		m->unshadowed++;
		return false;
	}
	if (!m->lends || m->lend[0].at != page)
		m->lend[m->lends++ % 2] = (struct lend){ page, (access & (PFEC_W | PFEC_U)) | smap(v, access) };
	host_countdown = 0; /* the other vCPUs stand */
	host_last_moment = NULL;
	r = paging_lend(v, m->lend, m->lends < 2 ? m->lends : 2);
	if (r != SH_FIXED) {
		*o = verdict_end(v, r);
		return true;
	}
	m->lent++;
	pfec = translate(m, cpu, va, access, op.bytes, hpa, &at, &pfec);
	if (!pfec)
		*o = move_data(m, va, hpa, access, op);
	paging_lend_end(v);
	return !pfec;
}

/* SH_EMULATE. False: the guest has to try once more. */
static bool emulate(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op, struct access *o)
{
	struct vcpu *v = &m->v[cpu];
	gpa_t gpa = v->fault.gpa;

	if (host_random(&m->rng) % 64 < m->clumsy)
		return get_on(m, cpu, va, access, op, o);
	m->emulated++;
	*o = machine_emulated(m, cpu, va, access, op);
	if (op.bytes > room(va))
		return true;
	if (o->end != ACCESS_DONE || v->fault.gpa != gpa)
		die("an emulated write went elsewhere than the fault that asked for it");
	o->placed = true;
	o->at[0] = gpa;
	return true;
}

/* Nested paging does not map what the guest's tables name: a device, or no memory behind a table, and emulation finds out which. */
static bool nested_fault(struct machine *m, u32 cpu, gpa_t gpa, gva_t va, u32 access, struct operand op, struct access *o)
{
	if (paging_nested_fault(act(m, cpu), gpa, 0) != SH_MMIO)
		return false;
	*o = machine_emulated(m, cpu, va, access, op);
	return true;
}

/* One try. False: another must follow. */
static bool try_access(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op, struct access *o)
{
	struct vcpu *v = &m->v[cpu];
	hpa_t hpa[2];
	u32 pfec, part;
	gva_t at;
	enum verdict r;
	bool done = true;

	part = translate(m, cpu, va, access, op.bytes, hpa, &at, &pfec);
	if (!part) {
		*o = move_data(m, va, hpa, access, op);
		return true;
	}
	if (pfec == HOST_NPF)
		return nested_fault(m, cpu, hpa[part - 1], va, access, op, o);
	if (v->nested) { /* does not exit: the guest's own affair */
		*o = (struct access){ .end = ACCESS_FAULT, .pfec = pfec, .va = at };
		return true;
	}
	v->bytes = 0;
	m->faults++;
	r = paging_fault(act(m, cpu), at, pfec | smap(v, access));
	if (m->d.state == PN_CRASHED)
		*o = verdict_end(v, r);
	else if (r == SH_FIXED || r == SH_RETRY)
		done = false;
	else if (r == SH_EMULATE)
		done = emulate(m, cpu, va, access, op, o);
	else if (r == SH_MMIO && part == 2 && access & PFEC_W) /* the bytes before a device's are stored all the same */
		*o = machine_emulated(m, cpu, va, access, op);
	else
		*o = verdict_end(v, r);
	paging_trip_over(v);
	if (m->d.nr_vcpus > 1 && m->d.state != PN_CRASHED)
		paging_recheck(v, at);
	return done;
}

struct access machine_access(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op)
{
	struct access o = { .end = ACCESS_STUCK };

	m->lends = 0;
	for (u32 i = 0; i < MOST_TRIES; i++)
		if (try_access(m, cpu, va, access, op, &o))
			return o;
	return (struct access){ .end = ACCESS_STUCK };
}

bool machine_load_cr3(struct machine *m, u32 cpu, u64 cr3)
{
	struct vcpu *v = act(m, cpu);

	if (!paging_load_pdptes(v, v->cr0, cr3, v->cr4, v->efer))
		return false;
	v->cr3 = cr3;
	paging_load_root(v);
	return true;
}

void machine_invlpg(struct machine *m, u32 cpu, gva_t va)
{
	if (host_invlpg(&m->v[cpu], va))
		return;
	paging_invlpg(act(m, cpu), va);
	paging_trip_over(&m->v[cpu]);
}

/* CR0 and CR4 load a PAE root anew when one of these changes. */
#define CR0_LOADS CR0_PG
#define CR4_LOADS (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)

bool machine_set_modes(struct machine *m, u32 cpu, u64 cr0, u64 cr4, u64 efer)
{
	struct vcpu *v = act(m, cpu);

	if (((v->cr0 ^ cr0) & CR0_LOADS || (v->cr4 ^ cr4) & CR4_LOADS) && !paging_load_pdptes(v, cr0, v->cr3, cr4, efer))
		return false;
	v->cr0 = cr0;
	v->cr4 = cr4;
	v->efer = efer;
	paging_update_modes(v);
	return true;
}
