/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracle's guest on the simulated machine. */
#include "oracle_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE_FRAMES 1024
#define MOST_TRIES     64

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

void machine_init(struct machine *m, struct machine_size size, u64 seed)
{
	struct domain *d = &m->d;
	u64 behind = size.hole_at + size.hole;
	void *memory;

	memset(m, 0, sizeof(*m));
	host_init(MACHINE_FRAMES);
	m->frames = size.frames;
	m->rng = seed ^ 0x5eed;
	memory = plat_alloc_pages(size.frames);
	d->id = 1;
	d->state = PN_RUNNING;
	d->nr_vcpus = size.cpus;
	d->first_mfn = plat_virt_to_mfn(memory);
	d->nr_pages = size.frames;
	d->min_shadow_levels = size.hardware;
	for (u32 i = 0; i < size.cpus; i++) {
		struct vcpu *v = &m->v[i];

		d->vcpu[i] = v;
		v->id = i;
		v->domain = d;
		v->cr0 = CR0_PE;
		v->root = NULL;
		host_cpu_init(v, &m->cpu[i], seed + i * 77);
	}
	if (!memory || !p2m_init(d, size.frames) || !p2m_map(d, GFN(0), d->first_mfn, size.hole_at) ||
	    !p2m_map(d, GFN(behind), MFN(d->first_mfn.n + behind), size.frames - behind) ||
	    !paging_domain_init(d, size.pool_pages))
		die("no guest could be made");
	for (u32 i = 0; i < size.cpus; i++)
		if (!paging_vcpu_init(&m->v[i]))
			die("no vCPU could be made");
}

void machine_exit(struct machine *m)
{
	u64 leaked;

	paging_domain_destroy(&m->d);
	p2m_destroy(&m->d);
	plat_free_pages(plat_map(m->d.first_mfn), m->frames);
	leaked = MACHINE_FRAMES - 1 - host_free_frames();
	if (leaked)
		die("paging left frames allocated");
	host_exit();
}

u8 *machine_at(const struct machine *m, gpa_t gpa)
{
	mfn_t f = p2m_lookup(&m->d, gpa_to_gfn(gpa));

	paging_settle((struct domain *)(uintptr_t)&m->d, gpa);
	return mfn_valid(f) ? (u8 *)plat_map(f) + (gpa & ~PAGE_MASK) : NULL;
}

static gpa_t gpa_of(const struct machine *m, hpa_t hpa)
{
	u64 n = hpa_to_mfn(hpa).n - m->d.first_mfn.n;

	if (n >= m->d.nr_pages)
		die("hardware reached memory that is not the domain's");
	return hpa - mfn_to_hpa(m->d.first_mfn);
}

gpa_t machine_place(const struct machine *m, const void *p)
{
	return gpa_of(m, mfn_to_hpa(plat_virt_to_mfn(p)));
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

struct access machine_emulated(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes)
{
	struct vcpu *v = &m->v[cpu];
	u32 kind = (access & (PFEC_W | PFEC_U | PFEC_I)) | smap(v, access);
	u8 buf[16] = { 0 };
	struct access o;

	if (access & PFEC_W)
		return verdict_end(v, paging_write(v, va, data, bytes, kind));
	o = verdict_end(v, paging_read(v, va, buf, bytes, kind));
	memcpy(o.data, buf, sizeof(buf));
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

static struct access move_data(struct machine *m, gva_t va, const hpa_t hpa[2], u32 access, const u8 *data, u32 bytes)
{
	struct access o = { .end = ACCESS_DONE, .placed = true };
	u32 first = bytes < room(va) ? bytes : room(va);

	for (u32 i = 0, done = 0; done < bytes; i++) {
		u32 n = i ? bytes - first : first;

		o.at[i] = gpa_of(m, hpa[i]);
		if (access & PFEC_W)
			memcpy(host_memory + hpa[i], data + done, n);
		else
			memcpy(o.data + done, host_memory + hpa[i], n);
		done += n;
	}
	return o;
}

/*
 * An instruction that no emulation knows: a table loses its shadows at first, and the second time the pages that stopped it are
 * lent for it. False: the guest has to try once more.
 */
static bool get_on(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes, struct access *o)
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
	r = paging_lend(v, m->lend, m->lends < 2 ? m->lends : 2);
	if (r != SH_FIXED) {
		*o = verdict_end(v, r);
		return true;
	}
	m->lent++;
	pfec = translate(m, cpu, va, access, bytes, hpa, &at, &pfec);
	if (!pfec)
		*o = move_data(m, va, hpa, access, data, bytes);
	paging_lend_end(v);
	return !pfec;
}

/* SH_EMULATE. False: the guest has to try once more. */
static bool emulate(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes, struct access *o)
{
	struct vcpu *v = &m->v[cpu];
	gpa_t gpa = v->fault.gpa;

	if (host_random(&m->rng) % 64 < m->clumsy)
		return get_on(m, cpu, va, access, data, bytes, o);
	m->emulated++;
	*o = machine_emulated(m, cpu, va, access, data, bytes);
	if (bytes > room(va))
		return true;
	if (o->end != ACCESS_DONE || v->fault.gpa != gpa)
		die("an emulated write went elsewhere than the fault that asked for it");
	o->placed = true;
	o->at[0] = gpa;
	return true;
}

struct access machine_access(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes)
{
	struct vcpu *v = &m->v[cpu];
	struct access o = { .end = ACCESS_STUCK };

	m->lends = 0;
	for (u32 i = 0; i < MOST_TRIES; i++) {
		hpa_t hpa[2];
		u32 pfec, part;
		gva_t at;
		enum verdict r;

		part = translate(m, cpu, va, access, bytes, hpa, &at, &pfec);
		if (!part)
			return move_data(m, va, hpa, access, data, bytes);
		v->bytes = 0;
		m->faults++;
		r = paging_fault(v, at, pfec | smap(v, access));
		if (m->d.state != PN_CRASHED && (r == SH_FIXED || r == SH_RETRY))
			continue;
		if (m->d.state != PN_CRASHED && r == SH_EMULATE) {
			if (emulate(m, cpu, va, access, data, bytes, &o))
				return o;
			continue;
		}
		/* The bytes before a device's are stored all the same. */
		if (m->d.state != PN_CRASHED && r == SH_MMIO && part == 2 && access & PFEC_W)
			return machine_emulated(m, cpu, va, access, data, bytes);
		return verdict_end(v, r);
	}
	return o;
}

bool machine_load_cr3(struct machine *m, u32 cpu, u64 cr3)
{
	struct vcpu *v = &m->v[cpu];

	if (!paging_load_pdptes(v, v->cr0, cr3, v->cr4, v->efer))
		return false;
	v->cr3 = cr3;
	paging_load_root(v);
	return true;
}

/* CR0 and CR4 load a PAE root anew when one of these changes. */
#define CR0_LOADS CR0_PG
#define CR4_LOADS (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)

bool machine_set_modes(struct machine *m, u32 cpu, u64 cr0, u64 cr4, u64 efer)
{
	struct vcpu *v = &m->v[cpu];

	if (((v->cr0 ^ cr0) & CR0_LOADS || (v->cr4 ^ cr4) & CR4_LOADS) && !paging_load_pdptes(v, cr0, v->cr3, cr4, efer))
		return false;
	v->cr0 = cr0;
	v->cr4 = cr4;
	v->efer = efer;
	paging_update_modes(v);
	return true;
}
