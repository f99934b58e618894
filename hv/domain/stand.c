/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain stands until dom0 has read its trace, where the trace is to be lossless.
 *
 * What must always hold:
 *  - it stands between two trips, in its vCPU's pCPU's HLT; of several vCPUs none is in the guest meanwhile, and none handles an exit: the
 *    one whose ring is full has the lock;
 *  - its time (domu_now) stands still from then on, and with it its devices, its region's limits and what is measured of it; each
 *    vCPU's TSC leaves that out from its next entry on (svm_hide_stand);
 *  - a region that holds the other pCPUs lets dom0's go, and no other: it has to read;
 *  - it ends when dom0 has read the ring, when nobody wants a lossless trace any more, or with the domain: dom0 can pause and
 *    destroy it, and what waits for the end of a region ends it by that. If dom0 reads nothing for LIMIT_MS, that is the domain's end, with the reason: neither are records lost, nor does a
 *    guest hang without a word.
 */
#include "cpu.h"
#include "domu.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define LOOK_MS  1 /* between two looks at what dom0 has read */
#define LIMIT_MS 10000

static void look_again_later(void)
{
	apic_timer_at(rdtsc() + LOOK_MS * tsc_khz);
	pcpu_wait();
	pcpu_stand_if_asked();
}

/* Only time in which dom0 could have read counts: not what this pCPU stood for another domain's region. */
static void until_read(struct domu_vcpu *c)
{
	u64 before = 0, read;

	for (unsigned looks = 0; !trace_was_read(c->v, &read) && !domu_is_over(c->u); looks++) {
		if (read != before)
			looks = 0;
		before = read;
		if (looks == LIMIT_MS / LOOK_MS) {
			plat_domain_crash(&c->u->d,
					  "its lossless trace is full: dom0 has read nothing of pCPU %u's ring for %u s", c->pcpu,
					  LIMIT_MS / 1000);
			return;
		}
		look_again_later();
	}
}

/* Whoever is in the guest leaves it, and waits for the lock; whoever is about to enter is out again before its first instruction. */
static void make_others_leave(struct domu_vcpu *c)
{
	for (u32 i = 0; i < c->u->d.nr_vcpus; i++)
		if (&c->u->vcpu[i] != c)
			vcpus_poke(&c->u->vcpu[i]);
	plat_tlb_flush_others(&c->u->d);
}

void domu_stand_for_trace(struct domu_vcpu *c)
{
	struct domain *d = &c->u->d;
	u64 begin, ticks;

	if (domu_is_smp(c->u) && !domu_takes_turns(c->u))
		make_others_leave(c);
	begin = rdtsc();
	WRITE_ONCE(d->stands_since, domain_time(d, begin));
	quiet_lend_dom0(c->u);
	until_read(c);
	if (READ_ONCE(c->u->stop_req) == STOP_AFTER_REGION)
		quiet_abort(c->u);
	quiet_take_dom0(c->u);
	/* What came of this to its pCPU is not to interrupt the guest. */
	apic_timer_at(~0ull);
	pcpu_take_interrupts();
	domu_interrupted(c);
	ticks = rdtsc() - begin;
	WRITE_ONCE(d->stood, d->stood + ticks);
	WRITE_ONCE(d->stands_since, 0);
	if (c->u->turns.since)
		c->u->turns.since += ticks;
	TRACE(c->v, stand, ticks);
}
