/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of machine.h. The steps of a trip are those of hv/svm/exit_paging.c: the engine's verdict is done here as there, but
 * that a write to be emulated is known already, and no instruction has to be decoded.
 *
 * Fills are not traced: tracing sends them the long way (hv/shadow/short/multi_short.h), and what happens here is to be what happens
 * in the hypervisor untraced. Their counters and the tables tell of them. What is to be held against the hypervisor's own trace is traced like it.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "cpus.h"
#include "hypercall_abi.h"
#include "p2m.h"
#include "paging.h"
#include "pte.h"
#include "record.h"
#include "trace.h"

#define ALIGNED    1024 /* frames: to a superpage of 4 MiB */
#define SPARE      2048 /* frames for the pool, and what stays small; a CPU */
#define MOST_TRIES 64
#define APIC_BASE  0xfee00000u

static struct domain domain;
u8 *machine_memory;
u64 machine_bytes;

void machine_die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(EXIT_FAILURE);
}

static void trace(struct vcpu *v, enum pn_event ev, const u64 payload[4])
{
	(void)v;
	record_event(ev, payload);
}

void machine_start(unsigned memory_mib, unsigned shadow_levels, unsigned pool, unsigned nr, bool traced)
{
	const u64 frames = ((u64)memory_mib << 20) / PAGE_SIZE;
	struct domain *d = &domain;
	void *before, *memory;

	host_init(ALIGNED + frames + frames / 16 + nr * SPARE);
	before = plat_alloc_pages(ALIGNED - 1); /* frame 0 is never given out */
	memory = plat_alloc_pages(frames);
	if (!before || !memory)
		machine_die("there is no memory for the guest");
	plat_free_pages(before, ALIGNED - 1);
	memset(memory, 0, frames * PAGE_SIZE);
	machine_memory = memory;
	machine_bytes = frames * PAGE_SIZE;
	host_domain_init(d, &cpus[0].v, memory, frames);
	d->min_shadow_levels = shadow_levels;
	d->nr_vcpus = nr_cpus = nr;
	for (u32 i = 0; i < nr; i++) {
		cpus[i].v.id = i;
		cpus[i].v.domain = d;
		cpus[i].v.cr0 = CR0_PE;
		d->vcpu[i] = &cpus[i].v;
		host_cpu_init(&cpus[i].v, &cpus[i].hw, i + 1);
		cpus[i].hw.keeps = true;
	}
	if (!p2m_init(d, frames) || !p2m_map(d, GFN(0), d->first_mfn, frames) || !paging_domain_init(d, pool))
		machine_die("no guest could be made");
	for (u32 i = 0; i < nr; i++)
		if (!paging_vcpu_init(&cpus[i].v))
			machine_die("no CPU could be made");
	host_trace = trace;
	trace_mask = traced ? ~0ull : ~(BIT(PN_EV_fill) | BIT(PN_EV_pull_through));
}

/* ---- trips ---- */

static void live(void)
{
	if (domain.state == PN_CRASHED) {
		fprintf(stderr, "the domain crashed: %s\n", domain.reason);
		exit(EXIT_FAILURE);
	}
}

struct access {
	gva_t va;
	u32 kind; /* PFEC_W, PFEC_I */
	u64 value;
	unsigned bytes;
	const char *why;
	bool and; /* what is there is kept where `value` has ones */
};

static u32 smap(u32 access)
{
	return cpu->v.cr4 & CR4_SMAP && !(access & PFEC_I) ? PFEC_SMAP : 0;
}

static void emulate(const struct access *a)
{
	u64 value = a->value, there = 0;

	if (a->and) {
		if (paging_read(&cpu->v, a->va, &there, a->bytes, smap(a->kind)) != SH_FIXED)
			machine_die("what an emulated instruction reads is not there");
		value &= there;
	}
	if (paging_write(&cpu->v, a->va, &value, a->bytes, smap(a->kind)) != SH_FIXED)
		machine_die("a write could not be emulated");
}

