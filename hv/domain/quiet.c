/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measured regions. Between QUIET_BEGIN and QUIET_END every other pCPU that has
 * work stands still in HLT, so that under QEMU's -icount the TSC counts this
 * guest and the hypervisor on its behalf and nothing else.
 *
 * What must always hold:
 * - at most one region holds others at a time (`owner`);
 * - a region that ends, is abandoned, or outlasts its limit lets them go;
 * - the hypercalls that bracket a region are not in its figures.
 */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define REGION_LIMIT_MS 2000 /* of TSC time */
#define SETTLE_PAUSES 16      /* the held pCPU's way from `held` to its HLT */

static struct domu *owner;

/* pCPUs that could use instructions: dom0's, and those that run a vCPU. */
static bool has_work(const struct pcpu *p)
{
	return p != this_pcpu() && (p->id == 0 || READ_ONCE(p->current));
}

static void hold_others(void)
{
	for (unsigned i = 0; i < nr_pcpus; i++) {
		struct pcpu *p = pcpus[i];
		if (!has_work(p))
			continue;
		WRITE_ONCE(p->hold, 1);
		apic_send_nmi(p);
		while (!READ_ONCE(p->held))
			cpu_relax();
	}
	for (int i = 0; i < SETTLE_PAUSES; i++)
		cpu_relax();
}

static void let_go(void)
{
	for (unsigned i = 0; i < nr_pcpus; i++) {
		struct pcpu *p = pcpus[i];
		if (!READ_ONCE(p->hold))
			continue;
		WRITE_ONCE(p->hold, 0);
		apic_send_nmi(p);
		while (READ_ONCE(p->held))
			cpu_relax();
	}
}

void quiet_stand_if_asked(void)
{
	struct pcpu *p = this_pcpu();

	if (READ_ONCE(p->hold))
		pcpu_stand(p);
}

/* The counts so far; at the end they are subtracted from the counts then. */
static void snapshot(const struct domu *u, struct pn_region *r)
{
	const struct vcpu *v = &u->s->v;

	r->trips = vcpu_trips(v);
	r->bytes_touched = 0;
	for (unsigned i = 0; i < TRIP_MAX; i++) {
		r->trip_count[i] = v->trip[i].count;
		r->trip_ticks[i] = v->trip[i].ticks;
		r->trip_bytes[i] = v->trip[i].bytes;
		r->bytes_touched += v->trip[i].bytes;
	}
	memcpy(r->counter, u->d.counter, sizeof(r->counter));
	r->trace_written = v->trace_written;
	r->trace_lost = v->trace_lost;
}

static void subtract(u64 *a, const u64 *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a[i] -= b[i];
}

/* `now` becomes what happened since `then`; what is a level and not a sum keeps its value. */
static void difference(struct pn_region *now, const struct pn_region *then)
{
	static const u8 levels[] = { PN_CNT_shadow_used, PN_CNT_shadow_peak, PN_CNT_guest_tables,
				     PN_CNT_guest_tables_peak, PN_CNT_rmap_pages, PN_CNT_rmap_pages_peak,
				     PN_CNT_pool_pages };
	u64 kept[ARRAY_SIZE(levels)];

	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++)
		kept[i] = now->counter[levels[i]];
	now->trips -= then->trips;
	now->bytes_touched -= then->bytes_touched;
	subtract(now->trip_count, then->trip_count, TRIP_MAX);
	subtract(now->trip_ticks, then->trip_ticks, TRIP_MAX);
	subtract(now->trip_bytes, then->trip_bytes, TRIP_MAX);
	subtract(now->counter, then->counter, PN_CNT_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++)
		now->counter[levels[i]] = kept[i];
	now->trace_written -= then->trace_written;
	now->trace_lost -= then->trace_lost;
}

u32 quiet_begin(struct domu *u, const u32 name[4])
{
	if (u->in_region)
		return PN_HC_EBUSY;
	memset(&u->now, 0, sizeof(u->now));
	memcpy(u->now.phase, name, PN_PHASE_NAME);
	u->in_region = true;
	if (u->holds && !owner) {
		owner = u;
		hold_others();
	}
	u->region_limit = rdtsc() + REGION_LIMIT_MS * tsc_khz;
	TRACE(&u->s->v, region_begin, (u64)name[1] << 32 | name[0], (u64)name[3] << 32 | name[2]);
	/* This trip is counted when its handler is done: look at the counts after that. */
	u->region_begins = true;
	u->s->v.attention = 1;
	return 0;
}

void quiet_begun(struct domu *u)
{
	u->region_begins = false;
	snapshot(u, &u->now);
	u->now.tsc_begin = rdtsc();
}

void quiet_abort(struct domu *u)
{
	if (owner == u) {
		let_go();
		owner = NULL;
	}
	u->in_region = false;
	u->region_begins = false;
}

u32 quiet_end(struct domu *u, u32 ops, u64 instructions)
{
	struct pn_region r = { .tsc_end = rdtsc() };

	if (!u->in_region)
		return PN_HC_EINVAL;
	snapshot(u, &r);
	difference(&r, &u->now);
	memcpy(r.phase, u->now.phase, PN_PHASE_NAME);
	r.tsc_begin = u->now.tsc_begin;
	r.ops = ops;
	r.instructions = instructions;
	r.guest_levels = u->s->v.guest_levels;
	r.shadow_levels = u->s->v.shadow_levels;
	if (u->nr_regions < PN_MAX_REGIONS)
		u->region[u->nr_regions] = r;
	u->nr_regions++;
	TRACE(&u->s->v, region_end, ops, instructions, r.trips);
	quiet_abort(u);
	domu_poll(u);
	return 0;
}
