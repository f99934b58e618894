/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Performance counters: those of the machine model, in a page of ours that it writes to. AMD's own, which RDPMC reads, count TLB misses but not
 * what their nested half takes; they are not read yet, so on hardware there is no counter.
 *
 * What must hold: no guest can write to the page, and the model takes no other one.
 */
#include "pmu.h"

#include "hypercall_abi.h"
#include "cpu.h"
#include "lib.h"
#include "plat.h"
#include "pmu_abi.h"

static union {
	struct pn_pmu p;
	u8 page[PAGE_SIZE];
} counters __attribute__((aligned(PAGE_SIZE)));

void pmu_init(bool emulated, bool counted, u64 trips_at)
{
	if (!emulated)
		return;
	counters.p.magic = PN_PMU_MAGIC;
	counters.p.self = (u64)&counters;
	counters.p.counted = counted;
	counters.p.trips_at = trips_at;
	outb_with(PN_REGION_PORT, (u64)&counters, PN_PMU_MAGIC);
	if (plat_pmu_is_there())
		plat_log(LOG_INFO, "the machine model keeps a performance counter");
}

bool plat_pmu_is_there(void)
{
	return READ_ONCE(counters.p.taken);
}

/* The model writes while a vCPU leaves the guest, never while these run. */
bool plat_pmu_counts(const struct vcpu *v)
{
	return READ_ONCE(counters.p.region);
}

void plat_pmu_read(const struct vcpu *v, struct plat_pmu *p)
{
	const volatile struct pn_pmu *c = &counters.p;

	*p = (struct plat_pmu){ c->region, c->cycles, c->away, c->walks, c->nested, c->world_switch };
}