/* Emulation comes to the device by the guest's address once more. */
static void ask_device(const struct access *a)
{
	u64 value = a->value;
	const bool write = a->kind & PFEC_W;
	enum verdict r = write ? paging_write(&cpu->v, a->va, &value, a->bytes, smap(a->kind)) :
				 paging_read(&cpu->v, a->va, &value, a->bytes, smap(a->kind));

	if (r == SH_MMIO && write && (cpu->v.fault.gpa & PAGE_MASK) == APIC_BASE)
		cpus_apic((u32)(cpu->v.fault.gpa & ~PAGE_MASK), (u32)value);
	if (r != SH_MMIO)
		machine_die("a device is there for a fault and not for emulation");
}

/* True: emulation has made the access. A device takes what is written, and gives zeros. */
static bool answer(enum verdict r, const struct access *a)
{
	switch (r) {
	case SH_FIXED: record_entry(TRIP_pf_fixed); return false;
	case SH_RETRY: record_entry(TRIP_pf_retry); return false;
	case SH_EMULATE:
		emulate(a);
		paging_trip_over(&cpu->v);
		record_entry(TRIP_pf_emulate);
		return true;
	case SH_MMIO:
		ask_device(a);
		paging_trip_over(&cpu->v);
		record_entry(TRIP_pf_mmio);
		return true;
	default: machine_die("the engine's verdict is one that no operation here can have");
	}
	return false;
}

/* As often as the hypervisor wants it. True: hardware made it, at *p; or emulation, *p is NULL. False: the guest's own fault. */
static bool access_until(const struct access *a, void **p, u32 *pfec)
{
	for (u32 i = 0; i < MOST_TRIES; i++) {
		hpa_t hpa;
		enum verdict r;
		bool done;

		*p = NULL;
		if (host_access(&cpu->v, a->va, a->kind, &hpa, pfec)) {
			*p = (u8 *)plat_map(hpa_to_mfn(hpa)) + (hpa & ~PAGE_MASK);
			return true;
		}
		record_exit(a->va, *pfec, a->why);
		cpu->v.bytes = 0;
		r = paging_fault(&cpu->v, a->va, *pfec | smap(a->kind));
		live();
		if (r == SH_GUEST_FAULT) {
			record_entry(TRIP_pf_guest);
			*pfec = cpu->v.fault.pfec;
		}
		done = r != SH_GUEST_FAULT && answer(r, a);
		if (nr_cpus > 1) /* hv/svm/smp.c */
			paging_recheck(&cpu->v, a->va);
		if (done || r == SH_GUEST_FAULT)
			return done;
	}
	machine_die("an access does not get on");
	return false;
}

/* What the kernel's own pages are asked for is always allowed. */
static void touch_kernel(gva_t va, u32 kind, const char *why)
{
	void *p;
	u32 pfec;

	if (!access_until(&(struct access){ va, kind, 0, 8, why, false }, &p, &pfec))
		machine_die("the kernel's own page is not there");
}

static void fetch(void)
{
	touch_kernel(cpu->kernel.code, PFEC_I, "fetch");
}

/* What C code does between the instructions that count: variables are read, functions called and left. */
static void use_variables(void)
{
	if (!cpu->in_c)
		return;
	touch_kernel(cpu->kernel.data, PFEC_W, "variables");
}

static void use_stack(void)
{
	touch_kernel(cpu->kernel.stack, PFEC_W, "stack");
}

/* An exception: the CPU pushes a frame, the handler runs and uses variables. */
static u64 deliver(gva_t va, u32 pfec)
{
	u64 ip = cpu->kernel.code;

	cpu->v.cr2 = va;
	use_stack();
	cpu->depth++;
	fetch();
	use_variables();
	cpu->kernel.deliver(va, pfec, &ip);
	cpu->depth--;
	return ip - cpu->kernel.code;
}

void machine_begin_handler(void)
{
	use_stack();
	fetch();
	use_variables();
}

