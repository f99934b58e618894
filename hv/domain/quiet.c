/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measured regions. Between QUIET_BEGIN and QUIET_END every other pCPU that has
 * work stands still in HLT, so that under QEMU's -icount the TSC counts this
 * guest and the hypervisor on its behalf and nothing else.
 *
 * What must always hold:
 * - at most one region holds others at a time (`owner`);
 * - a region that ends, is abandoned, or outlasts its limit lets them go; but if dom0 asked for the domain's whole life (life.c), and the
 *   domain has regions of its own, they stand between those as well, until it stops or that one limit is over;
 * - a guest holds others only if dom0 granted it that, and, unless dom0 set no limit, for a share of its own time;
 * - a region during which one of the others did not stand says so: its figures are nobody's. It may stand itself meanwhile, so that
 *   dom0 reads its trace (stand.c): its time stands still then;
 * - the hypercalls that bracket a region are not in its figures.
 */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"
#include "wait.h"

#define SHARE          4   /* a limited domain's regions hold others for a quarter of its time, */
#define SHARE_FIRST_MS 100 /* and this long before that begins to count; */
#define SHARE_LEAST_MS 1   /* what is less is not worth an interrupt */
#define SETTLE_PAUSES  16  /* the held pCPU's way from `held` to its HLT */

static struct domu *owner;

/* pCPUs that could use instructions: dom0's, and those that run another domain's vCPU. */
static bool disturbs(const struct pcpu *p, const struct domu *u)
{
	const struct vcpu *v = READ_ONCE(p->current);

	return p->id == 0 || (v && v->domain != &u->d);
}

static void ask(const void *pcpu)
{
	apic_send_nmi(pcpu);
}

static bool has_stopped(const void *pcpu)
{
	return READ_ONCE(((const struct pcpu *)pcpu)->held);
}

static bool has_gone_on(const void *pcpu)
{
	return !has_stopped(pcpu);
}

void domu_pcpu_lost(struct pcpu *p, const char *doing)
{
	const struct vcpu *v = READ_ONCE(p->current);

	WRITE_ONCE(p->lost, p->id != 0);
	if (v && v->owner)
		plat_domain_crash(v->domain, "its CPU (pCPU %u) does not answer: it was asked %s", p->id, doing);
	else
		plat_log(LOG_ERROR, "pCPU %u does not answer: it was asked %s", p->id, doing);
}

/* False: it does not stand. */
static bool hold(struct pcpu *p)
{
	if (READ_ONCE(p->lost))
		return false;
	WRITE_ONCE(p->hold, 1);
	if (wait_for(&(struct wait){ has_stopped, ask, p }))
		return true;
	domu_pcpu_lost(p, "to stand still for a measured region");
	return false;
}

static void settle(void)
{
	for (int i = 0; i < SETTLE_PAUSES; i++)
		cpu_relax();
}

/* pCPU 0 comes first: while dom0 stands, no domain goes away. False: one did not stand. */
static bool hold_others(const struct domu *u)
{
	for (unsigned i = 0; i < nr_pcpus; i++)
		if (disturbs(pcpus[i], u) && !hold(pcpus[i]))
			return false;
	settle();
	return true;
}

static void let_one_go(struct pcpu *p)
{
	if (!READ_ONCE(p->hold))
		return;
	WRITE_ONCE(p->hold, 0);
	if (!READ_ONCE(p->lost) && !wait_for(&(struct wait){ has_gone_on, ask, p }))
		domu_pcpu_lost(p, "to go on after a measured region");
}

static void let_go(void)
{
	for (unsigned i = 0; i < nr_pcpus; i++)
		let_one_go(pcpus[i]);
}

/* The counts so far, of all vCPUs; at the end they are subtracted from the counts then. */
static void snapshot(const struct domu *u, struct pn_region *r)
{
	r->trips = r->bytes_touched = 0;
	for (u32 k = 0; k < u->d.nr_vcpus; k++) {
		const struct vcpu *v = u->vcpu[k].v;

		r->trips += vcpu_trips(v);
		for (unsigned i = 0; i < TRIP_MAX; i++) {
			r->trip_count[i] += v->trip[i].count;
			r->trip_ticks[i] += v->trip[i].ticks;
			r->trip_bytes[i] += v->trip[i].bytes;
			r->bytes_touched += trip_is_figure(i) ? v->trip[i].bytes : 0;
		}
		r->trace_written += v->trace_written;
		r->trace_lost += v->trace_lost;
	}
	memcpy(r->counter, u->d.counter, sizeof(r->counter));
}

static void subtract(u64 *a, const u64 *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a[i] -= b[i];
}

