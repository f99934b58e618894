/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's platform on bare metal: TLB flushes and the end of a domain. Memory is in memory.c, the log in boot. */
#include "plat.h"

#include <stdarg.h>

#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "pcpu.h"
#include "svm.h"

static void kick(struct svm_vcpu *s)
{
	apic_send_kick(pcpus[s->v.pcpu]);
}

/*
 * A vCPU that is in the guest, or past its last look at `flush_others`, is there with in_guest set: the interrupt
 * brings it out again. Any other sees flush_others before it enters.
 */
static void make_leave(struct svm_vcpu *s)
{
	__atomic_store_n(&s->flush_wanted, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&s->in_guest, __ATOMIC_SEQ_CST))
		return;
	kick(s);
	while (__atomic_load_n(&s->in_guest, __ATOMIC_SEQ_CST) && __atomic_load_n(&s->flush_wanted, __ATOMIC_SEQ_CST))
		cpu_relax();
}

void plat_tlb_flush_others(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (d->vcpu[i] && d->vcpu[i] != d->acting)
			make_leave(to_svm(d->vcpu[i]));
}

void plat_lock_wait(void)
{
	quiet_stand_if_asked();
	cpu_relax();
}

/* INVLPGA drops one page of an ASID, and what the paging-structure caches hold of it (APM volume 3). */
void plat_tlb_flush_page(struct vcpu *v, gva_t va)
{
	invlpga(va, to_svm(v)->vmcb.asid);
}

void plat_domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	if (d->state == PN_CRASHED)
		return;
	va_start(ap, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
	d->state = PN_CRASHED;
	plat_log(LOG_INFO, "domain %u \"%s\" crashed: %s", d->id, d->name, d->reason);
	if (!d->backend)
		plat_panic("dom0 is gone: %s", d->reason);
	domu_end(d);
}