/* One instruction. False: a handler went on behind it. */
static bool instruction(struct record_step step, u32 kind, u64 value, u64 *read)
{
	const struct access a = { step.va, kind, value, step.bytes, "access", step.kind == GUEST_AND };

	for (;; step.again = true) {
		void *p;
		u32 pfec;

		record_step(&step, cpu->depth);
		fetch();
		if (access_until(&a, &p, &pfec)) {
			if (p && a.and)
				*(u32 *)p &= (u32)value;
			else if (p && kind & PFEC_W && step.kind != GUEST_TOUCH)
				memcpy(p, &value, step.bytes);
			else if (p && read)
				memcpy(read, p, step.bytes);
			record_step_end(false, 0);
			return true;
		}
		record_step_end(true, pfec);
		if (deliver(step.va, pfec))
			return false;
	}
}

/* ---- what guests call ---- */

u64 machine_read(gva_t va, unsigned bytes)
{
	u64 value = 0;

	instruction((struct record_step){ GUEST_READ, va, 0, bytes, false }, 0, 0, &value);
	return value;
}

u64 machine_read_or_skip(gva_t va, unsigned bytes, u64 before)
{
	u64 value = 0;

	return instruction((struct record_step){ GUEST_READ, va, 0, bytes, false }, 0, 0, &value) ? value : before;
}

void machine_write(gva_t va, u64 value, unsigned bytes)
{
	instruction((struct record_step){ GUEST_WRITE, va, value, bytes, false }, PFEC_W, value, NULL);
}

void machine_and(gva_t va, u64 mask, unsigned bytes)
{
	instruction((struct record_step){ GUEST_AND, va, mask, bytes, false }, PFEC_W, mask, NULL);
}

/* A write is emulated only where it is a table's; then it stores what is there. */
void machine_touch(gva_t va, u64 bytes, bool write)
{
	for (gva_t at = va & PAGE_MASK; at < va + bytes; at += PAGE_SIZE) {
		gpa_t gpa;
		u64 there = 0;

		if (state_translate(&cpu->v, at, &gpa) && gpa + sizeof(there) <= machine_bytes)
			memcpy(&there, machine_memory + gpa, sizeof(there));
		instruction((struct record_step){ GUEST_TOUCH, at, 0, sizeof(there), false }, write ? PFEC_W : 0, there, NULL);
	}
}

u64 machine_cr3(void)
{
	return cpu->v.cr3;
}

u64 machine_cr0(void)
{
	return cpu->v.cr0;
}

u64 machine_cr4(void)
{
	return cpu->v.cr4;
}

void machine_code_at(gva_t code, bool c)
{
	cpu->kernel.code = code;
	cpu->in_c = c;
}

static void begin_exit_at(gva_t va)
{
	record_exit(va, 0, "instruction");
	cpu->v.bytes = 0;
}

static void begin_exit(enum record_kind kind, u64 value, gva_t va)
{
	record_step(&(struct record_step){ kind, va, value, 0, false }, cpu->depth);
	fetch();
	begin_exit_at(va);
}

static void end_exit(enum trip kind)
{
	live();
	record_entry(kind);
	record_step_end(false, 0);
}

static void load_pdptes(u64 cr0, u64 cr3, u64 cr4)
{
	if (!paging_load_pdptes(&cpu->v, cr0, cr3, cr4, cpu->v.efer))
		machine_die("the guest's PDPTEs have reserved bits set");
}

/* hv/svm/exit_paging.c: without paging CR3 is only a number. */
void machine_load_cr3(u64 cr3)
{
	begin_exit(GUEST_CR3, cr3, 0);
	load_pdptes(cpu->v.cr0, cr3, cpu->v.cr4);
	cpu->v.cr3 = cr3;
	if (cpu->v.cr0 & CR0_PG)
		paging_load_root(&cpu->v);
	live();
	record_entry(TRIP_cr3);
	fetch();
	use_variables();
	record_step_end(false, 0);
}

void machine_set_cr4(u64 cr4)
{
	begin_exit(GUEST_CR4, cr4, 0);
	if ((cpu->v.cr4 ^ cr4) & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP))
		load_pdptes(cpu->v.cr0, cpu->v.cr3, cr4);
	cpu->v.cr4 = cr4;
	paging_update_modes(&cpu->v);
	end_exit(TRIP_cr4);
}