/* `now` becomes what happened since `then`; what is a level and not a sum keeps its value. */
static void difference(struct pn_region *now, const struct pn_region *then)
{
	static const u8 levels[] = { PN_CNT_shadow_used, PN_CNT_shadow_peak,     PN_CNT_guest_tables, PN_CNT_guest_tables_peak,
				     PN_CNT_rmap_pages,  PN_CNT_rmap_pages_peak, PN_CNT_pool_pages };
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

/* One region at a time holds others: domains may ask at the same moment. */
static bool become_owner(struct domu *u)
{
	struct domu *nobody = NULL;

	return __atomic_compare_exchange_n(&owner, &nobody, u, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void end_hold(struct domu *u)
{
	let_go();
	u->holding = false;
	u->held += domu_now(u) - u->hold_begin;
	__atomic_store_n(&owner, NULL, __ATOMIC_SEQ_CST);
}

/* How long a region of this domain may hold others, ticks; 0: not at all. */
static u64 budget(const struct domu *u, u64 now)
{
	u64 all = u->region_most, share;

	if (u->regions == PN_REGIONS_ALL)
		return all;
	share = SHARE_FIRST_MS * tsc_khz + (u->ran + now - u->started) / SHARE;
	if (share < u->held + SHARE_LEAST_MS * tsc_khz)
		return 0;
	return share - u->held < all ? share - u->held : all;
}

/* Make the others stand still, if this domain may. */
static enum pn_disturbed begin_hold(struct domu *u)
{
	u64 now = domu_now(u), ticks = budget(u, now);

	if (u->holding)
		return PN_QUIET;
	if (u->regions == PN_REGIONS_NONE)
		return PN_DISTURBED_NOT_GRANTED;
	if (!ticks)
		return PN_DISTURBED_SHARE;
	if (!become_owner(u))
		return PN_DISTURBED_OTHER;
	u->hold_begin = now;
	if (!hold_others(u)) {
		end_hold(u);
		return PN_DISTURBED_LOST;
	}
	u->holding = true;
	u->region_limit = domu_now(u) + ticks;
	return PN_QUIET;
}

u32 quiet_begin(struct domu_vcpu *c, const u32 name[4])
{
	struct domu *u = c->u;

	if (u->in_region && !life_gives_way(u))
		return PN_HC_EBUSY;
	memset(&u->now, 0, sizeof(u->now));
	memcpy(u->now.phase, name, PN_PHASE_NAME);
	u->in_region = true;
	if (!u->holding)
		u->region_limit = ~0ull;
	turns_restart(&c->turn);
	u->now.disturbed = begin_hold(u);
	/* A timer that was due meanwhile is not to interrupt the region's first instruction. */
	pcpu_take_interrupts();
	domu_interrupted(c);
	TRACE(c->v, region_begin, (u64)name[1] << 32 | name[0], (u64)name[3] << 32 | name[2]);
	/* The hypercall's own trip is counted when its handler is done: the request has the counts looked at after that. */
	u->region_begins = c;
	c->v->request = 1;
	return 0;
}

void quiet_begun(struct domu *u)
{
	u->region_begins = NULL;
	snapshot(u, &u->now);
	u->now.tsc_begin = domu_now(u);
}

static void leave(struct domu *u)
{
	if (u->holding && !u->stays)
		end_hold(u);
	u->in_region = false;
	u->region_begins = NULL;
}

void quiet_abort(struct domu *u)
{
	u->stays = false;
	leave(u);
}

void quiet_lend_dom0(struct domu *u)
{
	if (u->holding)
		let_one_go(pcpus[0]);
}

void quiet_take_dom0(struct domu *u)
{
	if (!u->holding)
		return;
	if (hold(pcpus[0])) {
		settle();
		return;
	}
	end_hold(u);
	u->now.disturbed = PN_DISTURBED_LOST;
}

void quiet_stays(struct domu *u)
{
	if (!u->holding) {
		u->region_limit = ~0ull;
		begin_hold(u);
	}
	u->stays = u->holding;
	leave(u);
}

u32 quiet_end(struct domu_vcpu *c, u32 ops, u64 instructions)
{
	struct domu *u = c->u;
	struct pn_region r = { .tsc_end = domu_now(u) };

	if (!u->in_region)
		return PN_HC_EINVAL;
	snapshot(u, &r);
	difference(&r, &u->now);
	memcpy(r.phase, u->now.phase, PN_PHASE_NAME);
	r.tsc_begin = u->now.tsc_begin;
	r.ops = ops;
	r.instructions = instructions ? instructions : r.tsc_end - r.tsc_begin;
	r.guest_levels = c->v->guest_levels;
	r.shadow_levels = c->v->shadow_levels;
	r.disturbed = u->now.disturbed;
	if (u->nr_regions < PN_MAX_REGIONS)
		u->region[u->nr_regions] = r;
	u->nr_regions++;
	TRACE(c->v, region_end, ops, instructions, r.trips);
	leave(u);
	domu_poll(c);
	return 0;
}
