/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's platform on bare metal: TLB flushes and the end of a domain. Memory is in memory.c, the log in boot. */
#include "plat.h"

#include <stdarg.h>

#include "lib.h"
#include "svm.h"

void plat_tlb_flush(struct vcpu *v)
{
	v->tlb_flush = 1;
}

/* INVLPGA drops one page of an ASID, and what the paging-structure caches hold of it (APM volume 3). */
void plat_tlb_flush_page(struct vcpu *v, gva_t va)
{
	asm volatile("invlpga" : : "a"(va), "c"(to_svm(v)->vmcb.asid) : "memory");
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
	if (d->vcpu[0])
		d->vcpu[0]->attention = 1;
}