/* PG under EFER.LME begins or ends long mode. */
void machine_set_cr0(u64 cr0)
{
	const u64 changed = cpu->v.cr0 ^ cr0;

	begin_exit(GUEST_CR0, cr0, 0);
	if (changed & CR0_PG)
		load_pdptes(cr0, cpu->v.cr3, cpu->v.cr4);
	if (changed & CR0_PG && cpu->v.efer & EFER_LME)
		cpu->v.efer = cr0 & CR0_PG ? cpu->v.efer | EFER_LMA : cpu->v.efer & ~EFER_LMA;
	cpu->v.cr0 = cr0;
	paging_update_modes(&cpu->v);
	end_exit(TRIP_cr0);
}

u64 machine_read_cr0(void)
{
	begin_exit(GUEST_READ_CR0, 0, 0);
	end_exit(TRIP_cr_read);
	return cpu->v.cr0;
}

void machine_write_efer(u64 efer)
{
	begin_exit(GUEST_EFER, efer, 0);
	cpu->v.efer = (efer & ~EFER_LMA) | (cpu->v.efer & EFER_LMA);
	paging_update_modes(&cpu->v);
	end_exit(TRIP_efer);
}

u64 machine_read_efer(void)
{
	begin_exit(GUEST_READ_EFER, 0, 0);
	end_exit(TRIP_msr);
	return cpu->v.efer;
}

/* hv/domain/hypercall.c */
static u32 pinned(enum pin_result r)
{
	return r == PIN_OK ? 0 : r == PIN_NONE ? PN_HC_ENOSYS : r == PIN_OUTSIDE ? PN_HC_EINVAL : PN_HC_EBUSY;
}

u32 machine_hypercall(u32 nr, gpa_t gpa, u32 length)
{
	u32 r = PN_HC_ENOSYS;

	begin_exit(nr == PN_HC_MMU_UPDATE ? GUEST_MMU_UPDATE :
		   nr == PN_HC_PIN_ROOT   ? GUEST_PIN_ROOT :
					    GUEST_UNPIN_ROOT,
		   nr == PN_HC_MMU_UPDATE ? length : gpa, 0);
	switch (nr) {
	case PN_HC_MMU_UPDATE: r = paging_update_entries(&cpu->v, gpa, length); break;
	case PN_HC_PIN_ROOT: r = pinned(paging_pin_root(&cpu->v, gpa)); break;
	case PN_HC_UNPIN_ROOT: r = pinned(paging_unpin_root(&cpu->v, gpa)); break;
	default: machine_die("no operation makes such a hypercall");
	}
	end_exit(TRIP_hypercall);
	return r;
}

void machine_invlpg(gva_t va)
{
	record_step(&(struct record_step){ GUEST_INVLPG, va, 0, 0, false }, cpu->depth);
	fetch();
	if (host_invlpg(&cpu->v, va)) {
		record_step_end(false, 0);
		return;
	}
	begin_exit_at(va);
	paging_invlpg(&cpu->v, va);
	end_exit(TRIP_invlpg);
}

void machine_paging_on(const struct machine_kernel *k)
{
	cpu->kernel = *k;
	cpu->v.cr3 = k->cr3;
	cpu->v.cr4 = k->cr4;
	cpu->v.efer = k->efer & EFER_LME ? k->efer | EFER_LMA : k->efer;
	cpu->v.cr0 = CR0_PE | CR0_WP | CR0_PG;
	load_pdptes(cpu->v.cr0, k->cr3, k->cr4);
	paging_update_modes(&cpu->v);
	live();
	fetch();
	use_variables();
	use_stack();
}

void machine_region_begin(const char *phase)
{
	record_region_begin(phase, cpu->kernel.user_end);
}

void machine_region_end(u64 ops)
{
	record_region_end(ops);
}

unsigned machine_audit(void)
{
	static char text[8192];
	unsigned faults = paging_audit(&domain, text, sizeof(text));

	if (faults)
		fputs(text, stderr);
	return faults;
}

struct vcpu *machine_vcpu(void)
{
	return &cpu->v;
}
