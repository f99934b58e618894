/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's platform on bare metal (hv/host/plat.h): TLB flushes and the end of a domain. Memory is in memory.c, the log in
 * log.c.
 *
 * What must hold: once plat_tlb_flush_others() has returned, no other vCPU of the domain uses a translation from before; it has
 * left the guest since, or enters with a flush, or its domain is over.
 */
#include "plat.h"

#include <stdarg.h>

#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "pcpu.h"
#include "svm.h"
#include "wait.h"

bool plat_cr3_unseen;

/* Interrupt the vCPU's pCPU: the guest exits. */
static void kick(const void *vcpu)
{
	const struct svm_vcpu *s = vcpu;

	apic_send_kick(pcpus[s->v.pcpu]);
}

/* Has the vCPU been outside of the guest since its flush was wanted? */
static bool has_left(const void *vcpu)
{
	const struct svm_vcpu *s = vcpu;

	return !__atomic_load_n(&s->in_guest, __ATOMIC_SEQ_CST) || !__atomic_load_n(&s->flush_wanted, __ATOMIC_SEQ_CST);
}

/*
 * A vCPU that is in the guest, or past its last look at flush_wanted, has in_guest set: the interrupt brings it out again. Any
 * other sees flush_wanted before it enters.
 */
static void make_leave(struct svm_vcpu *s)
{
	__atomic_store_n(&s->flush_wanted, 1, __ATOMIC_SEQ_CST);
	if (has_left(s))
		return;
	/*
	 * One that stays has what it has in its TLB: of this domain, which is over and whose memory nobody gets before it has
	 * left.
	 */
	if (!wait_for(&(struct wait){ has_left, kick, s }))
		domu_pcpu_lost(pcpus[s->v.pcpu], "leave the guest for a TLB flush");
}

void plat_tlb_flush_others(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (d->vcpu[i] != d->acting)
			make_leave(to_svm(d->vcpu[i]));
}

bool plat_wait(bool (*is_over)(const void *what), const void *what)
{
	return wait_for(&(struct wait){ .is_over = is_over, .what = what });
}

/* INVLPGA drops one page of an ASID, and what the paging-structure caches hold of it (APM volume 3). */
void plat_tlb_flush_page(struct vcpu *v, gva_t va)
{
	invlpga(va, to_svm(v)->vmcb.asid);
}

void plat_domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	/* Any pCPU may find the reason, even two at once. */
	if (__atomic_exchange_n(&d->crashed, 1, __ATOMIC_SEQ_CST))
		return;
	va_start(ap, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
	__atomic_store_n(&d->state, PN_CRASHED, __ATOMIC_SEQ_CST);
	plat_log(LOG_INFO, "domain %u \"%s\" crashed: %s", d->id, d->name, d->reason);
	if (!d->domu)
		plat_panic("dom0 is gone: %s", d->reason);
	domu_end(d);
}
