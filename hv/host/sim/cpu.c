/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated CPUs of the engine's own machine: registers come from the vCPU, and each flushes its TLB itself. */
#include "host.h"

#include <sched.h>
#include <string.h>

#include "cpu.h"

void host_domain_init(struct domain *d, struct vcpu *v, const void *memory, u64 frames)
{
	d->id = 1;
	d->state = PN_RUNNING;
	d->nr_vcpus = 1;
	d->vcpu[0] = v;
	d->first_mfn = plat_virt_to_mfn(memory);
	d->nr_pages = frames;
	v->domain = d;
	v->cr0 = CR0_PE;
	v->root = NULL;
}

void host_cpu_init(struct vcpu *v, struct host_cpu *cpu, u64 seed)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->rng = seed;
	v->owner = cpu;
}

void plat_tlb_flush(struct vcpu *v)
{
	host_cpu_flush(v->owner);
}

void (*host_last_moment)(struct domain *d);

/* The flush is the other CPU's own work, before its next access; one within the guest is waited for. */
void plat_tlb_flush_others(struct domain *d)
{
	if (host_last_moment)
		host_last_moment(d);
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		struct host_cpu *c = d->vcpu[i] != d->acting ? d->vcpu[i]->owner : NULL;

		if (!c)
			continue;
		__atomic_store_n(&c->flush, 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&c->in_guest, __ATOMIC_SEQ_CST) && __atomic_load_n(&c->flush, __ATOMIC_SEQ_CST))
			sched_yield();
	}
}

u64 host_most_looks = ~0ull;

bool plat_wait(bool (*is_over)(const void *what), const void *what)
{
	for (u64 i = 0; i < host_most_looks; i++) {
		if (is_over(what))
			return true;
		sched_yield();
	}
	return false;
}

/* True: it was out of the guest for it. */
static bool flush_if_due(struct host_cpu *c)
{
	if (!__atomic_load_n(&c->flush, __ATOMIC_SEQ_CST) || !__atomic_exchange_n(&c->flush, 0, __ATOMIC_SEQ_CST))
		return false;
	host_cpu_flush(c);
	return true;
}

void host_leave(struct vcpu *v)
{
	struct host_cpu *c = v->owner;

	__atomic_store_n(&c->in_guest, 0, __ATOMIC_SEQ_CST);
}

void plat_tlb_flush_page(struct vcpu *v, gva_t va)
{
	host_cpu_flush_page(v->owner, va);
}

/* Intercepts are read only as the guest is entered; a new CR3 that another vCPU wants loaded comes with a flush, as it does there. */
static void load_registers(struct vcpu *v, bool entered)
{
	struct host_cpu *c = v->owner;
	const u8 due = v->hw_dirty;

	if (!due)
		return;
	if (entered && due & (HW_ALL | HW_INVLPG))
		c->invlpg_exits = v->hw_invlpg;
	v->hw_dirty = !entered && due & (HW_ALL | HW_INVLPG) ? HW_INVLPG : 0;
	c->cr0 = v->hw_cr0;
	c->cr3 = v->hw_cr3;
	c->cr4 = v->hw_cr4;
	c->efer = v->hw_efer;
	c->nested_cr3 = v->hw_nested_cr3;
	c->owns = v->nested;
	BUG_ON(!(c->cr0 & CR0_PG) || !(c->efer & EFER_LME) != !(c->efer & EFER_LMA));
	BUG_ON(c->efer & EFER_LMA && !(c->cr4 & CR4_PAE));
	BUG_ON(c->efer & EFER_LMA && v->guest_levels > host_cpu_levels(c));
	if (host_cpu_levels(c) < 4)
		BUG_ON(c->cr3 >> 32);
	host_cpu_load_pdptes(c);
}

/*
 * Without threads of its own a CPU is never seen to enter: it has, behind its own exit, and behind another's flush, which had it out.
 * With them host_enter() says so.
 */
static bool entered_anew(struct vcpu *v)
{
	struct host_cpu *c = v->owner;

	return !c->in_guest && (flush_if_due(c) || v->domain->acting == v);
}

bool host_access(struct vcpu *v, gva_t va, u32 access, hpa_t *hpa, u32 *pfec)
{
	struct host_cpu *c = v->owner;

	load_registers(v, entered_anew(v));
	if (v->guest_levels < 4) /* 32-bit code, whatever tables hardware has */
		va = (u32)va;
	return host_cpu_access(c, va, access, hpa, pfec);
}

void host_entered(struct vcpu *v)
{
	load_registers(v, true);
}

bool host_invlpg(struct vcpu *v, gva_t va)
{
	struct host_cpu *c = v->owner;

	load_registers(v, entered_anew(v));
	if (c->invlpg_exits)
		return false;
	host_cpu_flush_page(c, v->guest_levels < 4 ? (u32)va : va);
	return true;
}

void host_enter(struct vcpu *v)
{
	struct host_cpu *c = v->owner;

	__atomic_store_n(&c->in_guest, 1, __ATOMIC_SEQ_CST);
	flush_if_due(c);
	load_registers(v, true);
}
